#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/role.h"
#include "policies/store/database.h"
#include "policies/store/retention.h"
#include "policies/vault/evidence_key.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

/// What is done with the files. None of it lets policyd read them: they are ciphertext here, and
/// the key is the RSSI's (WEB:HE6, HE8). Each use is an event with its reason (CLAUSIER:O-6.3).
struct Use {
    char const* type;
    bool needs_reason;
    bool when_purged = false; // what is left proves that it existed
};

UtcTime from_ms(std::int64_t at)
{
    return to_seconds(UtcMillis{std::chrono::milliseconds{at}});
}

json::object described(Row const& row)
{
    json::object shown{
        {"session", row.text("id")},
        {"recording", row.text("recording")},
        {"person", row.text("person_name")},
        {"vendor", row.text("vendor_name")},
        {"asset", row.text("asset_name")},
        {"account", row.text("account")},
        {"source", row.text("source")},
        {"window", row.text("access_window")},
        {"started_at", to_iso(from_ms(row.number("started_ms")))}};
    if (auto const ended = row.optional_number("ended_ms"))
        shown["ended_at"] = to_iso(from_ms(*ended));
    for (auto const* const name : {"end_reason", "header_sha256", "last_link", "seal_sha256"})
        if (auto const value = row.optional_text(name)) shown[name] = *value;
    for (auto const* const name : {"segments", "record_bytes"})
        if (auto const value = row.optional_number(name)) shown[name] = *value;
    return shown;
}

constexpr char const* select_sessions =
    "SELECT s.*, p.first_name || ' ' || p.last_name AS person_name, a.name AS asset_name, "
    "v.name AS vendor_name, s.started_ms AS page_key, s.id AS page_id FROM session s JOIN person p "
    "ON p.id = s.person "
    "JOIN asset a ON a.id = s.asset JOIN access_window w ON w.id = s.access_window "
    "JOIN vendor v ON v.id = w.vendor ";

Reply list(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const person = fields.optional_text("person", 128);
    auto const asset = fields.optional_text("asset", 128);
    auto const vendor = fields.optional_text("vendor", 128);
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    store::Paged list{select_sessions, {"s.started_ms", "s.id"}};
    list.where_if(person, "s.person IN (SELECT id FROM person WHERE id = ? OR login = ?)");
    list.where_if(asset, "s.asset IN (SELECT id FROM asset WHERE id = ? OR name = ?)");
    list.where_if(vendor, "w.vendor IN (SELECT id FROM vendor WHERE id = ? OR name = ?)");
    store::limit(list, caller.scope, "w.vendor", "s.asset");
    return rows_reply(list.rows(context.database, after), &described);
}

/// When it may go, and what keeps it longer.
Result<> add_term(Context& context, json::object& shown, std::string const& session)
{
    auto const kept = ECLUSE_TRY(store::find_kept(context.database, session));
    if (!kept) return {};
    shown["held"] = kept->facts.legal_hold;
    std::chrono::days const days{context.config.recording.retention_days};
    if (auto const until = kept_until(kept->facts, {.recordings = days}))
        shown["kept_until"] =
            to_iso(kept->announced ? std::max(*until, *kept->announced + purge_notice) : *until);
    return {};
}

Reply show(Context& context, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const session = fields.text("session", 64);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const row =
        ECLUSE_TRY(context.database.row(std::string{select_sessions} + "WHERE s.id = $1", {session})
        );
    if (!row || !ECLUSE_TRY(store::session_is_in(context.database, caller.scope, session)))
        return unknown_recording();
    auto shown = described(*row);
    ECLUSE_TRY(add_term(context, shown, session));
    return shown;
}

Reply hand_over(
    Context& context, Caller const& caller, Request& request, Answer const& answer, Use use
)
{
    Fields fields{request.fields};
    auto const session = fields.text("session", 64);
    auto const reason = use.needs_reason ? fields.text("reason", 1024) : std::string{};
    auto const format = fields.optional_text("format", 16);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (use.needs_reason && reason.find_first_not_of(" \t\n") == std::string::npos)
        return rule_fault(ecluse::Fault::window_reason_missing);
    auto const row =
        ECLUSE_TRY(context.database.row("SELECT recording FROM session WHERE id = $1", {session}));
    if (!row || (row->text("recording") == "purged" && !use.when_purged) ||
        !ECLUSE_TRY(store::session_is_in(context.database, caller.scope, session)))
        return unknown_recording();

    json::object event{
        {"actor", caller.person},
        {"source", caller.address},
        {"object", session},
        {"outcome", "success"}};
    if (use.needs_reason) event["reason"] = reason;
    if (format) event["format"] = *format;
    // Before the files leave: no look at a recording without its line.
    ECLUSE_TRY(context.journal.record(context.clock.utc_now(), use.type, event));
    auto const certificate = context.evidence.certificate_pem();
    context.recorder.open(
        session,
        [answer, session, certificate](Result<RecorderLink::Opened> opened) {
            if (!opened) return answer.complete(opened.error());
            json::array names(opened->names.begin(), opened->names.end());
            answer.complete(Reply{
                json::object{
                    {"session", session},
                    {"files", std::move(names)},
                    {"evidence_certificate", certificate}},
                std::move(opened->files)});
        }
    );
    return Reply::later();
}

} // namespace

Fault unknown_recording()
{
    return {
        "E-ENR-02",
        TextKey::error_recording_unknown_text,
        {},
        TextKey::error_recording_unknown_remedy};
}

void add_recording_requests(RequestTable& table, Context& context)
{
    // Public by nature: whoever holds a report or a recording checks it with this.
    table.add(
        "evidence.certificate",
        {.handler = [&context](Caller const&, Request& request, Answer const&) -> Reply {
             if (!request.fields.empty()) return Reply::violation("evidence.certificate: fields");
             return json::object{{"certificate", context.evidence.certificate_pem()}};
         },
         .access = Access::anyone}
    );
    std::vector<std::string> const readers{"rssi", "auditor"};
    auto const read = [&](char const* name, auto handler) {
        table.add(
            name,
            {.handler = [&context, handler](Caller const& caller, Request& request, Answer const&)
                 -> Reply { return handler(context, caller, request); },
             .roles = {"rssi", "auditor", "dsi", "log_manager"},
             .limited_auditor = true}
        );
    };
    // The connection list, which the DSI sees too (WEB:HE8), and whoever keeps the traces: what
    // stays until when. Contents are below.
    read("recording.list", &list);
    read("recording.show", &show);
    auto const files = [&](char const* name, Use use, bool signs, std::vector<std::string> roles) {
        table.add(
            name,
            {.handler = [&context, use](
                            Caller const& caller, Request& request, Answer const& answer
                        ) -> Reply { return hand_over(context, caller, request, answer, use); },
             .roles = std::move(roles),
             .signs = signs,
             .limited_auditor = true}
        );
    };
    files("recording.open", {"recording.opened", true}, false, readers);
    files("recording.export", {"recording.exported", true}, true, readers);
    files(
        "recording.verify",
        {"recording.verified", false, true},
        false,
        {"rssi", "auditor", "dsi", "log_manager"}
    );
}

} // namespace ecluse::policyd
