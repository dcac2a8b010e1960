#include "policies/store/extensions.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {
namespace {

constexpr char const* select_extension =
    "SELECT id, window, closes_at, reason, asked_by, asked_at, state FROM extension_request ";

ExtensionRequest to_extension(Row const& row)
{
    return {
        .id = row.text("id"),
        .window = row.text("window"),
        .reason = row.text("reason"),
        .asked_by = row.text("asked_by"),
        .state = row.text("state"),
        .closes_at = row.number("closes_at"),
        .asked_at = row.number("asked_at")};
}

Result<std::optional<ExtensionRequest>>
find_where(Database& database, std::string const& condition, std::string const& value)
{
    auto const row = ECLUSE_TRY(database.row(select_extension + condition, {value}));
    return row ? std::optional{to_extension(*row)} : std::nullopt;
}

} // namespace

Result<std::optional<ExtensionRequest>>
find_extension_request(Database& database, std::string const& id)
{
    return find_where(database, "WHERE id = $1", id);
}

Result<std::optional<ExtensionRequest>>
waiting_extension(Database& database, std::string const& window)
{
    return find_where(database, "WHERE window = $1 AND state = 'asked'", window);
}

Result<> insert_extension_request(Database& database, ExtensionRequest const& asked)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO extension_request (id, window, closes_at, reason, asked_by, asked_at, state) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'asked')",
        {asked.id, asked.window, asked.closes_at, asked.reason, asked.asked_by, asked.asked_at}
    ));
    return {};
}

Result<bool> decide_extension(
    Database& database,
    std::string const& id,
    std::string const& state,
    std::string const& by,
    std::string const& reason,
    std::int64_t at
)
{
    return ECLUSE_TRY(database.run(
               "UPDATE extension_request SET state = $1, decided_by = $2, decided_at = $3, "
               "decision_reason = $4 WHERE id = $5 AND state = 'asked'",
               {state, by, at, reason, id}
           )) == 1;
}

Result<json::object> list_extension_requests(Database& database, ExtensionFilter const& filter)
{
    Paged list{
        "SELECT e.id AS extension, e.window AS window, v.name AS vendor, e.state AS state, "
        "w.closes_at AS closes_now, e.closes_at AS closes, e.reason AS reason, "
        "(SELECT login FROM person WHERE id = e.asked_by) AS asked_by, e.asked_at AS asked_at, "
        "(SELECT login FROM person WHERE id = e.decided_by) AS decided_by, "
        "e.decided_at AS decided_at, e.decision_reason AS decision_reason, "
        "e.asked_at AS page_key, e.id AS page_id "
        "FROM extension_request e JOIN access_window w ON w.id = e.window "
        "JOIN vendor v ON v.id = w.vendor",
        {"e.asked_at", "e.id"}};
    list.where_if(filter.window, "e.window = ?").where_if(filter.state, "e.state = ?");
    list.where_if(filter.vendor, "w.vendor = ?");
    limit_windows(list, filter.scope);
    return list.page(
        database,
        filter.after,
        {{"extension"},
         {"window"},
         {"vendor"},
         {"state"},
         {"closes_now", As::instant},
         {"closes", As::instant},
         {"reason"},
         {"asked_by"},
         {"asked_at", As::instant},
         {"decided_by"},
         {"decided_at", As::instant},
         {"decision_reason"}}
    );
}

Result<std::optional<Question>> find_question(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, window, question, asked_by, answered_at FROM window_question WHERE id = $1",
        {id}
    ));
    if (!row) return std::optional<Question>{};
    return std::optional{Question{
        .id = row->text("id"),
        .window = row->text("window"),
        .question = row->text("question"),
        .asked_by = row->text("asked_by"),
        .answered = row->optional_number("answered_at").has_value()}};
}

Result<> insert_question(Database& database, Question const& question, std::int64_t at)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO window_question (id, window, question, asked_by, asked_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        {question.id, question.window, question.question, question.asked_by, at}
    ));
    return {};
}

Result<bool> answer_question(
    Database& database,
    std::string const& id,
    std::string const& answer,
    std::string const& by,
    std::int64_t at
)
{
    return ECLUSE_TRY(database.run(
               "UPDATE window_question SET answer = $1, answered_by = $2, answered_at = $3 "
               "WHERE id = $4 AND answered_at IS NULL",
               {answer, by, at, id}
           )) == 1;
}

Result<json::array> questions_of(Database& database, std::string const& window)
{
    return shown_rows(
        database,
        "SELECT id AS question_id, question, (SELECT login FROM person WHERE id = asked_by) AS "
        "asked_by, asked_at, answer, (SELECT login FROM person WHERE id = answered_by) AS "
        "answered_by, answered_at FROM window_question WHERE window = $1 ORDER BY asked_at",
        {window},
        {{"question_id"},
         {"question"},
         {"asked_by"},
         {"asked_at", As::instant},
         {"answer"},
         {"answered_by"},
         {"answered_at", As::instant}}
    );
}

} // namespace ecluse::store
