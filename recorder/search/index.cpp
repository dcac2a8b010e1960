#include "recorder/search/index.h"

#include "common/json.h"
#include "common/time.h"
#include "recorder/search/query.h"
#include "recorder/text/session_text.h"

#include <sqlite3.h>

#include <algorithm>

namespace ecluse::recording {
namespace {

/// A session's lines are numbered from its place times this: 4 MiB of text have fewer.
constexpr std::int64_t lines_per_session = 1 << 24;
/// Lines that are looked at for one page, when what is wanted is rare among what matches: more than
/// one session has.
constexpr int steps_max = 2'000'000;
constexpr std::size_t fact_bytes_max = 400;
constexpr std::int64_t question_memory = 64LL * 1024 * 1024;

constexpr char const* schema =
    // What fails is taken back, in memory.
    "PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY; PRAGMA page_size = 8192; "
    "CREATE TABLE line(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, "
    "text TEXT NOT NULL); "
    "CREATE VIRTUAL TABLE word USING fts5(text, content = 'line', content_rowid = 'id', "
    "tokenize = 'unicode61 remove_diacritics 2');";

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Error fault(sqlite3* database, char const* doing)
{
    return {Errc::io, std::string{"search index: "} + doing + ": " + sqlite3_errmsg(database)};
}

Result<Statement> prepare(sqlite3* database, char const* sql)
{
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
        SQLITE_OK)
        return fault(database, "prepare");
    return Statement{statement};
}

/// Not "bind": std::bind would be found first for a std::string, and bind nothing.
void bind_text(sqlite3_stmt* statement, int at, std::string_view text)
{
    sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

std::string_view column(sqlite3_stmt* statement, int at)
{
    auto const* const text = sqlite3_column_text(statement, at);
    if (!text) return {};
    return {
        reinterpret_cast<char const*>(text),
        static_cast<std::size_t>(sqlite3_column_bytes(statement, at))};
}

/// Leaves a statement as it was found, whatever happens.
class Use {
public:
    explicit Use(Statement const& statement) : statement_{statement.get()} {}
    ~Use()
    {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
    Use(Use const&) = delete;
    Use& operator=(Use const&) = delete;

private:
    sqlite3_stmt* statement_;
};

/// "a \1found\2 word" in parts: text is printable, and holds neither mark.
json::array parts_of(std::string_view marked)
{
    json::array parts;
    bool found = false;
    while (!marked.empty()) {
        auto const end = std::min(marked.find(found ? '\2' : '\1'), marked.size());
        if (end > 0) parts.push_back(json::array{marked.substr(0, end), found});
        marked.remove_prefix(std::min(end + 1, marked.size()));
        found = !found;
    }
    return parts;
}

bool fits(SessionFacts const& facts, SearchQuestion const& question)
{
    auto const is = [](std::string const& wanted, std::string const& name, std::string const& id) {
        return wanted.empty() || wanted == name || wanted == id;
    };
    return is(question.person, facts.person, facts.person_id) &&
           is(question.vendor, facts.vendor, facts.vendor_id) &&
           is(question.asset, facts.asset, facts.asset_id) &&
           facts.started_ms >= question.from_ms &&
           (question.to_ms == 0 || facts.started_ms < question.to_ms);
}

json::object described(SessionFacts const& facts)
{
    return {
        {"session", facts.session},
        {"person", facts.person},
        {"vendor", facts.vendor},
        {"asset", facts.asset},
        {"window", facts.window},
        {"started_at", to_iso(to_seconds(UtcMillis{std::chrono::milliseconds{facts.started_ms}}))}};
}

} // namespace

struct SearchIndex::Impl {
    std::unique_ptr<sqlite3, Close> database;
    Statement begin, commit, rollback, line, word, find, detail;
    Scan* scan = nullptr; // of the question being answered
};

/// One question's way through the lines that match, in the order of sessions. SQLite asks it about
/// each line before it reads one: a word that stands everywhere costs the little that skipping
/// costs, and the query, which for a beginning gathers all its words first, is made once.
struct SearchIndex::Scan {
    SearchIndex const& index;
    SearchQuestion const& question;
    std::size_t place = 0; // the session of the line looked at
    bool fitting = false;  // and whether it is one that was asked for
    std::size_t hits = 0;  // shown of it; one more than shown says that there are others
    int steps = 0;
    bool failed = false;

    [[nodiscard]] bool wants(std::int64_t line)
    {
        ++steps;
        auto const session = static_cast<std::size_t>(line / lines_per_session);
        if (session != place || steps == 1) {
            place = session;
            fitting = fits(index.sessions_[session], question);
            hits = 0;
        }
        if (steps > steps_max) return true; // the loop ends there
        if (!fitting || hits > hits_per_session || !is_of_kind(line)) return false;
        ++hits;
        return true;
    }

private:
    [[nodiscard]] bool is_of_kind(std::int64_t line)
    {
        if (question.kind.empty()) return true;
        auto const& detail = index.impl_->detail;
        Use const use{detail};
        sqlite3_bind_int64(detail.get(), 1, line);
        failed = sqlite3_step(detail.get()) != SQLITE_ROW;
        return !failed && column(detail.get(), 1) == question.kind;
    }
};

Result<SessionFacts> parse_session_facts(json::object const& object)
{
    Fields fields{object};
    SessionFacts facts;
    facts.session = fields.text("session", fact_bytes_max);
    facts.person = fields.text("person", fact_bytes_max);
    facts.person_id = fields.text("person_id", fact_bytes_max);
    facts.vendor = fields.text("vendor", fact_bytes_max);
    facts.vendor_id = fields.text("vendor_id", fact_bytes_max);
    facts.asset = fields.text("asset", fact_bytes_max);
    facts.asset_id = fields.text("asset_id", fact_bytes_max);
    facts.window = fields.text("window", fact_bytes_max);
    facts.started_ms = fields.number("started_ms", 0);
    ECLUSE_TRY(fields.finish());
    return facts;
}

SearchIndex::SearchIndex(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
SearchIndex::SearchIndex(SearchIndex&&) noexcept = default;
SearchIndex::~SearchIndex() = default;

Result<SearchIndex> SearchIndex::open(std::int64_t memory_max)
{
    sqlite3* database = nullptr;
    auto impl = std::make_unique<Impl>();
    auto const opened = sqlite3_open_v2(
        ":memory:",
        &database,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX,
        nullptr
    );
    impl->database.reset(database);
    if (opened != SQLITE_OK) return fault(database, "open");
    sqlite3_hard_heap_limit64(memory_max);
    if (sqlite3_exec(database, schema, nullptr, nullptr, nullptr) != SQLITE_OK)
        return fault(database, "prepare");
    auto const wanted = [](sqlite3_context* call, int, sqlite3_value** values) {
        auto* const scan = static_cast<Impl*>(sqlite3_user_data(call))->scan;
        sqlite3_result_int(call, scan->wants(sqlite3_value_int64(values[0])) ? 1 : 0);
    };
    if (sqlite3_create_function_v2(
            database, "wanted", 1, SQLITE_UTF8, impl.get(), wanted, nullptr, nullptr, nullptr
        ) != SQLITE_OK)
        return fault(database, "prepare");
    impl->begin = ECLUSE_TRY(prepare(database, "BEGIN"));
    impl->commit = ECLUSE_TRY(prepare(database, "COMMIT"));
    impl->rollback = ECLUSE_TRY(prepare(database, "ROLLBACK"));
    impl->line = ECLUSE_TRY(prepare(database, "INSERT INTO line VALUES(?1, ?2, ?3, ?4)"));
    impl->word = ECLUSE_TRY(prepare(database, "INSERT INTO word(rowid, text) VALUES(?1, ?2)"));
    impl->find = ECLUSE_TRY(prepare(
        database,
        "SELECT rowid, snippet(word, 0, char(1), char(2), '…', 24) FROM word "
        "WHERE word MATCH ?1 AND rowid >= ?2 AND wanted(rowid) ORDER BY rowid"
    ));
    impl->detail = ECLUSE_TRY(prepare(database, "SELECT at_ms, kind FROM line WHERE id = ?1"));
    return SearchIndex{std::move(impl)};
}

std::int64_t SearchIndex::memory() const
{
    return sqlite3_memory_used();
}

bool SearchIndex::insert(
    std::int64_t id, std::uint64_t at_ms, std::string_view kind, std::string_view text
)
{
    Use const line{impl_->line}, word{impl_->word};
    sqlite3_bind_int64(impl_->line.get(), 1, id);
    sqlite3_bind_int64(impl_->line.get(), 2, static_cast<std::int64_t>(at_ms));
    bind_text(impl_->line.get(), 3, kind);
    bind_text(impl_->line.get(), 4, text);
    sqlite3_bind_int64(impl_->word.get(), 1, id);
    bind_text(impl_->word.get(), 2, text);
    return sqlite3_step(impl_->line.get()) == SQLITE_DONE &&
           sqlite3_step(impl_->word.get()) == SQLITE_DONE;
}

Result<SearchIndex::Added>
SearchIndex::add(SessionFacts facts, std::string_view text, std::string_view report)
{
    if (full_) return Error{Errc::too_large, "search index: full"};
    auto const step = [](Statement const& statement) {
        Use const use{statement};
        return sqlite3_step(statement.get()) == SQLITE_DONE;
    };
    if (!step(impl_->begin)) return fault(impl_->database.get(), "begin");
    Added added;
    auto id = static_cast<std::int64_t>(sessions_.size()) * lines_per_session;
    bool good = true;
    auto const put = [&](SpokenLine const& line) {
        if (line.kind == "cut") {
            added.cut = true;
            return true;
        }
        good = insert(id++, line.at_ms, line.kind, line.text);
        if (good) ++added.lines;
        return good;
    };
    for_each_line(text, put);
    if (good)
        for_each_line(report, [&](SpokenLine const& line) {
            return put({0, "report", line.text});
        });
    if (good) good = step(impl_->commit);
    if (!good) {
        auto const failed = fault(impl_->database.get(), "add");
        // What SQLite took back by itself needs no second word.
        (void)step(impl_->rollback);
        // Questions need some, too.
        sqlite3_hard_heap_limit64(sqlite3_hard_heap_limit64(-1) + question_memory);
        full_ = true;
        return Error{Errc::too_large, failed.what};
    }
    sessions_.push_back(std::move(facts));
    return added;
}

Result<json::object> SearchIndex::find(SearchQuestion const& question)
{
    json::array shown;
    json::value next = nullptr;
    auto const query = to_query(question.words);
    if (!query) return json::object{{"sessions", std::move(shown)}, {"next", next}};
    auto* const find = impl_->find.get();
    auto* const detail = impl_->detail.get();
    Scan scan{*this, question};
    impl_->scan = &scan;
    Use const use{impl_->find};
    bind_text(find, 1, *query);
    sqlite3_bind_int64(find, 2, static_cast<std::int64_t>(question.after) * lines_per_session);
    int stepped = SQLITE_DONE;
    std::size_t last = sessions_.size();
    while ((stepped = sqlite3_step(find)) == SQLITE_ROW) {
        bool const another = scan.place != last;
        if (scan.steps > steps_max || (another && shown.size() >= sessions_per_page)) {
            // Of a session that was looked at in part, the rest is more of the same.
            next = another ? scan.place : scan.place + 1;
            break;
        }
        if (another) {
            auto one = described(sessions_[scan.place]);
            one["hits"] = json::array{};
            one["more"] = false;
            shown.push_back(std::move(one));
            last = scan.place;
        }
        auto& one = shown.back().get_object();
        if (scan.hits > hits_per_session) {
            one["more"] = true;
            continue;
        }
        auto const id = sqlite3_column_int64(find, 0);
        Use const looked{impl_->detail};
        sqlite3_bind_int64(detail, 1, id);
        if (sqlite3_step(detail) != SQLITE_ROW) return fault(impl_->database.get(), "find");
        one["hits"].get_array().push_back(json::object{
            {"at_ms", sqlite3_column_int64(detail, 0)},
            {"kind", column(detail, 1)},
            {"text", parts_of(column(find, 1))}});
    }
    if (scan.failed || (stepped != SQLITE_ROW && stepped != SQLITE_DONE))
        return fault(impl_->database.get(), "find");
    return json::object{{"sessions", std::move(shown)}, {"next", std::move(next)}};
}

} // namespace ecluse::recording
