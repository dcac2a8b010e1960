#include "policies/policyd/api_token.h"

#include "admin-web/routes/routes.h"
#include "common/address.h"
#include "common/bytes.h"
#include "common/text_keys.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/throttle_book.h"
#include "policies/store/api_tokens.h"
#include "policies/store/persons.h"

#include <algorithm>

namespace ecluse::policyd::api_token {
namespace {

constexpr std::size_t secret_bytes = 32;
/// Each use would otherwise be a synced write.
constexpr std::int64_t note_every_s = 30;

/// A token may ask to see, and no more, outside what its role permits: what every person may do is
/// that person's own affair (factors, charter, logins). A page that listens is no automation.
bool only_reads(std::string_view request)
{
    auto const routes = all_routes();
    auto const found = std::find_if(routes.begin(), routes.end(), [&](RouteRow const& route) {
        return route.request == request;
    });
    return found != routes.end() && found->method == "GET" && found->answer != "websocket";
}

/// What is known of a token when it is shown.
struct Known {
    store::ApiToken token;
    std::optional<store::Person> owner;
};

Result<std::optional<Known>> find(Context& context, std::string_view secret, std::int64_t now)
{
    auto const token =
        ECLUSE_TRY(store::find_api_token_by_digest(context.database, to_hex(sha256(secret))));
    if (!token) return std::optional<Known>{};
    return std::optional{
        Known{*token, ECLUSE_TRY(store::find_person(context.database, token->owner, now))}};
}

bool is_from(store::ApiToken const& token, std::string const& address)
{
    auto const from = SourceAddress::parse(address);
    return from && std::any_of(token.sources.begin(), token.sources.end(), [&](auto const& text) {
               auto const range = AddressRange::parse(text);
               return range && range->contains(*from);
           });
}

bool is_held(Known const& known)
{
    auto const& owner = known.owner;
    return owner && owner->state == "active" &&
           std::find(owner->roles.begin(), owner->roles.end(), known.token.role) !=
               owner->roles.end();
}

std::optional<Fault>
refusal(std::optional<Known> const& known, std::string const& address, std::int64_t now)
{
    auto const remedy = TextKey::error_api_token_remedy;
    if (!known) return Fault{"E-JET-01", TextKey::error_api_token_unknown_text, {}, remedy};
    // First: whoever stole it and is elsewhere learns nothing more.
    if (!is_from(known->token, address))
        return Fault{
            "E-JET-02", TextKey::error_api_token_address_text, {{"address", address}}, remedy};
    if (known->token.revoked_at)
        return Fault{"E-JET-03", TextKey::error_api_token_revoked_text, {}, remedy};
    if (now >= known->token.expires_at)
        return Fault{"E-JET-04", TextKey::error_api_token_expired_text, {}, remedy};
    if (!is_held(*known))
        return Fault{
            "E-JET-05", TextKey::error_api_token_role_text, {{"role", known->token.role}}, remedy};
    return std::nullopt;
}

Fault throttled(Context& context, Presented const& presented, std::chrono::seconds wait)
{
    Attempt attempt;
    attempt.address = presented.address;
    attempt.door = presented.door;
    context.authentication.note_throttled(context, attempt);
    return {
        "E-JET-06",
        TextKey::error_api_token_wait_text,
        {{"wait", std::to_string(wait.count())}},
        TextKey::error_api_token_wait_remedy};
}

Result<Fault> recorded(
    Context& context, Presented const& presented, std::optional<Known> const& known, Fault fault
)
{
    RefusalRecord record{
        .code = fault.code,
        .door = presented.door,
        .address = presented.address,
        .detail = std::string{presented.request} + " " + (known ? known->token.id : "-")};
    if (known && known->owner) {
        record.login = known->owner->login;
        record.person = known->owner->id;
    }
    fault.reference = ECLUSE_TRY(record_refusal(context, record));
    ECLUSE_TRY(
        throttle_book::failed(context.database, "", presented.address, context.clock.decision_now())
    );
    return fault;
}

} // namespace

Drawn draw()
{
    auto secret = std::string{prefix} + to_hex(random_bytes(secret_bytes));
    auto digest = to_hex(sha256(secret));
    return {std::move(secret), std::move(digest)};
}

Result<std::variant<Caller, Fault>> judge(Context& context, Presented const& presented)
{
    using Judged = std::variant<Caller, Fault>;
    auto const at = context.clock.decision_now();
    auto const now = at.time_since_epoch().count();
    auto const wait = ECLUSE_TRY(throttle_book::wait(context.database, "", presented.address, at));
    if (wait.count() > 0) return Judged{throttled(context, presented, wait)};
    auto const known = ECLUSE_TRY(find(context, presented.secret, now));
    if (auto fault = refusal(known, presented.address, now))
        return Judged{ECLUSE_TRY(recorded(context, presented, known, std::move(*fault)))};
    auto const& token = known->token;
    if (now - token.used_at.value_or(0) >= note_every_s)
        ECLUSE_TRY(store::note_api_token_use(context.database, token.id, now, presented.address));
    Caller caller;
    caller.person = known->owner->id;
    caller.login = known->owner->login;
    caller.name = known->owner->first_name + " " + known->owner->last_name;
    caller.roles = {token.role};
    caller.address = presented.address;
    caller.door = presented.door;
    caller.token_sha256 = token.token_sha256;
    caller.api_token = token.id;
    caller.read_only = token.read_only;
    return Judged{std::move(caller)};
}

std::optional<Fault>
not_for_token(RequestRow const& row, std::string_view request, Caller const& caller)
{
    if (caller.api_token.empty()) return std::nullopt;
    bool const reads = only_reads(request);
    if (row.signs || (row.access != Access::roles && !reads))
        return Fault{
            "E-JET-07",
            TextKey::error_api_token_person_text,
            {},
            TextKey::error_api_token_person_remedy};
    if (caller.read_only && !reads)
        return Fault{
            "E-JET-08",
            TextKey::error_api_token_reads_text,
            {},
            TextKey::error_api_token_reads_remedy};
    return std::nullopt;
}

} // namespace ecluse::policyd::api_token
