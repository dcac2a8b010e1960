#include "policies/policyd/operator_act.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/operator_invitation.h"

namespace ecluse::policyd {

Result<>
record_act(Context& context, Caller const& caller, Act act, std::function<Result<>()> const& work)
{
    json::object event{
        {"actor", caller.person.empty() ? "uid:" + std::to_string(caller.uid) : caller.person},
        {"actor_name", caller.name},
        {"source", caller.address},
        {"object", act.object},
        {"outcome", "ok"}};
    if (!caller.factors.empty()) event["factors"] = caller.factors;
    name_token(event, caller);
    for (auto& detail : act.details)
        event[detail.key()] = std::move(detail.value());
    ECLUSE_TRY(context.journal.record(context.clock.utc_now(), act.type, event, work));
    return {};
}

Result<bool> record_act_once(
    Context& context, Caller const& caller, Act act, std::function<Result<bool>()> const& work
)
{
    bool done = true;
    auto const written = record_act(context, caller, std::move(act), [&]() -> Result<> {
        done = ECLUSE_TRY(work());
        if (!done) return Error{Errc::refused, "nothing left to do"};
        return {};
    });
    if (!written && done) return written.error();
    return done;
}

Caller system_caller()
{
    Caller caller;
    caller.person = "system";
    return caller;
}

void name_token(json::object& event, Caller const& caller)
{
    if (!caller.api_token.empty()) event["token"] = caller.api_token;
}

Result<> record_view(Context& context, Caller const& caller, std::string type, std::string object)
{
    return record_act(context, caller, {.type = std::move(type), .object = std::move(object)});
}

std::int64_t seconds_now(Context& context)
{
    return context.clock.decision_now().time_since_epoch().count();
}

Fault to_reply(ecluse::Fault fault)
{
    return {std::string{code(fault)}, reason(fault), {}, action(fault)};
}

Fault unknown(TextKey sentence, std::string_view name)
{
    return {
        "E-INC-01", sentence, {{"name", printable(name, 64)}}, TextKey::operator_unknown_remedy};
}

Fault bad_value(std::string_view field, std::string_view why)
{
    return {
        "E-SAI-01",
        TextKey::operator_value_text,
        {{"field", std::string{field}}, {"why", printable(why)}},
        TextKey::operator_value_remedy};
}

Fault wrong_state(std::string_view state)
{
    return {
        "E-ETA-01",
        TextKey::operator_state_text,
        {{"state", std::string{state}}},
        TextKey::operator_state_remedy};
}

Fault own_act()
{
    return {"E-QUA-01", TextKey::operator_own_text, {}, TextKey::operator_own_remedy};
}

Fault not_yours()
{
    return {"E-PER-01", TextKey::operator_scope_text, {}, TextKey::operator_scope_remedy};
}

Fault already(std::string_view name)
{
    return {
        "E-DEJ-01",
        TextKey::operator_exists_text,
        {{"name", printable(name, 64)}},
        TextKey::operator_exists_remedy};
}

Reply page_reply(Result<json::object> page)
{
    if (!page && page.error().code == Errc::malformed) return bad_value("after", page.error().what);
    return document(ECLUSE_TRY(std::move(page)));
}

Result<std::optional<std::string>> vendor_of(Context& context, Caller const& caller)
{
    auto const person = ECLUSE_TRY(find_person(context, caller.person));
    // A caller who vanished between two turns belongs to nobody's company, and to no hospital.
    if (!person) return std::optional{std::string{"-"}};
    return person->vendor;
}

Result<std::optional<store::Person>> find_person(Context& context, std::string const& id_or_login)
{
    return store::find_person(context.database, id_or_login, seconds_now(context));
}

void add_request(
    RequestTable& table, Context& context, std::string name, Allowed allowed, Handle handle
)
{
    table.add(
        std::move(name),
        {.handler = [&context, handle](
                        Caller const& caller, Request& request, Answer const& answer
                    ) { return handle(context, caller, request, answer); },
         .access = allowed.access,
         .roles = std::move(allowed.roles),
         .signs = allowed.signs,
         .with_old_password = allowed.with_old_password,
         .limited_auditor = allowed.limited_auditor}
    );
}

} // namespace ecluse::policyd
