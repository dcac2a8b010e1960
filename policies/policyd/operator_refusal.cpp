#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "common/time.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/role.h"
#include "policies/policyd/throttle_book.h"
#include "policies/store/paging.h"

namespace ecluse::policyd {
namespace {

json::object described(Row const& row)
{
    json::object shown{
        {"reference", row.text("reference")},
        {"at", to_iso(UtcMillis{std::chrono::milliseconds{row.number("at_ms")}})},
        {"code", row.text("code")},
        {"door", row.text("door")},
        {"address", row.text("address")}};
    for (auto const* const name : {"login", "person_name", "asset", "access_window", "detail"})
        if (auto const value = row.optional_text(name)) shown[name] = *value;
    return shown;
}

constexpr char const* select_refusals =
    "SELECT r.*, p.first_name || ' ' || p.last_name AS person_name, r.at_ms AS page_key, "
    "r.reference AS page_id FROM refusal r LEFT JOIN person p ON p.id = r.person ";

/// Refusals say whom they met and on what, as far as it was known then: what is of nobody in
/// particular is outside every limit.
void limit(store::Paged& list, std::optional<store::Scope> const& scope)
{
    if (!scope) return;
    if (auto const vendors = store::vendors_in(scope);
        !std::holds_alternative<std::monostate>(vendors))
        list.where(
            "COALESCE((SELECT vendor FROM access_window WHERE id = r.access_window), p.vendor) IN "
            "(SELECT value FROM json_each(?))",
            vendors
        );
    if (auto const assets = store::assets_in(scope);
        !std::holds_alternative<std::monostate>(assets))
        list.where(
            "EXISTS (SELECT 1 FROM asset a WHERE (a.id = r.asset OR a.name = r.asset) AND a.id IN "
            "(SELECT value FROM json_each(?)))",
            assets
        );
}

Reply list(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const address = fields.optional_text("address", 64);
    auto const login = fields.optional_text("login", 128);
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    store::Paged list{select_refusals, {"r.at_ms", "r.reference"}};
    list.where_if(address, "r.address = ?").where_if(login, "r.login = ?");
    limit(list, caller.scope);
    return rows_reply(list.rows(context.database, after), &described);
}

Reply show(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const reference = fields.text("reference", 32);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    store::Paged one{select_refusals, {"r.at_ms", "r.reference"}};
    one.where("r.reference = ?", reference);
    limit(one, caller.scope);
    auto const found = ECLUSE_TRY(one.rows(context.database, std::nullopt));
    if (found.rows.empty())
        return Fault{
            "E-REF-01",
            TextKey::error_refusal_unknown_text,
            {},
            TextKey::error_refusal_unknown_remedy};
    return described(found.rows.front());
}

/// Somebody known who mistyped is on the telephone: the next try need not wait. Everything that is
/// asked of them stays asked.
Reply clear_throttle(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const login = fields.text("login", name_bytes_max);
    auto const address = fields.text("address", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (login.empty()) return bad_value("login", "vide");
    if (why.empty()) return bad_value("reason", "vide");
    auto const now = context.clock.decision_now();
    auto const wait = ECLUSE_TRY(throttle_book::wait(context.database, login, address, now));
    if (wait.count() == 0) return wrong_state("0 s");
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "auth.delay_cleared",
         .object = printable(login, id_bytes_max),
         .details = {{"address", address}, {"wait_s", wait.count()}, {"reason", why}}},
        [&]() -> Result<> { return throttle_book::cleared(context.database, login, address); }
    ));
    return json::object{{"login", login}, {"address", address}, {"wait_s", wait.count()}};
}

} // namespace

void add_refusal_requests(RequestTable& table, Context& context)
{
    auto const add = [&](char const* name, auto handler) {
        table.add(
            name,
            {.handler = [&context, handler](Caller const& caller, Request& request, Answer const&)
                 -> Reply { return handler(context, caller, request); },
             .roles = {"dsi", "rssi", "auditor"},
             .limited_auditor = true}
        );
    };
    add("refusal.list", &list);
    add("refusal.show", &show);
    add_request(table, context, "throttle.clear", {{"dsi"}}, &clear_throttle);
}

} // namespace ecluse::policyd
