#include "common/bytes.h"
#include "common/json.h"
#include "common/loop.h"
#include "common/secret.h"
#include "common/text_keys.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/searches.h"
#include "policies/policyd/wrapped_keys.h"
#include "policies/store/database.h"
#include "policies/store/windows.h"

#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>

/// Searching what recordings say (docs/decisions/0025). The text lies sealed beside each recording:
/// the reader's page opens the content keys, and an ecluse-search of this login holds the words in
/// clear, in memory, until the login is over. eclusectl gets the files and searches on its side.
namespace ecluse::policyd {
namespace {

/// Wrapped keys of one answer, and keys of one request: what a page opens in a moment.
constexpr std::size_t batch_max = 40;
constexpr std::size_t words_bytes_max = 1000;
constexpr std::size_t filter_bytes_max = 128;
constexpr std::size_t key_line_max = id_bytes_max + 64;
constexpr std::size_t report_bytes_max = 192 * 1024;

Fault unknown_search()
{
    return {
        "E-RCH-02", TextKey::operator_search_over_text, {}, TextKey::operator_search_over_remedy};
}

/// What a search is narrowed by, as it was typed.
struct Filters {
    std::string person, vendor, asset, from, to;
    std::int64_t from_ms = 0, to_ms = 0;

    [[nodiscard]] json::object shown() const
    {
        json::object object;
        for (auto const& [name, value] :
             {std::pair{"person", &person},
              {"vendor", &vendor},
              {"asset", &asset},
              {"from", &from},
              {"to", &to}})
            if (!value->empty()) object[name] = *value;
        return object;
    }
};

std::optional<std::int64_t> moment(std::string const& text)
{
    if (text.empty()) return 0;
    auto const at = parse_iso(text);
    if (!at) return std::nullopt;
    return UtcMillis{*at}.time_since_epoch().count();
}

Filters read_filters(Fields& fields)
{
    auto const text = [&fields](char const* name) {
        return fields.optional_text(name, filter_bytes_max).value_or("");
    };
    Filters filters{text("person"), text("vendor"), text("asset"), text("from"), text("to")};
    auto const from = moment(filters.from);
    auto const to = moment(filters.to);
    if (!from) fields.fault("from", "not a moment");
    if (!to) fields.fault("to", "not a moment");
    filters.from_ms = from.value_or(0);
    filters.to_ms = to.value_or(0);
    return filters;
}

/// Every recording that still has its content, newest first. The report of a window goes with the
/// window's last session, so that it is found once.
Result<std::vector<json::object>>
sessions_for(Context& context, Caller const& caller, Filters const& filters)
{
    std::vector<json::object> sessions;
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT s.id, s.started_ms, s.access_window, p.id AS person_id, "
             "p.first_name || ' ' || p.last_name AS person, v.id AS vendor_id, v.name AS vendor, "
             "a.id AS asset_id, a.name AS asset FROM session s JOIN person p ON p.id = s.person "
             "JOIN asset a ON a.id = s.asset JOIN access_window w ON w.id = s.access_window "
             "JOIN vendor v ON v.id = w.vendor WHERE s.recording NOT IN ('open', 'purged') "
             "AND ($1 = '' OR p.id = $1 OR p.login = $1) "
             "AND ($2 = '' OR v.id = $2 OR v.name = $2) "
             "AND ($3 = '' OR a.id = $3 OR a.name = $3) "
             "AND s.started_ms >= $4 AND ($5 = 0 OR s.started_ms < $5) "
             "AND ($6 IS NULL OR v.id IN (SELECT value FROM json_each($6))) "
             "AND ($7 IS NULL OR a.id IN (SELECT value FROM json_each($7))) "
             "ORDER BY s.started_ms DESC, s.id",
             {filters.person,
              filters.vendor,
              filters.asset,
              filters.from_ms,
              filters.to_ms,
              store::vendors_in(caller.scope),
              store::assets_in(caller.scope)}
         )))
        sessions.push_back(json::object{
            {"session", row.text("id")},
            {"person", row.text("person")},
            {"person_id", row.text("person_id")},
            {"vendor", row.text("vendor")},
            {"vendor_id", row.text("vendor_id")},
            {"asset", row.text("asset")},
            {"asset_id", row.text("asset_id")},
            {"window", row.text("access_window")},
            {"started_ms", row.number("started_ms")}});
    return sessions;
}

void collect_texts(json::value const& value, std::string& lines)
{
    if (lines.size() > report_bytes_max) return;
    if (value.is_string()) {
        auto const text = std::string_view{value.get_string()};
        if (!text.empty()) lines += "0 report " + printable(text, 4000) + "\n";
    } else if (value.is_array()) {
        for (auto const& item : value.get_array())
            collect_texts(item, lines);
    } else if (value.is_object()) {
        for (auto const& [name, item] : value.get_object())
            collect_texts(item, lines);
    }
}

/// What the report of this session's window says, when this is the window's last session. It tells
/// of every target of the window: a limited auditor reads it with all of them.
Result<std::string> report_lines(Context& context, Search const& search, json::object const& facts)
{
    if (search.scope) {
        auto const window = ECLUSE_TRY(
            store::find_window(context.database, std::string{facts.at("window").as_string()})
        );
        if (!window || !store::whole_window_is_in(search.scope, *window)) return std::string{};
    }
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT v.form FROM report r JOIN report_version v ON v.report = r.id "
        "WHERE r.access_window = $1 AND v.version = "
        "(SELECT MAX(version) FROM report_version WHERE report = r.id) AND $2 = "
        "(SELECT id FROM session WHERE access_window = $1 ORDER BY started_ms DESC, id LIMIT 1)",
        {std::string{facts.at("window").as_string()}, std::string{facts.at("session").as_string()}}
    ));
    std::string lines;
    if (!row) return lines;
    if (auto const form = parse_object(row->text("form"))) collect_texts(*form, lines);
    return lines;
}

json::object progress(Search const& search)
{
    return {
        {"total", search.sessions.size()},
        {"read", search.read},
        {"lines", search.lines},
        {"cut", search.cut},
        {"derived", search.derived},
        {"unreadable", search.unreadable},
        {"full", search.full}};
}

Reply open(
    Context& context,
    Searches& searches,
    Caller const& caller,
    Request& request,
    Answer const& answer
)
{
    Fields fields{request.fields};
    auto const reason = fields.text("reason", reason_bytes_max);
    auto const filters = read_filters(fields);
    // eclusectl holds the key itself, and its own index.
    auto const here = fields.flag("here", true);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (reason.find_first_not_of(" \t\r\n") == std::string::npos)
        return rule_fault(ecluse::Fault::window_reason_missing);
    if (here && !searches.may_begin(caller))
        return Fault{
            "E-RCH-01",
            TextKey::operator_search_many_text,
            {},
            TextKey::operator_search_many_remedy};
    auto search = std::make_shared<Search>();
    search->id = random_id('Q');
    search->person = caller.person;
    search->token_sha256 = caller.token_sha256;
    search->scope = caller.scope;
    search->sessions = ECLUSE_TRY(sessions_for(context, caller, filters));
    search->fed.resize(search->sessions.size());
    for (std::size_t i = 0; i < search->sessions.size(); ++i)
        search->places.emplace(std::string{search->sessions[i].at("session").as_string()}, i);
    // Before any key leaves (CLAUSIER:O-6.3): who, why, and which recordings.
    auto details = filters.shown();
    details["reason"] = reason;
    details["recordings"] = search->sessions.size();
    details["where"] = here ? "server" : "reader";
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "recording.searched", .object = search->id, .details = std::move(details)}
    ));
    json::object shown{{"search", search->id}, {"total", search->sessions.size()}};
    if (!here) {
        searches.add(std::move(search));
        return shown;
    }
    SearchProcess::start(
        context.loop,
        [&searches, answer, search, shown = std::move(shown)](auto started) mutable {
            if (!started) return answer.complete(started.error());
            search->index = *std::move(started);
            searches.add(std::move(search));
            answer.complete(std::move(shown));
        }
    );
    return Reply::later();
}

/// The next wrapped keys, one recording after the other.
void gather_keys(
    Context& context, std::shared_ptr<Search> const& search, json::array rows, Answer const& answer
)
{
    if (rows.size() >= batch_max || search->handed >= search->sessions.size()) {
        auto shown = progress(*search);
        shown["keys"] = std::move(rows);
        shown["left"] = search->sessions.size() - search->handed;
        return answer.complete(document(std::move(shown)));
    }
    auto const session = std::string{search->sessions[search->handed++].at("session").as_string()};
    context.recorder.open(
        session,
        [&context, search, session, rows = std::move(rows), answer](
            Result<RecorderLink::Opened> opened
        ) mutable {
            auto keys = opened ? wrapped_keys(*opened) : Result<json::array>{opened.error()};
            if (keys)
                rows.push_back(json::object{{"session", session}, {"keys", *std::move(keys)}});
            else
                ++search->unreadable;
            gather_keys(context, search, std::move(rows), answer);
        }
    );
}

Reply keys(
    Context& context,
    Searches& searches,
    Caller const& caller,
    Request& request,
    Answer const& answer
)
{
    Fields fields{request.fields};
    auto const id = fields.text("search", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const search = searches.find(id, caller);
    if (!search || !search->index) return unknown_search();
    gather_keys(context, search, {}, answer);
    return Reply::later();
}

struct Feeding {
    std::shared_ptr<Search> search;
    struct Item {
        std::size_t place;
        Secret key;
    };
    std::vector<Item> items;
    std::size_t next = 0;
    Answer answer;
};

void note_fed(Search& search, Result<json::object> const& added)
{
    ++search.read;
    auto const flag = [&](char const* name) {
        auto const* const value = added->if_contains(name);
        return value && value->is_bool() && value->get_bool();
    };
    if (!added || !flag("ok")) {
        auto const* const why = added ? added->if_contains("why") : nullptr;
        if (why && why->is_string() && why->get_string() == "full") {
            search.full = true;
            --search.read;
        } else {
            ++search.unreadable;
        }
        return;
    }
    if (flag("cut")) ++search.cut;
    if (flag("derived")) ++search.derived;
    if (auto const* const lines = added->if_contains("lines"); lines && lines->is_number())
        search.lines += lines->to_number<std::size_t>();
}

/// One recording after the other goes into the index: its files, its key, its report.
void feed_next(Context& context, std::shared_ptr<Feeding> const& feeding)
{
    auto& search = *feeding->search;
    if (feeding->next >= feeding->items.size() || search.full)
        return feeding->answer.complete(progress(search));
    auto& item = feeding->items[feeding->next++];
    search.fed[item.place] = true;
    auto const facts = search.sessions[item.place];
    auto report = report_lines(context, search, facts);
    if (!report) return feeding->answer.complete(report.error());
    context.recorder.open(
        std::string{facts.at("session").as_string()},
        [&context, feeding, facts, &item, report = *std::move(report)](
            Result<RecorderLink::Opened> opened
        ) {
            if (!opened) {
                note_fed(*feeding->search, opened.error());
                return feed_next(context, feeding);
            }
            std::vector<int> descriptors;
            for (auto const& file : opened->files)
                descriptors.push_back(file.get());
            json::object request{
                {"do", "search.add"},
                {"key", item.key.reveal()},
                {"files", json::array(opened->names.begin(), opened->names.end())},
                {"facts", facts}};
            item.key.wipe();
            Fd lines;
            if (!report.empty()) {
                auto file = memory_file("report", report);
                if (!file) return feeding->answer.complete(file.error());
                lines = *std::move(file);
                descriptors.push_back(lines.get());
                request["report"] = true;
            }
            feeding->search->index->ask(
                std::move(request),
                descriptors,
                [&context, feeding](Result<json::object> const& added) {
                    note_fed(*feeding->search, added);
                    feed_next(context, feeding);
                }
            );
        }
    );
}

/// "SESSION KEY" lines: only of recordings whose keys this search was given, each once.
std::optional<Fault>
take_keys(Search const& search, json::array& lines, std::vector<Feeding::Item>& items)
{
    for (auto& line : lines) {
        if (!line.is_string() || line.get_string().size() > key_line_max)
            return bad_value("keys", "not a key");
        auto& text = line.get_string();
        auto const space = std::string_view{text}.find(' ');
        auto const session = std::string{std::string_view{text}.substr(0, space)};
        auto const found = search.places.find(session);
        bool const fits = space != std::string_view::npos && found != search.places.end() &&
                          found->second < search.handed && !search.fed[found->second];
        if (fits) {
            std::string key{std::string_view{text}.substr(space + 1)};
            items.push_back({found->second, Secret{key}});
        }
        std::fill(text.begin(), text.end(), '\0');
        if (!fits) return bad_value("keys", session);
    }
    return std::nullopt;
}

Reply feed(
    Context& context,
    Searches& searches,
    Caller const& caller,
    Request& request,
    Answer const& answer
)
{
    auto const feeding = std::make_shared<Feeding>();
    auto const* const given = request.fields.if_contains("keys");
    if (!given || !given->is_array() || given->get_array().size() > batch_max)
        return Reply::violation("search.feed: keys");
    auto lines = request.fields.at("keys").as_array();
    request.fields.erase("keys");
    Fields fields{request.fields};
    auto const id = fields.text("search", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    feeding->search = searches.find(id, caller);
    if (!feeding->search || !feeding->search->index) return unknown_search();
    if (auto fault = take_keys(*feeding->search, lines, feeding->items)) return *std::move(fault);
    feeding->answer = answer;
    feed_next(context, feeding);
    return Reply::later();
}

Reply find(
    Context& context,
    Searches& searches,
    Caller const& caller,
    Request& request,
    Answer const& answer
)
{
    Fields fields{request.fields};
    auto const id = fields.text("search", id_bytes_max);
    auto const words = fields.text("words", words_bytes_max);
    auto const kind = fields.optional_text("kind", 32).value_or("");
    auto const filters = read_filters(fields);
    auto const after = fields.optional_number("after", 0).value_or(0);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const search = searches.find(id, caller);
    if (!search || !search->index) return unknown_search();
    // Not the words: they may be a patient's name or a password, and the journal is kept longer
    // than the recordings, and leaves the house (docs/decisions/0025).
    auto details = filters.shown();
    if (!kind.empty()) details["kind"] = kind;
    details["read"] = search->read;
    ECLUSE_TRY(record_act(
        context, caller, {.type = "recording.searched", .object = id, .details = std::move(details)}
    ));
    Fd output{::memfd_create("found", MFD_CLOEXEC)};
    if (!output) return os_error("memory file");
    int const descriptor = output.get();
    auto const file = std::make_shared<Fd>(std::move(output));
    search->index->ask(
        {{"do", "search.find"},
         {"words", words},
         {"person", filters.person},
         {"vendor", filters.vendor},
         {"asset", filters.asset},
         {"kind", kind},
         {"from_ms", filters.from_ms},
         {"to_ms", filters.to_ms},
         {"after", after}},
        {descriptor},
        [answer, search, file](Result<json::object> const& found) {
            if (!found) return answer.complete(found.error());
            auto const* const good = found->if_contains("ok");
            if (!good || !good->is_bool() || !good->get_bool())
                return answer.complete(Error{Errc::io, "ecluse-search could not look"});
            if (::lseek(file->get(), 0, SEEK_SET) != 0) return answer.complete(os_error("rewind"));
            std::vector<Fd> files;
            files.push_back(std::move(*file));
            answer.complete(Reply{json::object{{"document", true}}, std::move(files)});
        }
    );
    return Reply::later();
}

/// The next recording's files, for a reader who has the key and the index on his side.
Reply files(
    Context& context,
    Searches& searches,
    Caller const& caller,
    Request& request,
    Answer const& answer
)
{
    Fields fields{request.fields};
    auto const id = fields.text("search", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const search = searches.find(id, caller);
    if (!search || search->index) return unknown_search();
    if (search->handed >= search->sessions.size()) return json::object{{"done", true}};
    auto const facts = search->sessions[search->handed++];
    auto report = ECLUSE_TRY(report_lines(context, *search, facts));
    context.recorder.open(
        std::string{facts.at("session").as_string()},
        [answer, facts, report = std::move(report)](Result<RecorderLink::Opened> opened) {
            json::object shown{{"facts", facts}, {"done", false}, {"report", false}};
            // Said, and passed over: the others are still to be read.
            if (!opened) {
                shown["files"] = json::array{};
                return answer.complete(std::move(shown));
            }
            shown["files"] = json::array(opened->names.begin(), opened->names.end());
            if (!report.empty()) {
                auto file = memory_file("report", report);
                if (!file) return answer.complete(file.error());
                opened->files.push_back(*std::move(file));
                shown["report"] = true;
            }
            answer.complete(Reply{std::move(shown), std::move(opened->files)});
        }
    );
    return Reply::later();
}

Reply close(Context&, Searches& searches, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("search", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (!searches.find(id, caller)) return unknown_search();
    searches.end(id);
    return json::object{};
}

} // namespace

void add_search_requests(RequestTable& table, Context& context)
{
    auto const searches = std::make_shared<Searches>(context);
    auto const add = [&](char const* name, auto handler) {
        table.add(
            name,
            {.handler = [&context, searches, handler](
                            Caller const& caller, Request& request, Answer const& answer
                        ) -> Reply { return handler(context, *searches, caller, request, answer); },
             .roles = {"rssi", "auditor", "log_manager"},
             .limited_auditor = true}
        );
    };
    add("search.open", &open);
    add("search.keys", &keys);
    add("search.feed", &feed);
    add("search.find", &find);
    add("search.files", &files);
    add("search.close", &close);
}

} // namespace ecluse::policyd
