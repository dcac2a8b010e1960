#include "policies/store/emergency_reviews.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {
namespace {

/// Over at $1, whatever the clock still has to write. One that nobody ever opened by hand let
/// nobody in.
constexpr char const* is_over =
    "(w.state = 'closed' OR w.closes_at <= $1 AND (w.state = 'open' OR w.state = 'approved' AND "
    "w.open_mode = 'auto'))";
constexpr char const* is_unreviewed =
    "NOT EXISTS (SELECT 1 FROM emergency_review r WHERE r.window = w.id)";

Result<std::vector<std::string>>
ids_of(Database& database, std::string const& condition, std::vector<SqlValue> const& parameters)
{
    std::vector<std::string> ids;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT w.id AS id FROM access_window w WHERE w.emergency = 1 AND " + condition +
                 " ORDER BY w.opens_at, w.id",
             parameters
         )))
        ids.push_back(row.text("id"));
    return ids;
}

} // namespace

Result<bool> insert_emergency_review(Database& database, EmergencyReview const& review)
{
    return ECLUSE_TRY(database.run(
               "INSERT INTO emergency_review (window, happened, verdict, comment, reviewed_by, "
               "reviewed_at, factors) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
               {review.window,
                review.happened,
                review.verdict,
                nullable(review.comment),
                review.reviewed_by,
                review.reviewed_at,
                review.factors}
           )) == 1;
}

Result<bool> is_reviewed(Database& database, std::string const& window)
{
    return ECLUSE_TRY(
               database.row("SELECT window FROM emergency_review WHERE window = $1", {window})
    )
        .has_value();
}

Result<std::vector<std::string>>
unreviewed_emergencies(Database& database, std::string const& vendor, std::int64_t now)
{
    return ids_of(
        database, std::string{is_over} + " AND w.vendor = $2 AND " + is_unreviewed, {now, vendor}
    );
}

Result<std::vector<std::string>> open_emergencies(Database& database)
{
    return ids_of(
        database, std::string{"w.state IN ('approved', 'open', 'closed') AND "} + is_unreviewed, {}
    );
}

Result<json::object>
list_emergencies(Database& database, EmergencyFilter const& filter, std::int64_t now)
{
    std::string const due = std::string{is_over} + " AND " + is_unreviewed;
    Paged list{
        "SELECT w.id AS window, w.state AS state, v.name AS vendor, (SELECT group_concat(name, "
        "',') FROM (SELECT DISTINCT a.name AS name FROM window_asset t JOIN asset a ON a.id = "
        "t.asset WHERE t.window = w.id AND ($2 IS NULL OR t.asset IN (SELECT value FROM "
        "json_each($2))))) AS assets, w.opens_at AS opens, w.closes_at AS closes, "
        "w.reason AS reason, (SELECT login FROM person WHERE id = w.requested_by) AS "
        "requested_by, (SELECT login FROM person WHERE id = w.decided_by) AS granted_by, "
        "w.decided_at AS granted_at, w.decision_reason AS decision_reason, "
        "w.report_lifted_reason AS report_lifted_reason, "
        // A report tells of every target of its window.
        "(SELECT id FROM report WHERE access_window = w.id AND ($2 IS NULL OR NOT EXISTS (SELECT 1 "
        "FROM window_asset o WHERE o.window = w.id AND o.asset NOT IN (SELECT value FROM "
        "json_each($2))))) AS report, " +
            due +
            " AS due, e.verdict AS verdict, e.happened AS happened, e.comment AS comment, "
            "(SELECT login FROM person WHERE id = e.reviewed_by) AS reviewed_by, "
            "e.reviewed_at AS reviewed_at, w.opens_at AS page_key, w.id AS page_id FROM "
            "access_window w JOIN vendor v ON v.id = w.vendor "
            "LEFT JOIN emergency_review e ON e.window = w.id",
        {"w.opens_at", "w.id"},
        {now, assets_in(filter.scope)}};
    limit_windows(list, filter.scope);
    list.where("w.emergency = 1").where("w.decided_by IS NOT NULL");
    list.where("w.state IN ('approved', 'open', 'closed', 'expired')");
    if (filter.due) list.where(due);
    return list.page(
        database,
        filter.after,
        {{"window"},
         {"state"},
         {"vendor"},
         {"assets", As::list},
         {"opens", As::instant},
         {"closes", As::instant},
         {"reason"},
         {"requested_by"},
         {"granted_by"},
         {"granted_at", As::instant},
         {"decision_reason"},
         {"report_lifted_reason"},
         {"report"},
         {"due", As::flag},
         {"verdict"},
         {"happened"},
         {"comment"},
         {"reviewed_by"},
         {"reviewed_at", As::instant}}
    );
}

} // namespace ecluse::store
