#include "common/json.h"
#include "common/text_keys.h"
#include "common/time.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/role.h"
#include "policies/store/database.h"

namespace ecluse::policyd {
namespace {

constexpr std::int64_t list_max = 200;

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
    "SELECT r.*, p.first_name || ' ' || p.last_name AS person_name FROM refusal r "
    "LEFT JOIN person p ON p.id = r.person ";

Reply list(Context& context, Request& request)
{
    Fields fields{request.fields};
    auto const address = fields.optional_text("address", 64).value_or("");
    auto const login = fields.optional_text("login", 128).value_or("");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    json::array rows;
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             std::string{select_refusals} +
                 "WHERE ($1 = '' OR r.address = $1) AND "
                 "($2 = '' OR r.login = $2) ORDER BY r.at_ms DESC LIMIT $3",
             {address, login, list_max}
         )))
        rows.push_back(described(row));
    return rows_reply(std::move(rows));
}

Reply show(Context& context, Request& request)
{
    Fields fields{request.fields};
    auto const reference = fields.text("reference", 32);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const row = ECLUSE_TRY(
        context.database.row(std::string{select_refusals} + "WHERE r.reference = $1", {reference})
    );
    if (!row)
        return Fault{
            "E-REF-01",
            TextKey::error_refusal_unknown_text,
            {},
            TextKey::error_refusal_unknown_remedy};
    return described(*row);
}

} // namespace

void add_refusal_requests(RequestTable& table, Context& context)
{
    auto const add = [&](char const* name, auto handler) {
        table.add(
            name,
            {.handler = [&context, handler](Caller const&, Request& request, Answer const&)
                 -> Reply { return handler(context, request); },
             .roles = {"dsi", "rssi", "auditor"}}
        );
    };
    add("refusal.list", &list);
    add("refusal.show", &show);
}

} // namespace ecluse::policyd
