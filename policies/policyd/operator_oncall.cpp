#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/store/oncall.h"
#include "policies/vault/vault.h"

#include <algorithm>

/// The on-call rota (astreinte): whom a vendor telephones in an emergency. CLAUSIER:O-12.2.5.3.
namespace ecluse::policyd {
namespace {

/// Nobody answers the telephone for longer without anybody looking at the rota again.
constexpr std::int64_t turn_max_s = 31LL * 86400;
constexpr std::size_t phone_digits_min = 3;
constexpr std::size_t phone_bytes_max = 32;

bool is_phone(std::string const& text)
{
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    auto const digits = std::count_if(text.begin(), text.end(), is_digit);
    return static_cast<std::size_t>(digits) >= phone_digits_min &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return is_digit(c) || std::string_view{" +.()-/"}.find(c) != std::string_view::npos;
           });
}

Result<json::object> described(Context& context, store::OnCall const& turn)
{
    auto const phone =
        ECLUSE_TRY(context.vault.open_box(box::oncall_phone(turn.id), turn.phone_sealed));
    return json::object{
        {"oncall", turn.id},
        {"login", turn.login},
        {"name", turn.name},
        {"from", to_iso(UtcTime{std::chrono::seconds{turn.from_at}})},
        {"until", to_iso(UtcTime{std::chrono::seconds{turn.until_at}})},
        {"phone", phone.reveal()}};
}

Reply add(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("person", id_bytes_max);
    auto const from_text = fields.text("from", id_bytes_max);
    auto const until_text = fields.text("until", id_bytes_max);
    auto const phone = fields.text("phone", phone_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const from = parse_iso(from_text);
    auto const until = parse_iso(until_text);
    if (!from) return bad_value("from", from_text);
    if (!until) return bad_value("until", until_text);
    if (!is_phone(phone)) return bad_value("phone", phone);
    auto const now = seconds_now(context);
    store::OnCall turn{
        .id = random_id('N'),
        .added_by = caller.person,
        .from_at = from->time_since_epoch().count(),
        .until_at = until->time_since_epoch().count(),
        .added_at = now};
    if (turn.until_at <= turn.from_at || turn.until_at <= now ||
        turn.until_at - turn.from_at > turn_max_s)
        return bad_value("until", until_text);
    auto const person = ECLUSE_TRY(find_person(context, name));
    if (!person) return unknown(TextKey::operator_unknown_person, name);
    bool const decides =
        std::find(person->roles.begin(), person->roles.end(), "dsi") != person->roles.end();
    if (!decides)
        return Fault{
            "E-AST-01",
            TextKey::operator_oncall_role_text,
            {{"name", person->login}},
            TextKey::operator_oncall_role_remedy};
    if (person->state != "active") return wrong_state(person->state);
    if (ECLUSE_TRY(store::has_oncall(context.database, person->id, turn.from_at, turn.until_at)))
        return already(person->login);
    turn.person = person->id;
    turn.phone_sealed = context.vault.seal(box::oncall_phone(turn.id), phone);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "oncall.added",
         .object = turn.id,
         .details = {{"person", turn.person}, {"from", from_text}, {"until", until_text}}},
        [&] { return store::insert_oncall(context.database, turn); }
    ));
    return json::object{{"oncall", turn.id}, {"login", person->login}};
}

Reply list(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("oncall.list: fields");
    auto const now = seconds_now(context);
    auto const answering = ECLUSE_TRY(store::oncall_at(context.database, now));
    json::array rows;
    for (auto const& turn : ECLUSE_TRY(store::oncall_from(context.database, now))) {
        auto row = ECLUSE_TRY(described(context, turn));
        row["now"] = std::any_of(answering.begin(), answering.end(), [&](auto const& one) {
            return one.id == turn.id;
        });
        rows.push_back(std::move(row));
    }
    return document({{"rows", std::move(rows)}, {"more", false}});
}

/// Whom to telephone now; the hospital's own number when nobody is on call.
Reply now_on_call(Context& context, Caller const&, Request& request, Answer const&)
{
    if (!request.fields.empty()) return Reply::violation("oncall.now: fields");
    json::array people;
    for (auto const& turn : ECLUSE_TRY(store::oncall_at(context.database, seconds_now(context)))) {
        auto const row = ECLUSE_TRY(described(context, turn));
        people.push_back(
            {{"name", turn.name}, {"phone", row.at("phone")}, {"until", row.at("until")}}
        );
    }
    return json::object{{"on_call", std::move(people)}, {"phone", context.config.site.phone}};
}

Reply remove(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("oncall", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const turn = ECLUSE_TRY(store::find_oncall(context.database, id));
    if (!turn) return unknown(TextKey::operator_unknown_oncall, id);
    auto const now = seconds_now(context);
    // What is over stays: it says who answered.
    if (turn->until_at <= now) return wrong_state("closed");
    bool const removed = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "oncall.removed", .object = id, .details = {{"person", turn->person}}},
        [&] { return store::remove_oncall(context.database, id, caller.person, now); }
    ));
    if (!removed) return already(id);
    return json::object{{"oncall", id}, {"login", turn->login}};
}

} // namespace

void add_oncall_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "oncall.add", {{"dsi"}}, &add);
    add_request(table, context, "oncall.list", {{"dsi", "rssi", "auditor"}}, &list);
    add_request(table, context, "oncall.now", {.access = Access::logged_in}, &now_on_call);
    add_request(table, context, "oncall.remove", {{"dsi"}}, &remove);
}

} // namespace ecluse::policyd
