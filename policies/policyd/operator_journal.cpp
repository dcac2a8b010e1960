#include "common/json.h"
#include "policies/journal/journal.h"
#include "policies/journal/verify.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/paths.h"
#include "policies/policyd/role.h"
#include "policies/policyd/witnesses.h"
#include "policies/store/database.h"
#include "policies/vault/evidence_key.h"

#include <cerrno>
#include <fcntl.h>

namespace ecluse::policyd {
namespace {

/// Lines shown at once; the rest is asked with `after`.
constexpr std::int64_t page_lines = 200;
/// Rows read from the database at a time while a large answer is written.
constexpr std::int64_t chunk_rows = 5000;

struct Span {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
};

Span read_span(Fields& fields)
{
    Span span;
    auto const read = [&](char const* name, std::int64_t& ms) {
        auto const text = fields.optional_text(name, 32);
        if (!text) return;
        auto const at = parse_iso(*text);
        if (!at) return fields.fault(name, at.error().what);
        ms = at->time_since_epoch().count() * 1000;
    };
    read("from", span.from_ms);
    read("to", span.to_ms);
    return span;
}

json::object event_of(Row const& row)
{
    json::object line{
        {"sequence", row.number("sequence")},
        {"at", to_iso(UtcMillis{std::chrono::milliseconds{row.number("at_ms")}})},
        {"type", row.text("type")}};
    // Erased at term: the commitment in the chain is all that is left, on purpose.
    auto const text = row.optional_text("event");
    if (!text) return line;
    auto const event = parse_object(*text);
    if (!event) return line;
    for (auto const& field : *event)
        line.emplace(field.key(), field.value());
    return line;
}

Reply show(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const type = fields.optional_text("type", 64).value_or("");
    auto const actor = fields.optional_text("actor", 128).value_or("");
    auto const object = fields.optional_text("object", 128).value_or("");
    auto const after = fields.optional_number("after", 0).value_or(0);
    auto const span = read_span(fields);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const found = ECLUSE_TRY(context.database.rows(
        "SELECT sequence, at_ms, type, event FROM journal_event WHERE sequence > $1 AND at_ms >= "
        "$2 "
        "AND at_ms < $3 AND ($4 = '' OR type = $4) "
        "AND ($5 = '' OR json_extract(event, '$.actor') IN ($5, (SELECT id FROM person WHERE login "
        "= $5))) "
        "AND ($6 = '' OR json_extract(event, '$.object') = $6) ORDER BY sequence LIMIT $7",
        {after, span.from_ms, span.to_ms, type, actor, object, page_lines + 1}
    ));
    json::array rows;
    for (auto const& row : found)
        if (rows.size() < static_cast<std::size_t>(page_lines)) rows.push_back(event_of(row));
    ECLUSE_TRY(context.journal.record(
        context.clock.utc_now(),
        "journal.viewed",
        {{"actor", caller.person},
         {"source", caller.address},
         {"object", "journal"},
         {"outcome", "success"},
         {"type", type}}
    ));
    return rows_reply(std::move(rows), found.size() > static_cast<std::size_t>(page_lines));
}

/// Sequence, salt and event of each line, as JSON lines: with journal.log, all that
/// a third party needs to check the chain and its contents. Events before an acknowledged rollback
/// belong to the files that it set aside.
Result<std::string> openings(Context& context, Span span)
{
    std::string lines;
    std::int64_t after = context.journal.first() - 1;
    for (;;) {
        auto const rows = ECLUSE_TRY(context.database.rows(
            "SELECT sequence, salt, event FROM journal_event WHERE sequence > $1 AND "
            "at_ms >= $2 AND at_ms < $3 ORDER BY sequence LIMIT $4",
            {after, span.from_ms, span.to_ms, chunk_rows}
        ));
        for (auto const& row : rows) {
            after = row.number("sequence");
            lines +=
                journal_export_line(after, row.optional_blob("salt"), row.optional_text("event"));
            lines += "\n";
        }
        if (rows.size() < static_cast<std::size_t>(chunk_rows)) return lines;
    }
}

Result<std::vector<Fd>> journal_files(Context& context, Span span)
{
    auto const path = Paths::under(context.root).journal + "/journal.log";
    Fd log{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!log) return os_error("open " + path);
    std::vector<Fd> files;
    files.push_back(std::move(log));
    auto const lines = ECLUSE_TRY(openings(context, span));
    files.push_back(ECLUSE_TRY(memory_file("openings", lines)));
    return files;
}

json::object head_of(Context& context)
{
    auto const head = context.journal.head();
    return {
        {"sequence", head.sequence},
        {"link", head.link},
        {"evidence_certificate", context.evidence.certificate_pem()}};
}

Reply verify(Context& context, Caller const& caller, Request& request)
{
    if (!request.fields.empty()) return Reply::violation("journal.verify: fields");
    ECLUSE_TRY(context.journal.record(
        context.clock.utc_now(),
        "journal.verified",
        {{"actor", caller.person},
         {"source", caller.address},
         {"object", "journal"},
         {"outcome", "success"}}
    ));
    auto files = ECLUSE_TRY(journal_files(context, {}));
    return Reply{head_of(context), std::move(files)};
}

Reply send_out(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const reason = fields.text("reason", 1024);
    auto const span = read_span(fields);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (reason.find_first_not_of(" \t\n") == std::string::npos)
        return rule_fault(ecluse::Fault::window_reason_missing);
    ECLUSE_TRY(context.journal.record(
        context.clock.utc_now(),
        "journal.exported",
        {{"actor", caller.person},
         {"source", caller.address},
         {"object", "journal"},
         {"outcome", "success"},
         {"reason", reason}}
    ));
    auto files = ECLUSE_TRY(journal_files(context, span));
    return Reply{head_of(context), std::move(files)};
}

Reply types(Context&, Caller const&, Request& request)
{
    if (!request.fields.empty()) return Reply::violation("journal.types: fields");
    json::array rows;
    for (auto const& type : journal_types())
        rows.push_back(json::object{{"type", type.name}, {"meaning", type.french}});
    return rows_reply(std::move(rows));
}

/// The RSSI answers for a state that is older than what the witness remembers, or for a witness
/// that is gone: a new chain begins, with both heads in its first line (docs/formats/journal.md
/// §6).
Reply acknowledge(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const reason = fields.text("reason", 1024);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (reason.find_first_not_of(" \t\n") == std::string::npos)
        return rule_fault(ecluse::Fault::window_reason_missing);
    auto& witnesses = context.witnesses;
    auto const at = context.clock.utc_now();
    if (witnesses.rolled_back()) {
        ECLUSE_TRY(context.journal.acknowledge_rollback(
            {.at = at,
             .actor = caller.person,
             .source = caller.address,
             .reason = reason,
             .witnessed_outside = witnesses.remembered(),
             .factors = caller.factors}
        ));
    } else if (witnesses.state() == Witnesses::State::lost) {
        ECLUSE_TRY(record_act(
            context,
            caller,
            {.type = "anomaly.witness",
             .object = "witness",
             .details = {{"outcome", "acknowledged"}, {"reason", reason}}}
        ));
    } else {
        return wrong_state(to_word(witnesses.state()));
    }
    witnesses.begin_anew();
    return head_of(context);
}

} // namespace

void add_journal_requests(RequestTable& table, Context& context)
{
    auto const add = [&](char const* name, Access access, auto handler) {
        table.add(
            name,
            {.handler = [&context, handler](Caller const& caller, Request& request, Answer const&)
                 -> Reply { return handler(context, caller, request); },
             .access = access,
             .roles = {"rssi", "log_manager", "auditor"}}
        );
    };
    add("journal.show", Access::roles, &show);
    add("journal.verify", Access::roles, &verify);
    add("journal.export", Access::roles, &send_out);
    add("journal.types", Access::logged_in, &types);
    table.add(
        "journal.acknowledge",
        {.handler = [&context](Caller const& caller, Request& request, Answer const&) -> Reply {
             return acknowledge(context, caller, request);
         },
         .roles = {"rssi"},
         .signs = true}
    );
}

} // namespace ecluse::policyd
