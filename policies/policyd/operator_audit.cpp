#include "common/bytes.h"
#include "common/json.h"
#include "common/packet.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/audit_rules.h"
#include "policies/policyd/audits.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/report_document.h"
#include "policies/store/assets.h"
#include "policies/store/audits.h"
#include "policies/store/paging.h"
#include "policies/store/vendors.h"

#include <algorithm>
#include <array>
#include <set>

/// Audits of the traces (HDS:EXI-19): sessions drawn by lot, looked at one by one, and signed. Who
/// draws chooses the period and how many, never which (docs/decisions/0027, docs/formats/audit.md).
namespace ecluse::policyd {
namespace {

/// A quarter of a busy site; drawn in some milliseconds, so that live sessions notice nothing.
constexpr std::size_t population_max = 20'000;
/// One list, and more than anybody looks at.
constexpr std::int64_t drawn_max = 500;
constexpr std::string_view draw_rule = "ecluse-draw-1";
/// What is looked at in each session. CLAUSIER:O-12.2.5.1: what was announced is what was done.
constexpr std::array<std::string_view, 5> points{
    "recording", "purpose", "acts", "report", "anomalies"};

bool is_blank(std::string const& text)
{
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

std::string instant(std::int64_t at)
{
    return to_iso(UtcTime{std::chrono::seconds{at}});
}

json::value or_null(std::optional<std::string> const& text)
{
    return text ? json::value(*text) : json::value(nullptr);
}

json::value or_null(std::optional<std::int64_t> number)
{
    return number ? json::value(*number) : json::value(nullptr);
}

Fault running_already()
{
    return {
        "E-AUD-01",
        TextKey::operator_audit_running_text,
        {},
        TextKey::operator_audit_running_remedy};
}

Fault nothing_to_draw()
{
    return {
        "E-AUD-02", TextKey::operator_audit_empty_text, {}, TextKey::operator_audit_empty_remedy};
}

Fault too_many()
{
    return {
        "E-AUD-03",
        TextKey::operator_audit_many_text,
        {{"sessions", std::to_string(population_max)}, {"drawn", std::to_string(drawn_max)}},
        TextKey::operator_audit_many_remedy};
}

/// What the journal tells of a limited auditor's draw, and what makes two limits the same.
json::value shown_scope(std::optional<store::Scope> const& scope)
{
    return scope ? json::value(store::to_json(*scope)) : json::value(nullptr);
}

/// The audit named in the request, which this caller may know: a limited auditor, the own ones
/// drawn inside the present limits.
std::variant<store::SessionAudit, Reply>
reach(Context& context, Caller const& caller, std::string const& id)
{
    auto const found = store::find_audit(context.database, id);
    if (!found) return Reply{found.error()};
    bool const known =
        *found &&
        (!caller.scope || ((*found)->drawn_by == caller.person &&
                           shown_scope((*found)->period.scope) == shown_scope(caller.scope)));
    if (!known) return Reply{unknown(TextKey::operator_unknown_audit, id)};
    return **found;
}

/// The vendor and the asset that the draw is narrowed to. What a limited auditor may not see does
/// not exist.
Result<std::optional<Fault>> narrow(
    Context& context,
    Caller const& caller,
    std::optional<std::string> const& vendor,
    std::optional<std::string> const& asset,
    store::AuditedPeriod& period
)
{
    auto const sees = [&](auto const& ids, std::string const& id) {
        return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    if (vendor) {
        auto const found = ECLUSE_TRY(store::find_vendor(context.database, *vendor));
        if (!found || (caller.scope && !sees(caller.scope->vendors, found->id)))
            return std::optional{unknown(TextKey::operator_unknown_vendor, *vendor)};
        period.vendor = found->id;
    }
    if (asset) {
        auto const found = ECLUSE_TRY(store::find_asset(context.database, *asset));
        if (!found || (caller.scope && !sees(caller.scope->assets, found->id)))
            return std::optional{unknown(TextKey::operator_unknown_asset, *asset)};
        period.asset = found->id;
    }
    return std::optional<Fault>{};
}

struct Draw {
    std::vector<store::DrawnSession> sessions;
    std::vector<std::string> ids;
    std::set<std::string> sensitive_assets;
    std::vector<std::string> population;
};

/// Every session on a sensitive asset, and of the others as many as were asked for.
Draw draw_from(store::SessionAudit const& audit, std::vector<store::EndedSession> const& ended)
{
    Draw draw;
    std::vector<std::string> always, others;
    for (auto const& session : ended) {
        (session.sensitive ? always : others).push_back(session.id);
        draw.population.push_back(session.id);
        if (session.sensitive) draw.sensitive_assets.insert(session.asset);
    }
    auto const count = audit.size ? static_cast<std::size_t>(*audit.size)
                                  : share_of(others.size(), static_cast<std::size_t>(*audit.share));
    for (auto& id : draw_sessions(audit.seed, always, always.size()))
        draw.sessions.push_back({std::move(id), "sensitive"});
    for (auto& id : draw_sessions(audit.seed, others, count))
        draw.sessions.push_back({std::move(id), "drawn"});
    for (auto const& session : draw.sessions)
        draw.ids.push_back(session.id);
    return draw;
}

json::object draw_details(store::SessionAudit const& audit, Draw const& draw)
{
    return {
        {"rule", draw_rule},
        {"from", instant(audit.period.from_at)},
        {"until", instant(audit.period.until_at)},
        {"vendor", or_null(audit.period.vendor)},
        {"asset", or_null(audit.period.asset)},
        {"scope", shown_scope(audit.period.scope)},
        {"size", or_null(audit.size)},
        {"share", or_null(audit.share)},
        {"sensitive_assets",
         json::array(draw.sensitive_assets.begin(), draw.sensitive_assets.end())},
        {"population", audit.population},
        {"population_sha256", audit.population_sha256},
        {"seed", audit.seed},
        {"drawn", draw.sessions.size()},
        {"drawn_sha256", to_hex(sha256(population_text(draw.ids)))}};
}

/// The seed comes from here and is in the journal, with the population, before anybody sees what it
/// draws.
Reply draw_now(Context& context, Caller const& caller, store::SessionAudit& audit)
{
    auto const ended = store::ended_sessions(context.database, audit.period, population_max);
    if (!ended && ended.error().code == Errc::too_large) return too_many();
    if (!ended) return ended.error();
    if (ended->empty()) return nothing_to_draw();
    audit.id = random_id('U');
    audit.seed = to_hex(random_bytes(audit_seed_bytes));
    auto const draw = draw_from(audit, *ended);
    if (draw.sessions.empty()) return nothing_to_draw();
    if (draw.sessions.size() > static_cast<std::size_t>(drawn_max)) return too_many();
    audit.population = static_cast<std::int64_t>(ended->size());
    audit.population_sha256 = to_hex(sha256(population_text(draw.population)));
    bool const done = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "audit.drawn", .object = audit.id, .details = draw_details(audit, draw)},
        [&] { return store::insert_audit(context.database, audit, draw.sessions); }
    ));
    if (!done) return running_already();
    return json::object{
        {"audit", audit.id},
        {"population", audit.population},
        {"drawn", draw.sessions.size()},
        {"seed", audit.seed}};
}

Reply draw(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const from = fields.text("from", id_bytes_max);
    auto const until = fields.text("until", id_bytes_max);
    auto const vendor = fields.optional_text("vendor", name_bytes_max);
    auto const asset = fields.optional_text("asset", name_bytes_max);
    store::SessionAudit audit;
    audit.size = fields.optional_number("size");
    audit.share = fields.optional_number("share");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const begins = parse_iso(from);
    auto const ends = parse_iso(until);
    auto const now = seconds_now(context);
    if (!begins) return bad_value("from", from);
    // What is still to end would change the population after the draw.
    if (!ends || ends->time_since_epoch().count() > now || *ends <= *begins)
        return bad_value("until", until);
    if (audit.size.has_value() == audit.share.has_value()) return bad_value("size, share", "");
    if (audit.size && (*audit.size < 1 || *audit.size > drawn_max))
        return bad_value("size", "1…" + std::to_string(drawn_max));
    if (audit.share && (*audit.share < 1 || *audit.share > 100)) return bad_value("share", "1…100");
    audit.drawn_by = caller.person;
    audit.drawn_at = now;
    audit.period.from_at = begins->time_since_epoch().count();
    audit.period.until_at = ends->time_since_epoch().count();
    audit.period.scope = caller.scope;
    if (auto const fault = ECLUSE_TRY(narrow(context, caller, vendor, asset, audit.period)))
        return *fault;
    return draw_now(context, caller, audit);
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::AuditFilter filter;
    filter.after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    filter.scope = caller.scope;
    if (caller.scope) filter.drawn_by = caller.person;
    auto page = store::list_audits(context.database, filter);
    if (!page || caller.scope) return page_reply(std::move(page));
    auto rows = *std::move(page);
    // How the whole hospital stands is not for who sees a part of it.
    auto const due = ECLUSE_TRY(audit_due(context));
    rows["next_due"] = due.next ? json::value(to_iso(*due.next)) : json::value(nullptr);
    rows["due"] = due.is_due;
    rows["sessions"] = due.standing.sessions;
    rows["audited"] = due.standing.audited;
    return document(std::move(rows));
}

/// What somebody looks at, and what the minutes keep.
Result<json::object> described(Context& context, store::SessionAudit const& audit)
{
    auto const who = ECLUSE_TRY(find_person(context, audit.drawn_by));
    json::value vendor(nullptr), asset(nullptr);
    if (audit.period.vendor)
        if (auto const found =
                ECLUSE_TRY(store::find_vendor(context.database, *audit.period.vendor)))
            vendor = found->name;
    if (audit.period.asset)
        if (auto const found = ECLUSE_TRY(store::find_asset(context.database, *audit.period.asset)))
            asset = found->name;
    json::object object{
        {"audit", audit.id},
        {"site", context.config.site.name},
        {"drawn_by", who ? json::value(who->login) : json::value(nullptr)},
        {"drawn_by_name",
         who ? json::value(who->first_name + " " + who->last_name) : json::value(nullptr)},
        {"drawn_at", instant(audit.drawn_at)},
        {"from_at", instant(audit.period.from_at)},
        {"until_at", instant(audit.period.until_at)},
        {"vendor", vendor},
        {"asset", asset},
        {"limited", audit.period.scope.has_value()},
        {"size", or_null(audit.size)},
        {"share", or_null(audit.share)},
        {"rule", draw_rule},
        {"seed", audit.seed},
        {"population", audit.population},
        {"population_sha256", audit.population_sha256},
        {"outcome", or_null(audit.outcome)},
        {"conclusion", or_null(audit.conclusion)}};
    object["rows"] = ECLUSE_TRY(store::audit_items(context.database, audit));
    return object;
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("audit", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, id);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& audit = std::get<store::SessionAudit>(found);
    // Once it is signed, what was signed.
    if (auto const minutes = ECLUSE_TRY(store::audit_minutes(context.database, id)))
        return document(ECLUSE_TRY(parse_object(*minutes)));
    auto object = ECLUSE_TRY(described(context, audit));
    object["judges"] = !audit.outcome && audit.drawn_by == caller.person;
    return document(std::move(object));
}

/// The list that was drawn from, as its digest was made: one id a line.
Reply population(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("audit", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, id);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& audit = std::get<store::SessionAudit>(found);
    std::vector<std::string> ids;
    for (auto& session :
         ECLUSE_TRY(store::ended_sessions(context.database, audit.period, population_max)))
        ids.push_back(std::move(session.id));
    auto const text = population_text(std::move(ids));
    if (to_hex(sha256(text)) != audit.population_sha256)
        return Error{
            Errc::corrupt, "audit " + id + ": the sessions are not those it was drawn from"};
    std::vector<Fd> files;
    files.push_back(ECLUSE_TRY(memory_file("population", text)));
    return Reply{
        json::object{
            {"audit", id},
            {"file", id + "-population"},
            {"format", "txt"},
            {"sha256", audit.population_sha256}},
        std::move(files)};
}

/// Its answers to the points, and what comes of them: one gap is a deviation.
struct Judged {
    json::object checks;
    bool has_gap = false;
};
std::variant<Judged, Fault> read_points(Fields& fields)
{
    Judged judged;
    std::optional<Fault> wrong;
    for (auto const point : points) {
        auto const word = fields.text(point, id_bytes_max);
        if (word != "ok" && word != "gap" && word != "none") wrong = bad_value(point, word);
        judged.has_gap = judged.has_gap || word == "gap";
        judged.checks[point] = word;
    }
    if (wrong) return *wrong;
    return judged;
}

/// Nobody may find complete what was destroyed or never written.
Result<bool> has_recording(Context& context, std::string const& session)
{
    auto const row =
        ECLUSE_TRY(context.database.row("SELECT recording FROM session WHERE id = $1", {session}));
    return row && (row->text("recording") == "sealed" || row->text("recording") == "interrupted");
}

Reply judge(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::AuditFinding finding;
    finding.audit = fields.text("audit", id_bytes_max);
    finding.session = fields.text("session", id_bytes_max);
    finding.comment = fields.optional_text("comment", reason_bytes_max);
    auto const read = read_points(fields);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, finding.audit);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& audit = std::get<store::SessionAudit>(found);
    if (audit.drawn_by != caller.person) return not_yours();
    if (audit.outcome) return wrong_state(*audit.outcome);
    if (auto const* const fault = std::get_if<Fault>(&read)) return *fault;
    auto const& judged = std::get<Judged>(read);
    if (judged.has_gap && is_blank(finding.comment.value_or("")))
        return bad_value("comment", "vide");
    if (judged.checks.at("recording").as_string() == "ok" &&
        !ECLUSE_TRY(has_recording(context, finding.session)))
        return bad_value("recording", "ok");
    finding.checks = json::serialize(judged.checks);
    finding.outcome = judged.has_gap ? "deviation" : "conform";
    finding.judged_at = seconds_now(context);
    bool const done = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "audit.judged",
         .object = finding.audit,
         .details =
             {{"session", finding.session},
              {"checks", judged.checks},
              {"result", finding.outcome},
              {"comment", or_null(finding.comment)}}},
        [&] { return store::set_finding(context.database, finding); }
    ));
    if (!done) return unknown(TextKey::operator_unknown_session, finding.session);
    return json::object{{"session", finding.session}, {"outcome", finding.outcome}};
}

std::int64_t deviations_in(json::array const& rows)
{
    return std::count_if(rows.begin(), rows.end(), [](json::value const& row) {
        auto const& outcome = row.at("outcome");
        return outcome.is_string() && outcome.as_string() == "deviation";
    });
}

Reply sign(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::AuditEnd end;
    end.audit = fields.text("audit", id_bytes_max);
    end.conclusion = fields.text("conclusion", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, end.audit);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto audit = std::get<store::SessionAudit>(found);
    if (audit.drawn_by != caller.person) return not_yours();
    if (audit.outcome) return wrong_state(*audit.outcome);
    if (is_blank(end.conclusion)) return bad_value("conclusion", "vide");
    if (auto const missing = ECLUSE_TRY(store::missing_findings(context.database, end.audit)))
        return Fault{
            "E-AUD-04",
            TextKey::operator_audit_missing_text,
            {{"count", std::to_string(missing)}},
            TextKey::operator_audit_missing_remedy};
    audit.outcome = end.outcome = "signed";
    audit.conclusion = end.conclusion;
    end.by = caller.person;
    end.at = seconds_now(context);
    end.factors = caller.factors;
    auto minutes = ECLUSE_TRY(described(context, audit));
    minutes["signed_by"] = caller.name;
    minutes["signed_at"] = instant(end.at);
    minutes["factors"] = caller.factors;
    auto const deviations = deviations_in(minutes.at("rows").as_array());
    end.minutes = json::serialize(minutes);
    auto const digest = to_hex(sha256(*end.minutes));
    bool const done = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "audit.signed",
         .object = end.audit,
         .details =
             {{"minutes_sha256", digest},
              {"drawn", minutes.at("rows").as_array().size()},
              {"deviations", deviations}}},
        [&] { return store::end_audit(context.database, end); }
    ));
    if (!done) return wrong_state("signed");
    return json::object{
        {"audit", end.audit}, {"minutes_sha256", digest}, {"deviations", deviations}};
}

/// A draw that is not followed up stays for everybody to see, with why.
Reply abandon(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::AuditEnd end;
    end.audit = fields.text("audit", id_bytes_max);
    end.conclusion = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, end.audit);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const& audit = std::get<store::SessionAudit>(found);
    // Who drew may have left: the RSSI answers for what they left behind.
    if (audit.drawn_by != caller.person && !caller.has_role("rssi")) return not_yours();
    if (audit.outcome) return wrong_state(*audit.outcome);
    if (is_blank(end.conclusion)) return bad_value("reason", "vide");
    end.outcome = "abandoned";
    end.by = caller.person;
    end.at = seconds_now(context);
    bool const done = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "audit.abandoned", .object = end.audit, .details = {{"reason", end.conclusion}}},
        [&] { return store::end_audit(context.database, end); }
    ));
    if (!done) return wrong_state("abandoned");
    return json::object{{"audit", end.audit}};
}

Reply as_file(json::object said, Fd file)
{
    std::vector<Fd> files;
    files.push_back(std::move(file));
    return Reply{std::move(said), std::move(files)};
}

/// The very bytes whose digest the journal has, or as they are printed: they are then attached.
Reply minutes(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    Fields fields{request.fields};
    auto const id = fields.text("audit", id_bytes_max);
    auto const format = fields.optional_text("format", 8).value_or("json");
    if (format != "json" && format != "pdf") fields.fault("format", "json or pdf");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto found = reach(context, caller, id);
    if (auto* refused = std::get_if<Reply>(&found)) return std::move(*refused);
    auto const text = ECLUSE_TRY(store::audit_minutes(context.database, id));
    if (!text) return wrong_state(std::get<store::SessionAudit>(found).outcome.value_or("open"));
    ECLUSE_TRY(record_act(
        context, caller, {.type = "audit.exported", .object = id, .details = {{"format", format}}}
    ));
    json::object said{
        {"audit", id}, {"file", id}, {"format", format}, {"sha256", to_hex(sha256(*text))}};
    if (format == "json")
        return as_file(std::move(said), ECLUSE_TRY(memory_file("minutes", *text)));
    render_audit_minutes(context, *text, [answer, said = std::move(said)](Result<Fd> pdf) mutable {
        answer.complete(pdf ? as_file(std::move(said), std::move(*pdf)) : Reply{pdf.error()});
    });
    return Reply::later();
}

} // namespace

void add_audit_requests(RequestTable& table, Context& context)
{
    auto const add = [&](char const* name, Handle handle, bool signs = false) {
        add_request(
            table,
            context,
            name,
            {.roles = {"rssi", "auditor"}, .signs = signs, .limited_auditor = true},
            handle
        );
    };
    add("audit.draw", &draw);
    add("audit.list", &list);
    add("audit.show", &show);
    add("audit.population", &population);
    add("audit.judge", &judge);
    add("audit.sign", &sign, true);
    add("audit.abandon", &abandon);
    add("audit.minutes", &minutes);
}

} // namespace ecluse::policyd
