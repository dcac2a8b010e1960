#include "policies/store/reviews.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {
namespace {

/// Accounts that a round of the clock looks at; the next round takes the others.
constexpr std::int64_t accounts_per_round = 1000;
/// Whoever could still come in, now or after an invitation or a reinstatement.
constexpr char const* has_account = "p.state IN ('invited', 'active', 'suspended')";
constexpr char const* last_used =
    "MAX(COALESCE(p.last_login_at, 0), COALESCE(p.state_at, 0), p.created_at)";

AccessReview to_review(Row const& row)
{
    return {
        .id = row.text("id"),
        .vendor = row.optional_text("vendor"),
        .opened_at = row.number("opened_at"),
        .due_at = row.number("due_at"),
        .opened_by = row.optional_text("opened_by"),
        .validated_at = row.optional_number("validated_at")};
}

} // namespace

Result<bool> open_review(Database& database, AccessReview const& review)
{
    auto const opened = ECLUSE_TRY(database.run(
        "INSERT INTO access_review (id, vendor, opened_at, opened_by, due_at) VALUES ($1, $2, $3, "
        "$4, $5) ON CONFLICT DO NOTHING",
        {review.id,
         nullable(review.vendor),
         review.opened_at,
         nullable(review.opened_by),
         review.due_at}
    ));
    if (opened != 1) return false;
    return ECLUSE_TRY(database.run(
               std::string{"INSERT INTO access_review_person (review, person) SELECT $1, p.id FROM "
                           "person p WHERE p.vendor IS $2 AND "} +
                   has_account,
               {review.id, nullable(review.vendor)}
           )) > 0;
}

Result<std::optional<AccessReview>> find_review(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, vendor, opened_at, opened_by, due_at, validated_at FROM access_review WHERE id "
        "= $1",
        {id}
    ));
    if (!row) return std::optional<AccessReview>{};
    return std::optional{to_review(*row)};
}

Result<std::vector<LastReview>> last_reviews(Database& database)
{
    std::vector<LastReview> found;
    for (auto const& row : ECLUSE_TRY(database.rows(
             std::string{"SELECT p.vendor AS vendor, COALESCE((SELECT MAX(r.opened_at) FROM "
                         "access_review r WHERE r.vendor IS p.vendor), MIN(p.created_at)) AS at "
                         "FROM person p WHERE NOT EXISTS (SELECT 1 FROM access_review o WHERE "
                         "o.vendor IS p.vendor AND o.validated_at IS NULL) AND "} +
             has_account + " GROUP BY p.vendor"
         )))
        found.push_back({row.optional_text("vendor"), row.number("at")});
    return found;
}

Result<std::int64_t> postpone_reviews(Database& database, std::int64_t seconds)
{
    return database.run(
        "UPDATE access_review SET due_at = due_at + $1 WHERE validated_at IS NULL", {seconds}
    );
}

Result<bool>
is_reviewed_in(Database& database, std::string const& review, std::string const& person)
{
    return ECLUSE_TRY(database.row(
                          "SELECT 1 AS one FROM access_review_person WHERE review = $1 AND person "
                          "= $2",
                          {review, person}
                      ))
        .has_value();
}

Result<bool> set_verdict(Database& database, ReviewVerdict const& verdict)
{
    return ECLUSE_TRY(database.run(
               "UPDATE access_review_person SET verdict = $1, comment = $2, decided_by = $3, "
               "decided_at = $4 WHERE review = $5 AND person = $6 AND EXISTS (SELECT 1 FROM "
               "access_review r WHERE r.id = $5 AND r.validated_at IS NULL)",
               {verdict.verdict,
                nullable(verdict.comment),
                nullable(verdict.decided_by),
                verdict.decided_at,
                verdict.review,
                verdict.person}
           )) == 1;
}

Result<std::vector<std::pair<std::string, std::string>>>
overdue_verdicts(Database& database, std::int64_t now)
{
    std::vector<std::pair<std::string, std::string>> found;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT i.review AS review, i.person AS person FROM access_review_person i JOIN "
             "access_review r ON r.id = i.review WHERE r.validated_at IS NULL AND r.due_at <= $1 "
             "AND i.verdict IS NULL ORDER BY i.review, i.person LIMIT $2",
             {now, accounts_per_round}
         )))
        found.emplace_back(row.text("review"), row.text("person"));
    return found;
}

Result<std::int64_t> missing_verdicts(Database& database, std::string const& review)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT COUNT(*) AS n FROM access_review_person WHERE review = $1 AND verdict IS NULL",
        {review}
    ));
    return row ? row->number("n") : 0;
}

Result<bool> validate_review(
    Database& database,
    std::string const& review,
    std::string const& by,
    std::string const& factors,
    std::string const& minutes,
    std::int64_t at
)
{
    return ECLUSE_TRY(database.run(
               "UPDATE access_review SET validated_at = $1, validated_by = $2, factors = $3, "
               "minutes = $4 WHERE id = $5 AND validated_at IS NULL",
               {at, by, factors, minutes, review}
           )) == 1;
}

Result<std::optional<std::string>> review_minutes(Database& database, std::string const& review)
{
    auto const row =
        ECLUSE_TRY(database.row("SELECT minutes FROM access_review WHERE id = $1", {review}));
    return row ? row->optional_text("minutes") : std::nullopt;
}

Result<std::vector<RunningReview>> running_reviews(Database& database)
{
    std::vector<RunningReview> found;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT r.id AS id, r.vendor AS vendor, r.due_at AS due_at, (SELECT COUNT(*) FROM "
             "access_review_person i WHERE i.review = r.id AND i.verdict IS NULL) AS missing FROM "
             "access_review r WHERE r.validated_at IS NULL ORDER BY r.due_at, r.id"
         )))
        found.push_back(
            {.id = row.text("id"),
             .vendor = row.optional_text("vendor"),
             .due_at = row.number("due_at"),
             .missing = row.number("missing")}
        );
    return found;
}

Result<json::object> list_reviews(
    Database& database,
    std::optional<std::string> const& vendor,
    bool running_only,
    std::optional<std::string> const& after
)
{
    // The running ones first: they stand after every instant.
    constexpr auto order = "(r.validated_at IS NULL) * 100000000000 + r.opened_at";
    Paged list{
        std::string{
            "SELECT r.id AS review, v.name AS vendor, r.opened_at AS opened_at, r.due_at AS "
            "due_at, "
            "(SELECT COUNT(*) FROM access_review_person i WHERE i.review = r.id) AS people, "
            "(SELECT COUNT(*) FROM access_review_person i WHERE i.review = r.id AND i.verdict IS "
            "NULL) "
            "AS missing, r.validated_at AS validated_at, (SELECT login FROM person WHERE id = "
            "r.validated_by) AS validated_by, "} +
            order +
            " AS page_key, r.id AS page_id FROM access_review r LEFT JOIN vendor v ON v.id = "
            "r.vendor",
        {order, "r.id"}};
    list.where_if(vendor, "r.vendor = ?");
    if (running_only) list.where("r.validated_at IS NULL");
    return list.page(
        database,
        after,
        {{"review"},
         {"vendor"},
         {"opened_at", As::instant},
         {"due_at", As::instant},
         {"people", As::number},
         {"missing", As::number},
         {"validated_at", As::instant},
         {"validated_by"}}
    );
}

Result<json::array> review_people(Database& database, AccessReview const& review, std::int64_t now)
{
    constexpr std::int64_t ninety_days = 90LL * 86400;
    return shown_rows(
        database,
        std::string{
            "SELECT p.login AS login, p.first_name || ' ' || p.last_name AS name, s.name AS "
            "subcontractor, p.state AS state, (SELECT group_concat(role, ',') FROM "
            "person_role o WHERE o.person = p.id AND (o.valid_to IS NULL OR o.valid_to > "
            "$2)) AS roles, (SELECT group_concat(DISTINCT kind) FROM authenticator a WHERE "
            "a.person = p.id AND a.revoked_at IS NULL AND a.confirmed_at IS NOT NULL) AS "
            "factors, (SELECT COUNT(*) FROM authenticator a WHERE a.person = p.id AND "
            "a.kind = 'ssh_key' AND a.revoked_at IS NULL) AS keys, p.last_login_at AS "
            "last_login_at, "} +
            last_used +
            " AS last_used, p.dormancy_announced_at AS dormancy_announced_at, (SELECT COUNT(*) "
            "FROM window_person w JOIN access_window x ON x.id = w.window WHERE w.person = p.id "
            "AND x.opens_at > $3 AND x.opens_at <= $2) AS windows, i.verdict AS verdict, i.comment "
            "AS comment, (SELECT login FROM person WHERE id = i.decided_by) AS decided_by, "
            "i.decided_at AS decided_at FROM access_review_person i JOIN person p ON p.id = "
            "i.person LEFT JOIN subcontractor s ON s.id = p.subcontractor WHERE i.review = $1 "
            "ORDER BY p.login",
        {review.id, now, now - ninety_days},
        {{"login"},
         {"name"},
         {"subcontractor"},
         {"state"},
         {"roles", As::list},
         {"factors", As::list},
         {"keys", As::number},
         {"last_login_at", As::instant},
         {"last_used", As::instant},
         {"dormancy_announced_at", As::instant},
         {"windows", As::number},
         {"verdict"},
         {"comment"},
         {"decided_by"},
         {"decided_at", As::instant}}
    );
}

Result<bool> is_last_of_its_role(Database& database, std::string const& person, std::int64_t now)
{
    return ECLUSE_TRY(database.row(
                          "SELECT 1 AS one FROM person_role r JOIN person p ON p.id = r.person "
                          "WHERE r.person = $1 AND p.state = 'active' AND r.role IN ('dsi', "
                          "'rssi', 'platform_admin') AND (r.valid_to IS NULL OR r.valid_to > $2) "
                          "AND NOT EXISTS (SELECT 1 FROM person_role o JOIN person q ON q.id = "
                          "o.person WHERE o.role = r.role AND o.person <> $1 AND q.state = "
                          "'active' AND (o.valid_to IS NULL OR o.valid_to > $2))",
                          {person, now}
                      ))
        .has_value();
}

Result<std::vector<AccountInUse>> unused_accounts(Database& database, std::int64_t before)
{
    std::vector<AccountInUse> found;
    for (auto const& row : ECLUSE_TRY(database.rows(
             std::string{"SELECT p.id AS id, p.login AS login, "} + last_used +
                 " AS last_used, p.dormancy_announced_at AS announced FROM person p WHERE p.state "
                 "= 'active' AND " +
                 last_used + " <= $1 ORDER BY last_used, p.id LIMIT $2",
             {before, accounts_per_round}
         )))
        found.push_back(
            {.person = row.text("id"),
             .login = row.text("login"),
             .last_used = row.number("last_used"),
             .announced = row.optional_number("announced")}
        );
    return found;
}

Result<> announce_dormancy(Database& database, std::string const& person, std::int64_t at)
{
    ECLUSE_TRY(
        database.run("UPDATE person SET dormancy_announced_at = $1 WHERE id = $2", {at, person})
    );
    return {};
}

Result<std::int64_t> withdraw_dormancies(Database& database)
{
    return database.run("UPDATE person SET dormancy_announced_at = NULL WHERE "
                        "dormancy_announced_at IS NOT NULL");
}

} // namespace ecluse::store
