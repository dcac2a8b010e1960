#include "policies/policyd/operator_session.h"

#include "common/bytes.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/facts.h"
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

} // namespace

Result<std::string> begin(Context& context, std::string_view person, unsigned uid)
{
    auto const token = to_hex(random_bytes(token_bytes));
    auto const now = seconds_now(context);
    ECLUSE_TRY(context.database.run("DELETE FROM operator_session WHERE expires_at <= $1", {now}));
    ECLUSE_TRY(context.database.run(
        "INSERT INTO operator_session (token_sha256, person, uid, started_at, last_used_at, "
        "expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {to_hex(sha256(token)),
         std::string{person},
         std::int64_t{uid},
         now,
         now,
         now + in_seconds(life_max)}
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
        "p.last_name AS last_name, p.language AS language FROM operator_session s "
        "JOIN person p ON p.id = s.person "
        "WHERE s.token_sha256 = $1 AND s.uid = $2 AND s.expires_at > $3 AND s.last_used_at > $4 "
        "AND p.state = 'active'",
        {hash, std::int64_t{uid}, now, now - in_seconds(idle_max)}
    ));
    if (!row) return std::optional<Caller>{};
    if (now - row->number("last_used_at") >= touch_every_s)
        ECLUSE_TRY(context.database.run(
            "UPDATE operator_session SET last_used_at = $1 WHERE token_sha256 = $2", {now, hash}
        ));
    Caller caller;
    caller.person = row->text("id");
    caller.login = row->text("login");
    caller.name = row->text("first_name") + " " + row->text("last_name");
    caller.roles = ECLUSE_TRY(roles_of(context, caller.person));
    caller.language = parse_language(row->text("language")).value_or(Language::french);
    auto const renew_by = ECLUSE_TRY(password_renew_by(context, caller.person));
    caller.password_too_old = renew_by && now >= renew_by->time_since_epoch().count();
    caller.uid = uid;
    caller.token_sha256 = hash;
    return std::optional{std::move(caller)};
}

Result<> end(Context& context, std::string_view token_sha256)
{
    ECLUSE_TRY(context.database.run(
        "DELETE FROM operator_session WHERE token_sha256 = $1", {std::string{token_sha256}}
    ));
    return {};
}

Result<> end_all_of(Context& context, std::string_view person)
{
    ECLUSE_TRY(context.database.run(
        "DELETE FROM operator_session WHERE person = $1", {std::string{person}}
    ));
    return {};
}

} // namespace ecluse::policyd::operator_session
