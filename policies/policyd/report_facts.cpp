#include "policies/policyd/report_facts.h"

#include "common/bytes.h"
#include "common/json.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/context.h"
#include "policies/policyd/report_events.h"
#include "policies/store/database.h"
#include "policies/store/sessions.h"

namespace ecluse::policyd {
namespace {

UtcTime seconds(std::int64_t at)
{
    return UtcTime{std::chrono::seconds{at}};
}
UtcTime from_ms(std::int64_t at)
{
    return to_seconds(UtcMillis{std::chrono::milliseconds{at}});
}

std::optional<UtcTime> optional_seconds(std::optional<std::int64_t> at)
{
    if (!at) return std::nullopt;
    return seconds(*at);
}

/// "Jeanne Martin"; an id that no row explains stays as it is, and "" stands for the machine.
std::string name_of(Database& database, std::string const& person)
{
    auto const row = database.row(
        "SELECT first_name || ' ' || last_name AS name FROM person WHERE id = $1", {person}
    );
    return row && *row ? (*row)->text("name") : person;
}

std::vector<std::string> split_factors(std::string_view factors)
{
    std::vector<std::string> names;
    while (!factors.empty()) {
        auto const plus = factors.find('+');
        names.emplace_back(factors.substr(0, plus));
        factors = plus == std::string_view::npos ? "" : factors.substr(plus + 1);
    }
    return names;
}

/// The part of the request that the hospital validated beforehand (CLAUSIER:O-12.2.5.1). Fields are
/// optional: an older request may lack some.
void read_details(report::WindowFacts& window, std::string const& text)
{
    auto const object = parse_object(text);
    if (!object) return;
    Fields fields{*object};
    auto const take = [&](char const* name) { return fields.optional_text(name, 16 * 1024); };
    report::Procedure procedure;
    procedure.reference = take("procedure");
    procedure.tools = take("tools");
    procedure.functions_kept = take("functions_kept");
    procedure.safeguards = take("safeguards");
    procedure.update_origin = take("update_origin");
    procedure.update_sha256 = take("update_sha256");
    procedure.rollback_plan = take("rollback_plan");
    if (procedure.reference || procedure.tools || procedure.functions_kept ||
        procedure.safeguards || procedure.update_origin || procedure.update_sha256 ||
        procedure.rollback_plan)
        window.procedure = std::move(procedure);
    if (object->contains("interruption"))
        window.service_interruption = fields.flag("interruption", false);
    if (object->contains("health_data"))
        window.health_data_possible = fields.flag("health_data", false);
}

Result<report::WindowFacts> load_window(Database& database, Row const& row)
{
    report::WindowFacts window;
    window.id = row.text("id");
    window.start = seconds(row.number("opens_at"));
    window.end = seconds(row.number("closes_at"));
    window.emergency = row.number("emergency") != 0;
    window.nature = row.text("nature");
    window.reason = row.text("reason");
    window.ticket = row.optional_text("ticket");
    read_details(window, row.text("details"));
    window.requested_by = name_of(database, row.text("requested_by"));
    window.requested_at = seconds(row.number("requested_at"));
    window.approved_by = name_of(database, row.optional_text("decided_by").value_or(""));
    window.approved_at = seconds(row.optional_number("decided_at").value_or(0));
    window.opened_at = optional_seconds(row.optional_number("opened_at"));
    if (auto const by = row.optional_text("opened_by"); by && *by != "system")
        window.opened_by = name_of(database, *by);
    window.closed_at = optional_seconds(row.optional_number("closed_at"));
    // Closed by the clock, at its end: nobody's act, and no reason to give.
    if (auto const by = row.optional_text("closed_by"); by && *by != "system") {
        window.closed_by = name_of(database, *by);
        window.close_reason = row.optional_text("close_reason");
    }
    if (auto const reason = row.optional_text("override_reason"))
        window.overrides.push_back({"usage_hours", *reason, window.approved_by, window.approved_at}
        );
    if (auto const reason = row.optional_text("report_lifted_reason"))
        window.overrides.push_back(
            {"overdue_report", *reason, window.approved_by, window.approved_at}
        );
    for (auto const& function : ECLUSE_TRY(database.rows(
             "SELECT function FROM window_function WHERE window = $1 ORDER BY function", {window.id}
         )))
        window.functions.push_back(function.text("function"));
    for (auto const& extension : ECLUSE_TRY(database.rows(
             "SELECT from_at, to_at, reason, extended_by, extended_at FROM window_extension "
             "WHERE window = $1 ORDER BY extended_at",
             {window.id}
         )))
        window.extensions.push_back(
            {seconds(extension.number("from_at")),
             seconds(extension.number("to_at")),
             extension.text("reason"),
             name_of(database, extension.text("extended_by")),
             seconds(extension.number("extended_at"))}
        );
    return window;
}

Result<std::vector<report::Person>> load_people(Database& database, std::string const& window)
{
    std::vector<report::Person> people;
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT p.id, p.first_name || ' ' || p.last_name AS name, p.login, s.name AS company "
             "FROM window_person w JOIN person p ON p.id = w.person "
             "LEFT JOIN subcontractor s ON s.id = p.subcontractor WHERE w.window = $1 "
             "ORDER BY p.last_name, p.first_name",
             {window}
         ))) {
        report::Person person{
            row.text("name"), row.text("login"), row.optional_text("company"), {}, {}};
        for (auto const& used : ECLUSE_TRY(database.rows(
                 "SELECT DISTINCT source, factors FROM session WHERE access_window = $1 AND "
                 "person = $2 ORDER BY source",
                 {window, row.text("id")}
             ))) {
            auto const source = used.text("source");
            if (person.sources.empty() || person.sources.back() != source)
                person.sources.push_back(source);
            for (auto& factor : split_factors(used.text("factors")))
                if (std::find(person.factors.begin(), person.factors.end(), factor) ==
                    person.factors.end())
                    person.factors.push_back(std::move(factor));
        }
        people.push_back(std::move(person));
    }
    return people;
}

Result<> load_sessions(Context& context, report::Facts& facts)
{
    auto& database = context.database;
    for (auto const& row : ECLUSE_TRY(database.rows(
             std::string{"SELECT "} + store::client_sql +
                 ", s.*, a.name AS asset_name FROM session s JOIN asset a ON a.id = s.asset "
                 "WHERE s.access_window = $1 ORDER BY s.started_ms",
             {facts.window.id}
         ))) {
        report::Session session;
        session.id = row.text("id");
        session.person = name_of(database, row.text("person"));
        session.asset = row.text("asset_name");
        session.account = row.text("account");
        session.protocol = row.text("protocol");
        session.source = row.text("source");
        session.client = row.optional_text("client");
        session.started = from_ms(row.number("started_ms"));
        if (auto const ended = row.optional_number("ended_ms")) session.ended = from_ms(*ended);
        session.end_reason = row.optional_text("end_reason");
        if (auto const by = row.optional_text("ended_by"); by && session.ended)
            session.cuts.push_back(
                {*session.ended,
                 name_of(database, *by),
                 row.optional_text("end_comment").value_or("")}
            );
        ECLUSE_TRY(load_session_events(context, session));
        facts.sessions.push_back(std::move(session));

        report::RecordingFacts recording;
        recording.session = row.text("id");
        recording.state = row.text("recording");
        recording.header_sha256 = row.optional_text("header_sha256");
        recording.last_link = row.optional_text("last_link");
        recording.seal_sha256 = row.optional_text("seal_sha256");
        recording.segments = row.optional_number("segments").value_or(0);
        recording.gaps = gap_sentences(row.optional_text("gaps").value_or(""));
        facts.recordings.push_back(std::move(recording));
    }
    return {};
}

Result<> load_refusals(Database& database, report::Facts& facts)
{
    // The refusals of this window, and those of its people while it lasted.
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT reference, at_ms, code, address, login, detail FROM refusal "
             "WHERE access_window = $1 OR (at_ms >= $2 AND at_ms < $3 AND person IN "
             "(SELECT person FROM window_person WHERE window = $1)) ORDER BY at_ms LIMIT 1000",
             {facts.window.id,
              facts.window.start.time_since_epoch().count() * 1000,
              facts.window.end.time_since_epoch().count() * 1000}
         )))
        facts.refusals.push_back(
            {row.text("reference"),
             from_ms(row.number("at_ms")),
             row.text("code"),
             row.text("address"),
             row.optional_text("login"),
             row.optional_text("detail")}
        );
    return {};
}

Result<> load_decisions(Database& database, report::Facts& facts)
{
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT submitted_by, submitted_at, factors, decision, decided_by, decided_at, "
             "comment FROM report_version WHERE report = $1 AND version = $2",
             {facts.report, facts.version}
         ))) {
        facts.decisions.push_back(
            {"signed",
             name_of(database, row.text("submitted_by")),
             seconds(row.number("submitted_at")),
             split_factors(row.text("factors")),
             std::nullopt}
        );
        if (auto const decision = row.optional_text("decision"))
            facts.decisions.push_back(
                {*decision,
                 name_of(database, row.text("decided_by")),
                 seconds(row.number("decided_at")),
                 {},
                 row.optional_text("comment")}
            );
    }
    return {};
}

/// Who was named, whether nothing began without one, and who was there.
Result<std::optional<report::Escort>> load_escort(Database& database, Row const& window)
{
    report::Escort escort;
    escort.required = window.number("escort_required") != 0;
    auto& presences = escort.presences.emplace();
    for (auto const& row : ECLUSE_TRY(database.rows(
             "SELECT person, arrived_at, left_at FROM window_presence WHERE window = $1 "
             "ORDER BY arrived_at, person",
             {window.text("id")}
         )))
        presences.push_back(
            {name_of(database, row.text("person")),
             seconds(row.number("arrived_at")),
             optional_seconds(row.optional_number("left_at"))}
        );
    // Named, and told at the next login only: no instant to state.
    if (auto const named = window.optional_text("escort"))
        escort.name = name_of(database, *named);
    else if (!presences.empty())
        escort.name = presences.front().name;
    if (escort.name.empty() && !*escort.required) return std::optional<report::Escort>{};
    return std::optional{std::move(escort)};
}

Result<> load_journal_position(Context& context, report::Facts& facts)
{
    auto const first = ECLUSE_TRY(context.database.row(
        "SELECT MIN(sequence) AS sequence FROM journal_event WHERE at_ms >= $1 * 1000",
        {facts.window.requested_at.time_since_epoch().count()}
    ));
    auto const head = context.journal.head();
    facts.journal.first_sequence = first ? first->optional_number("sequence").value_or(0) : 0;
    facts.journal.last_sequence = head.sequence;
    facts.journal.link = head.link;
    return {};
}

} // namespace

Result<report::Facts>
load_report_facts(Context& context, std::string_view id, std::int64_t version, UtcMillis now)
{
    auto& database = context.database;
    auto const row = ECLUSE_TRY(database.row(
        "SELECT w.*, r.due_at, v.name AS vendor_name, v.contract_reference FROM report r "
        "JOIN access_window w ON w.id = r.access_window JOIN vendor v ON v.id = w.vendor "
        "WHERE r.id = $1",
        {std::string{id}}
    ));
    if (!row) return Error{Errc::not_found, "load report: no such report"};
    report::Facts facts;
    facts.report = id;
    facts.version = version;
    facts.site = context.config.site.name;
    facts.generated_at = to_seconds(now);
    facts.due_at = seconds(row->number("due_at"));
    facts.window = ECLUSE_TRY(load_window(database, *row));
    facts.vendor = {row->text("vendor_name"), row->text("contract_reference"), std::nullopt};
    facts.people = ECLUSE_TRY(load_people(database, facts.window.id));
    for (auto const& asset : ECLUSE_TRY(database.rows(
             "SELECT DISTINCT a.id, a.name FROM window_asset w JOIN asset a ON a.id = w.asset "
             "WHERE w.window = $1 ORDER BY a.name",
             {facts.window.id}
         )))
        facts.assets.push_back({asset.text("id"), asset.text("name")});
    facts.escort = ECLUSE_TRY(load_escort(database, *row));
    ECLUSE_TRY(load_sessions(context, facts));
    ECLUSE_TRY(load_refusals(database, facts));
    ECLUSE_TRY(load_decisions(database, facts));
    ECLUSE_TRY(load_journal_position(context, facts));
    return facts;
}

} // namespace ecluse::policyd
