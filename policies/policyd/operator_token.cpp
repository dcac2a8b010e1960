#include "common/address.h"
#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/api_token.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/store/api_tokens.h"
#include "policies/store/paging.h"

/// Tokens of automation, made and taken back by people (docs/decisions/0023).
namespace ecluse::policyd {
namespace {

constexpr std::size_t sources_max = 16;
constexpr std::size_t range_bytes_max = 64;
/// Somebody looks at each token once a year, as at everything that opens a door.
constexpr std::int64_t life_max_s = 366LL * 86400;

bool is_blank(std::string const& text)
{
    return text.find_first_not_of(" \t\n") == std::string::npos;
}

/// Why these are no addresses to declare; fills the token's otherwise.
std::optional<Fault> take_sources(std::vector<std::string> const& typed, store::ApiToken& token)
{
    if (typed.empty()) return bad_value("address", "vide");
    for (auto const& text : typed) {
        auto const range = AddressRange::parse(text);
        if (!range) return bad_value("address", range.error().what);
        // A console's address is the hospital's own: private ones are the rule.
        if (auto const fault = validate_declaration(*range, SourceKind::vpn))
            return to_reply(to_fault(*fault));
        token.sources.push_back(range->to_string());
    }
    return std::nullopt;
}

Reply create(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::ApiToken token;
    token.name = fields.text("name", name_bytes_max);
    token.role = fields.text("role", id_bytes_max);
    auto const sources = fields.texts("address", sources_max, range_bytes_max);
    auto const until = fields.text("until", id_bytes_max);
    token.read_only = fields.flag("read_only", false);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (is_blank(token.name)) return bad_value("name", "vide");
    // Nobody lends a right that is not one's own.
    if (!caller.has_role(token.role))
        return Fault{
            "E-JET-09",
            TextKey::operator_token_role_text,
            {{"role", printable(token.role, 32)}},
            TextKey::operator_token_role_remedy};
    if (auto fault = take_sources(sources, token)) return *std::move(fault);
    auto const now = seconds_now(context);
    auto const at = parse_iso(until);
    if (!at) return bad_value("until", until);
    token.expires_at = at->time_since_epoch().count();
    if (token.expires_at <= now || token.expires_at - now > life_max_s)
        return bad_value("until", until);
    auto const drawn = api_token::draw();
    token.id = random_id('J');
    token.token_sha256 = drawn.sha256;
    token.owner = caller.person;
    token.created_at = now;
    json::array const ranges(token.sources.begin(), token.sources.end());
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "api_token.created",
         .object = token.id,
         .details =
             {{"name", token.name},
              {"role", token.role},
              {"sources", ranges},
              {"until", until},
              {"read_only", token.read_only}}},
        [&] { return store::insert_api_token(context.database, token); }
    ));
    return json::object{
        {"api_token", token.id},
        {"secret", drawn.secret},
        {"role", token.role},
        {"sources", ranges},
        {"expires_at", to_iso(*at)}};
}

Reply list(Context& context, Caller const&, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return page_reply(store::list_api_tokens(context.database, seconds_now(context), after));
}

/// Anybody who may make one may take any of them back: it only closes.
Reply revoke(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("api_token", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (is_blank(why)) return bad_value("reason", "vide");
    auto const token = ECLUSE_TRY(store::find_api_token(context.database, id));
    if (!token) return unknown(TextKey::operator_unknown_api_token, id);
    if (token->revoked_at) return wrong_state("revoked");
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "api_token.revoked",
         .object = id,
         .details = {{"name", token->name}, {"owner", token->owner}, {"reason", why}}},
        [&]() -> Result<> {
            if (!ECLUSE_TRY(store::revoke_api_token(
                    context.database, id, {caller.person, why, seconds_now(context)}
                )))
                return Error{Errc::refused, "api_token: revoked meanwhile"};
            return {};
        }
    ));
    return json::object{{"api_token", id}, {"name", token->name}};
}

} // namespace

void add_token_requests(RequestTable& table, Context& context)
{
    // Who administers people: docs/decisions/0023.
    std::vector<std::string> const makers{"dsi", "rssi", "platform_admin"};
    add_request(table, context, "token.create", {.roles = makers, .signs = true}, &create);
    add_request(
        table, context, "token.list", {{"dsi", "rssi", "platform_admin", "auditor"}}, &list
    );
    add_request(table, context, "token.revoke", {makers}, &revoke);
}

} // namespace ecluse::policyd
