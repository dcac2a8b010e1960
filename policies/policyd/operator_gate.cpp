#include "policies/policyd/operator_gate.h"

#include "common/json.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/refusal.h"
#include "policies/policyd/api_token.h"
#include "policies/policyd/audits.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/connection.h"
#include "policies/policyd/context.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/refusals.h"
#include "policies/store/emergency_reviews.h"
#include "policies/store/persons.h"
#include "policies/store/reviews.h"
#include "policies/store/windows.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

Fault wrong_role(RequestRow const& row)
{
    std::string roles;
    for (auto const& role : row.roles)
        roles += (roles.empty() ? "" : ", ") + role;
    return {"E-DRT-01", TextKey::error_role_text, {{"roles", roles}}, TextKey::error_role_remedy};
}

/// CLAUSIER:O-5.1, CHM:5.5. The same words as on SSH.
Fault old_password(Context& context)
{
    auto const& site = context.config.site;
    return {
        std::string{code(Refusal::password_too_old)},
        reason(Refusal::password_too_old),
        {{"url", site.portal}, {"phone", site.phone}},
        action(Refusal::password_too_old)};
}

/// HDS:EXI-18. Nothing of the hospital's own and nothing of others, unless its handler knows how to
/// leave that out.
Fault beyond_scope()
{
    return {"E-DRT-02", TextKey::error_scope_text, {}, TextKey::error_scope_remedy};
}

/// An auditor's limits, unless another of the caller's roles opens this request without any.
Result<std::optional<store::Scope>>
scope_of(Context& context, RequestRow const& row, Caller const& caller)
{
    bool const by_another = std::any_of(row.roles.begin(), row.roles.end(), [&](auto const& role) {
        return role != "auditor" && caller.has_role(role);
    });
    if (row.access != Access::roles || by_another || !caller.has_role("auditor"))
        return std::optional<store::Scope>{};
    return store::auditor_scope(context.database, caller.person);
}

bool may_ask(RequestRow const& row, Caller const& caller)
{
    if (row.access != Access::roles) return true;
    return std::any_of(row.roles.begin(), row.roles.end(), [&](std::string const& role) {
        return caller.has_role(role);
    });
}

void sign(
    Context& context, RequestRow const& row, Caller caller, Request request, Answer const& answer
)
{
    auto password = take_secret(request.fields, "password");
    auto code = take_secret(request.fields, "code");
    // Shared, because a std::function must be copyable; a Request is not.
    auto const held = std::make_shared<Request>(std::move(request));
    // The table outlives every connection, so `row` does too.
    context.authentication.sign_again(
        context,
        std::move(password),
        std::move(code),
        caller,
        [&row, caller, held, answer](Verdict verdict) mutable {
            if (!verdict.accepted) return answer.complete(wrong_factors(verdict));
            caller.factors = verdict.accepted->factors;
            Connection::run_row(row, caller, std::move(*held), answer);
        }
    );
}

std::optional<Fault>
refusal(Context& context, RequestRow const& row, Request const& request, Caller const& caller)
{
    if (!may_ask(row, caller)) return wrong_role(row);
    if (caller.scope && !row.limited_auditor) return beyond_scope();
    if (auto fault = api_token::not_for_token(row, request.name, caller)) return fault;
    if (caller.password_too_old && !row.with_old_password) return old_password(context);
    return std::nullopt;
}

} // namespace

Secret take_secret(json::object& fields, std::string_view name)
{
    auto* const value = fields.if_contains(name);
    if (!value || !value->is_string()) return {};
    auto secret = Secret::copy_of(value->get_string());
    std::fill(value->get_string().begin(), value->get_string().end(), '\0');
    fields.erase(name);
    return secret;
}

Fault not_logged_in()
{
    return {"E-AUT-02", TextKey::error_no_token_text, {}, TextKey::error_no_token_remedy};
}

Fault wrong_factors(Verdict const& verdict)
{
    return {
        "E-AUT-01",
        TextKey::error_login_text,
        {{"wait", std::to_string(verdict.wait.count())}},
        TextKey::error_login_remedy};
}

void pass_gate(
    Context& context, RequestRow const& row, Caller caller, Request request, Answer const& answer
)
{
    auto scope = scope_of(context, row, caller);
    if (!scope) return answer.complete(scope.error());
    caller.scope = *std::move(scope);
    if (auto refused = refusal(context, row, request, caller)) {
        auto const noted = record_refusal(
            context,
            {.code = refused->code,
             .door = caller.door,
             .address = caller.address,
             .login = caller.login,
             .person = caller.person,
             .detail = request.name + (caller.api_token.empty() ? "" : " " + caller.api_token)}
        );
        if (!noted) return answer.complete(noted.error());
        refused->reference = *noted;
        return answer.complete(std::move(*refused));
    }
    if (row.signs) return sign(context, row, std::move(caller), std::move(request), answer);
    Connection::run_row(row, caller, std::move(request), answer);
}

namespace {

/// Whoever confirms accounts is told of it at each login, and then whoever validates.
Result<> add_review_notices(
    Context& context, store::Person const& who, Language language, json::array& notices
)
{
    auto const has = [&](std::string_view role) {
        return std::find(who.roles.begin(), who.roles.end(), role) != who.roles.end();
    };
    for (auto const& review : ECLUSE_TRY(store::running_reviews(context.database))) {
        bool const confirms =
            review.vendor ? has("vendor_manager") && who.vendor == review.vendor : has("rssi");
        bool const validates = review.vendor ? has("dsi") : has("rssi");
        if (confirms && review.missing > 0)
            notices.emplace_back(text(
                language,
                TextKey::review_notice,
                {{"review", review.id},
                 {"count", std::to_string(review.missing)},
                 {"due", format_moment(UtcTime{std::chrono::seconds{review.due_at}}, language)}}
            ));
        if (validates && review.missing == 0)
            notices.emplace_back(
                text(language, TextKey::review_notice_validate, {{"review", review.id}})
            );
    }
    return {};
}

} // namespace

Result<json::array> notices_for(Context& context, std::string_view person, Language language)
{
    auto const now = context.clock.decision_now();
    json::array notices;
    auto const renew_by = ECLUSE_TRY(password_renew_by(context, std::string{person}));
    if (auto const warning = password_warning(renew_by, now, language); !warning.empty())
        notices.emplace_back(warning);
    auto const who = ECLUSE_TRY(
        store::find_person(context.database, std::string{person}, now.time_since_epoch().count())
    );
    bool const is_rssi =
        who && std::find(who->roles.begin(), who->roles.end(), "rssi") != who->roles.end();
    auto const escorted = ECLUSE_TRY(
        store::next_escorted(context.database, std::string{person}, now.time_since_epoch().count())
    );
    if (escorted)
        notices.emplace_back(text(
            language,
            TextKey::escort_notice,
            {{"window", escorted->window},
             {"start", format_moment(UtcTime{std::chrono::seconds{escorted->opens_at}}, language)}}
        ));
    if (who) ECLUSE_TRY(add_review_notices(context, *who, language, notices));
    if (is_rssi) {
        std::string windows;
        for (auto const& id : ECLUSE_TRY(store::open_emergencies(context.database)))
            windows += (windows.empty() ? "" : ", ") + id;
        if (!windows.empty())
            notices.emplace_back(text(language, TextKey::emergency_notice, {{"windows", windows}}));
        if (auto const audits = ECLUSE_TRY(audit_due(context)); audits.is_due)
            notices.emplace_back(text(
                language, TextKey::audit_notice, {{"at", format_moment(*audits.next, language)}}
            ));
    }
    return notices;
}

} // namespace ecluse::policyd
