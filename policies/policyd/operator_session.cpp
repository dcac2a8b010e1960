#include "policies/policyd/operator_session.h"

#include "common/bytes.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/operator_gate.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/web_doors.h"
#include "policies/store/database.h"

namespace ecluse::policyd::operator_session {
namespace {

constexpr std::size_t token_bytes = 32;
/// Each use would otherwise be a synced write.
constexpr std::int64_t touch_every_s = 30;

std::int64_t seconds_now(Context& context)
{
    return context.clock.decision_now().time_since_epoch().count();
}

template <class Duration> std::int64_t in_seconds(Duration duration)
{
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

Result<std::vector<std::string>> roles_of(Context& context, std::string const& person)
{
    auto const rows = ECLUSE_TRY(context.database.rows(
        "SELECT role FROM person_role WHERE person = $1 AND (valid_to IS NULL OR valid_to > $2)",
        {person, seconds_now(context)}
    ));
    std::vector<std::string> roles;
    for (auto const& row : rows)
        roles.push_back(row.text("role"));
    return roles;
}

Result<Caller> caller_of(Context& context, Row const& row)
{
    auto const now = seconds_now(context);
    Caller caller;
    caller.person = row.text("id");
    caller.login = row.text("login");
    caller.name = row.text("first_name") + " " + row.text("last_name");
    caller.roles = ECLUSE_TRY(roles_of(context, caller.person));
    caller.language = parse_language(row.text("language")).value_or(Language::french);
    auto const renew_by = ECLUSE_TRY(password_renew_by(context, caller.person));
    caller.password_too_old = renew_by && now >= renew_by->time_since_epoch().count();
    caller.token_sha256 = row.text("token_sha256");
    return caller;
}

Result<> touch(Context& context, Row const& row)
{
    auto const now = seconds_now(context);
    if (now - row.number("last_used_at") < touch_every_s) return {};
    ECLUSE_TRY(context.database.run(
        "UPDATE operator_session SET last_used_at = $1 WHERE token_sha256 = $2",
        {now, row.text("token_sha256")}
    ));
    return {};
}

Result<> end_older(Context& context, Opening const& opening)
{
    ECLUSE_TRY(context.database.run(
        "UPDATE operator_session SET ended_why = 'elsewhere', ended_at = $2, ended_from = $3 "
        "WHERE person = $1 AND door <> 'cli' AND ended_why IS NULL",
        {opening.person, seconds_now(context), opening.address}
    ));
    context.web.recheck();
    return {};
}

std::int64_t idle_minutes(Context& context, std::string const& door)
{
    if (door == "cli") return idle_max.count();
    return door == "portal" ? context.config.portal.idle_minutes
                            : context.config.console.idle_minutes;
}

/// Why a session that was once there serves no more; nothing while it does.
std::optional<Fault> over(Context& context, Row const& row, std::string const& door)
{
    auto const now = seconds_now(context);
    auto const remedy = TextKey::error_no_token_web_remedy;
    auto const why = row.optional_text("ended_why").value_or("");
    if (why == "elsewhere") {
        auto const at = UtcTime{std::chrono::seconds{row.optional_number("ended_at").value_or(0)}};
        auto const language = parse_language(row.text("language")).value_or(Language::french);
        return Fault{
            "E-AUT-03",
            TextKey::error_session_elsewhere_text,
            {{"at", format_moment(at, language)},
             {"address", row.optional_text("ended_from").value_or("-")}},
            TextKey::error_session_elsewhere_remedy};
    }
    if (!why.empty() || row.text("state") != "active")
        return Fault{"E-AUT-06", TextKey::error_session_revoked_text, {}, remedy};
    if (now >= row.number("expires_at"))
        return Fault{"E-AUT-05", TextKey::error_session_life_text, {}, remedy};
    auto const idle = idle_minutes(context, door);
    if (now - row.number("last_used_at") >= idle * 60)
        return Fault{
            "E-AUT-04",
            TextKey::error_session_idle_text,
            {{"minutes", std::to_string(idle)}},
            remedy};
    return std::nullopt;
}

} // namespace

Result<std::optional<Fault>> without_role(
    Context& context, Accepted const& who, std::string const& door, std::string const& address
)
{
    if (!who.vendor.empty() || !ECLUSE_TRY(roles_of(context, who.person)).empty())
        return std::optional<Fault>{};
    Fault fault{"E-ROL-04", TextKey::error_no_role_text, {}, TextKey::error_no_role_remedy};
    fault.reference = ECLUSE_TRY(record_refusal(
        context,
        {.code = fault.code,
         .door = door,
         .address = address,
         .login = who.login,
         .person = who.person,
         .detail = "login"}
    ));
    return std::optional{std::move(fault)};
}

Result<std::string> begin(Context& context, Opening const& opening)
{
    auto const token = to_hex(random_bytes(token_bytes));
    auto const now = seconds_now(context);
    ECLUSE_TRY(context.database.run("DELETE FROM operator_session WHERE expires_at <= $1", {now}));
    if (opening.door != "cli") ECLUSE_TRY(end_older(context, opening));
    auto const* const before = opening.before;
    ECLUSE_TRY(context.database.run(
        "INSERT INTO operator_session (token_sha256, person, uid, started_at, last_used_at, "
        "expires_at, door, address, previous_at, previous_from, previous_door, failures) "
        "VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11)",
        {to_hex(sha256(token)),
         opening.person,
         std::int64_t{opening.uid},
         now,
         now + in_seconds(life_max),
         opening.door,
         opening.address,
         nullable(before ? before->last_login_at : std::nullopt),
         before ? before->last_login_from : std::string{},
         before ? before->last_login_door : std::string{},
         before ? before->failures_since : std::int64_t{0}}
    ));
    return token;
}

Result<std::optional<Caller>> find(Context& context, std::string_view token, unsigned uid)
{
    auto const now = seconds_now(context);
    auto const hash = to_hex(sha256(token));
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT s.last_used_at AS last_used_at, p.id AS id, p.login AS login, p.first_name AS "
        "first_name, "
        "p.last_name AS last_name, p.language AS language, s.token_sha256 AS token_sha256 "
        "FROM operator_session s "
        "JOIN person p ON p.id = s.person "
        "WHERE s.token_sha256 = $1 AND s.door = 'cli' AND s.uid = $2 AND s.expires_at > $3 AND "
        "s.last_used_at > $4 "
        "AND p.state = 'active'",
        {hash, std::int64_t{uid}, now, now - in_seconds(idle_max)}
    ));
    if (!row) return std::optional<Caller>{};
    ECLUSE_TRY(touch(context, *row));
    auto caller = ECLUSE_TRY(caller_of(context, *row));
    caller.uid = uid;
    return std::optional{std::move(caller)};
}

Result<std::variant<Browsing, Fault>> find_browsing(
    Context& context,
    std::string_view token,
    std::string const& door,
    std::string const& address,
    bool passive
)
{
    using Found = std::variant<Browsing, Fault>;
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT s.*, p.id AS id, p.login AS login, p.first_name AS first_name, "
        "p.last_name AS last_name, p.language AS language, p.state AS state, p.vendor AS vendor "
        "FROM operator_session s JOIN person p ON p.id = s.person "
        // A cookie that went elsewhere is nobody's.
        "WHERE s.token_sha256 = $1 AND s.door = $2 AND s.address = $3",
        {to_hex(sha256(token)), door, address}
    ));
    if (!row) return Found{not_logged_in()};
    if (auto fault = over(context, *row, door)) return Found{std::move(*fault)};
    if (!passive) ECLUSE_TRY(touch(context, *row));
    Browsing found;
    found.caller = ECLUSE_TRY(caller_of(context, *row));
    found.caller.door = door;
    found.caller.address = address;
    found.vendor = row->optional_text("vendor").value_or("");
    found.life_left_s = row->number("expires_at") - seconds_now(context);
    found.previous_at = row->optional_number("previous_at");
    found.previous_from = row->optional_text("previous_from").value_or("");
    found.previous_door = row->optional_text("previous_door").value_or("");
    found.failures = row->number("failures");
    return Found{std::move(found)};
}

Result<std::optional<Caller>> holder(Context& context, std::string_view token_sha256)
{
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT s.*, p.id AS id, p.login AS login, p.first_name AS first_name, "
        "p.last_name AS last_name, p.language AS language, p.state AS state "
        "FROM operator_session s JOIN person p ON p.id = s.person WHERE s.token_sha256 = $1",
        {std::string{token_sha256}}
    ));
    if (!row || over(context, *row, row->text("door"))) return std::optional<Caller>{};
    return std::optional{ECLUSE_TRY(caller_of(context, *row))};
}

Result<bool> stands(Context& context, std::string_view token_sha256)
{
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT 1 FROM operator_session s JOIN person p ON p.id = s.person "
        "WHERE s.token_sha256 = $1 AND s.ended_why IS NULL AND s.expires_at > $2 "
        "AND p.state = 'active'",
        {std::string{token_sha256}, seconds_now(context)}
    ));
    return row.has_value();
}

Result<> end(Context& context, std::string_view token_sha256)
{
    ECLUSE_TRY(context.database.run(
        "DELETE FROM operator_session WHERE token_sha256 = $1", {std::string{token_sha256}}
    ));
    return {};
}

Result<> end_for_fault(Context& context, std::string_view token_sha256)
{
    ECLUSE_TRY(context.database.run(
        "UPDATE operator_session SET ended_why = 'fault', ended_at = $2 WHERE token_sha256 = $1",
        {std::string{token_sha256}, seconds_now(context)}
    ));
    return {};
}

Result<> end_all_of(Context& context, std::string_view person)
{
    ECLUSE_TRY(context.database.run(
        "DELETE FROM operator_session WHERE person = $1 AND door = 'cli'", {std::string{person}}
    ));
    ECLUSE_TRY(context.database.run(
        "UPDATE operator_session SET ended_why = 'revoked', ended_at = $2 "
        "WHERE person = $1 AND ended_why IS NULL",
        {std::string{person}, seconds_now(context)}
    ));
    context.web.recheck();
    return {};
}

} // namespace ecluse::policyd::operator_session
