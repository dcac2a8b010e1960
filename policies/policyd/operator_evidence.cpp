#include "common/bytes.h"
#include "common/fd.h"
#include "common/json.h"
#include "common/loop.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/journal/excerpt.h"
#include "policies/journal/journal.h"
#include "policies/journal/verify.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/paths.h"
#include "policies/policyd/recorder_link.h"
#include "policies/store/database.h"
#include "policies/store/windows.h"
#include "policies/vault/evidence_key.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

/// Evidence packs of several sessions (docs/formats/evidence-pack.md). policyd gives what it holds
/// and signs the list of what the pack contains; eclusectl puts it together, because the key that
/// opens recordings is the reader's and never comes here (WEB:HE6).
namespace ecluse::policyd {
namespace {

/// What a manifest in one packet can list.
constexpr std::size_t sessions_max = 20;
constexpr std::size_t manifest_bytes_max = 56 * 1024;
constexpr std::size_t packs_max = 50;
constexpr std::size_t certificates_bytes_max = 2 * 1024 * 1024;
/// Years of events are looked through: some milliseconds a turn, so that live sessions notice
/// nothing.
constexpr std::int64_t turn_rows = 10'000;
constexpr std::string_view hexadecimal = "0123456789abcdef";
constexpr std::string_view name_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./";

/// One pack being made: whose it is, and what its manifest must say.
struct Pack {
    std::string person, token_sha256, dossier_sha256;
    std::set<std::string> sessions;
};

/// Until their manifest is signed; the oldest goes when there are too many, and is begun again.
class Packs {
public:
    void add(std::string const& id, Pack pack)
    {
        if (order_.size() >= packs_max) {
            packs_.erase(order_.front());
            order_.erase(order_.begin());
        }
        order_.push_back(id);
        packs_.emplace(id, std::move(pack));
    }
    /// Only for the login that began it.
    [[nodiscard]] Pack const* find(std::string const& id, Caller const& caller) const
    {
        auto const found = packs_.find(id);
        if (found == packs_.end() || found->second.person != caller.person ||
            found->second.token_sha256 != caller.token_sha256)
            return nullptr;
        return &found->second;
    }
    /// Its manifest is signed once.
    void close(std::string const& id)
    {
        packs_.erase(id);
        std::erase(order_, id);
    }

private:
    std::map<std::string, Pack> packs_;
    std::vector<std::string> order_;
};

Fault unknown_pack()
{
    return {"E-INC-01", TextKey::error_pack_unknown_text, {}, TextKey::error_pack_unknown_remedy};
}

std::string day_and_time(std::int64_t ms)
{
    return to_iso(UtcMillis{std::chrono::milliseconds{ms}});
}

json::object session_facts(Row const& row)
{
    json::object facts{
        {"session", row.text("id")},
        {"window", row.text("access_window")},
        {"protocol", row.text("protocol")},
        {"person", row.text("person_name")},
        {"vendor", row.text("vendor_name")},
        {"asset", row.text("asset_name")},
        {"account", row.text("account")},
        {"source", row.text("source")},
        {"started", day_and_time(row.number("started_ms"))}};
    if (auto const ended = row.optional_number("ended_ms")) facts["ended"] = day_and_time(*ended);
    for (auto const* const name : {"end_reason", "header_sha256", "seal_sha256"})
        if (auto const value = row.optional_text(name)) facts[name] = *value;
    return facts;
}

/// What was asked for, and all that hangs on it.
struct Chosen {
    json::array sessions;
    std::set<std::string> ids, windows;
    std::vector<std::string> reports;
    std::vector<std::string> objects; // as journal events name them
};

using Found = std::variant<Chosen, Fault>;

/// What a report tells of: every target of its window. A limited auditor takes it with all of them.
Result<bool> takes_reports(Context& context, Caller const& caller, std::string const& window)
{
    if (!caller.scope) return true;
    auto const found = ECLUSE_TRY(store::find_window(context.database, window));
    return found && store::whole_window_is_in(caller.scope, *found);
}

Result<Found>
choose(Context& context, Caller const& caller, std::vector<std::string> const& sessions)
{
    Chosen chosen;
    for (auto const& id : sessions) {
        auto const row = ECLUSE_TRY(context.database.row(
            "SELECT s.*, p.first_name || ' ' || p.last_name AS person_name, a.name AS asset_name, "
            "v.name AS vendor_name FROM session s JOIN person p ON p.id = s.person "
            "JOIN asset a ON a.id = s.asset JOIN access_window w ON w.id = s.access_window "
            "JOIN vendor v ON v.id = w.vendor WHERE s.id = $1",
            {id}
        ));
        if (!row || !ECLUSE_TRY(store::session_is_in(context.database, caller.scope, id)))
            return Found{unknown_recording()};
        if (row->text("recording") == "open") return Found{wrong_state("open")};
        if (!chosen.ids.insert(id).second) continue;
        chosen.sessions.push_back(session_facts(*row));
        chosen.windows.insert(row->text("access_window"));
        chosen.objects.push_back(id);
        chosen.objects.push_back(row->text("connection"));
    }
    for (auto const& window : chosen.windows) {
        chosen.objects.push_back(window);
        bool const with_reports = ECLUSE_TRY(takes_reports(context, caller, window));
        for (auto const& row : ECLUSE_TRY(context.database.rows(
                 "SELECT id, 1 AS is_report FROM report WHERE access_window = $1 UNION ALL "
                 "SELECT id, 0 FROM extension_request WHERE window = $1 UNION ALL "
                 "SELECT id, 0 FROM window_question WHERE window = $1",
                 {window}
             ))) {
            if (row.number("is_report") == 1) {
                if (!with_reports) continue;
                chosen.reports.push_back(row.text("id"));
            }
            chosen.objects.push_back(row.text("id"));
        }
    }
    return Found{std::move(chosen)};
}

/// The journal being written and those set aside by acknowledged rollbacks.
std::vector<std::string> journal_logs(std::string const& folder)
{
    std::vector<std::string> paths;
    std::error_code ec;
    for (auto const& entry : std::filesystem::directory_iterator{folder, ec})
        if (auto const name = entry.path().filename().string();
            name == "journal.log" || name.starts_with("journal.log.J-"))
            paths.push_back(entry.path().string());
    return paths;
}

std::string dossier_of(
    Context& context,
    Caller const& caller,
    std::string const& pack,
    std::string const& reason,
    UtcMillis at,
    Chosen const& chosen
)
{
    return json::serialize(json::object{
               {"format", "ecluse-pack-1"},
               {"pack", pack},
               {"site", context.config.site.name},
               {"made", to_iso(to_seconds(at))},
               {"by", caller.name},
               {"login", caller.login},
               {"reason", reason},
               {"sessions", chosen.sessions},
               {"windows", json::array(chosen.windows.begin(), chosen.windows.end())},
               {"reports", json::array(chosen.reports.begin(), chosen.reports.end())}}) +
           "\n";
}

/// Before anything leaves: one line for the pack, one for each recording, and a checkpoint that
/// signs all that the pack will quote (CLAUSIER:O-6.3).
Result<> journal_pack(
    Context& context,
    Caller const& caller,
    std::string const& pack,
    std::string const& reason,
    UtcMillis at,
    Chosen const& chosen
)
{
    json::object const common{
        {"actor", caller.person},
        {"source", caller.address},
        {"outcome", "success"},
        {"reason", reason},
        {"factors", caller.factors}};
    std::vector<Journal::Entry> entries;
    auto event = common;
    event["object"] = pack;
    event["sessions"] = json::array(chosen.ids.begin(), chosen.ids.end());
    entries.push_back({at, "evidence.exported", json::serialize(event)});
    for (auto const& session : chosen.ids) {
        auto about = common;
        about["object"] = session;
        about["format"] = "pack";
        about["pack"] = pack;
        entries.push_back({at, "recording.exported", json::serialize(about)});
    }
    ECLUSE_TRY(context.journal.record_all(entries));
    return context.journal.checkpoint(at);
}

/// A pack on its way to whoever asked.
struct Begun {
    Answer answer;
    json::object said;
    std::string dossier, objects; // a JSON list
    std::int64_t looked_at = 0, last = 0;
    std::vector<std::int64_t> sequences; // of the events about these objects
    std::string sessions;                // a JSON list
    std::string timestamps;              // JSON lines: file, base64
    std::string openings;                // what they say: JSON lines, as in a journal export
    Result<std::string> excerpts = Error{Errc::unavailable, "excerpts: not made"};
};

Reply texts_of(Begun& begun)
{
    auto const excerpts = ECLUSE_TRY(std::move(begun.excerpts));
    std::vector<Fd> files;
    for (std::string_view const text : {begun.dossier, excerpts, begun.openings, begun.timestamps})
        files.push_back(ECLUSE_TRY(memory_file("pack", text)));
    return Reply{std::move(begun.said), std::move(files)};
}

Result<> look_through_turn(Context& context, Begun& begun)
{
    auto const to = std::min(begun.looked_at + turn_rows, begun.last);
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT sequence, salt, event FROM journal_event WHERE sequence > $1 AND "
             "sequence <= $2 AND json_extract(event, '$.object') IN "
             "(SELECT value FROM json_each($3)) ORDER BY sequence",
             {begun.looked_at, to, begun.objects}
         ))) {
        auto const sequence = row.number("sequence");
        begun.sequences.push_back(sequence);
        begun.openings +=
            journal_export_line(sequence, row.optional_blob("salt"), row.optional_text("event")) +
            "\n";
    }
    begun.looked_at = to;
    return {};
}

std::string attachment(std::string const& name, std::string const& bytes)
{
    return json::serialize(json::object{{"file", name}, {"base64", to_base64(bytes)}}) + "\n";
}

/// The tokens of these seals, and that of the first stamped head after all that is quoted: its line
/// is quoted too, so that the token has something to stand for.
Result<> add_timestamps(Context& context, Begun& begun)
{
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT object, token FROM timestamp_request WHERE kind = 'seal' AND token IS NOT "
             "NULL "
             "AND object IN (SELECT value FROM json_each($1)) ORDER BY object",
             {begun.sessions}
         )))
        begun.timestamps +=
            attachment("horodatages/" + row.text("object") + ".tst", row.blob("token"));
    auto const last = begun.sequences.empty() ? 0 : begun.sequences.back();
    auto const head = ECLUSE_TRY(context.database.row(
        "SELECT sequence, token FROM timestamp_request WHERE kind = 'head' AND token IS NOT NULL "
        "AND sequence >= $1 ORDER BY sequence LIMIT 1",
        {last}
    ));
    if (head) {
        auto const sequence = head->number("sequence");
        if (sequence != last) begun.sequences.push_back(sequence);
        begun.timestamps += attachment(
            "horodatages/journal-" + std::to_string(sequence) + ".tst", head->blob("token")
        );
    }
    if (begun.timestamps.empty()) return {};
    auto const authorities = read_file(context.config.timestamp.ca, certificates_bytes_max);
    // Without them the tokens still verify, by what the auditor holds.
    if (authorities) begun.timestamps += attachment("certificats/horodatage.pem", *authorities);
    return {};
}

/// The events about the pack's objects, then their places in the chain.
void look_through(Context& context, std::shared_ptr<Begun> const& begun)
{
    if (auto const done = look_through_turn(context, *begun); !done)
        return begun->answer.complete(done.error());
    if (begun->looked_at < begun->last)
        return context.loop.in_pool([] {}, [&context, begun] { look_through(context, begun); });
    if (auto const done = add_timestamps(context, *begun); !done)
        return begun->answer.complete(done.error());
    context.loop.in_pool(
        [begun, logs = journal_logs(Paths::under(context.root).journal)] {
            begun->excerpts = journal_excerpts(logs, begun->sequences);
        },
        [begun] { begun->answer.complete(texts_of(*begun)); }
    );
}

Reply begin(
    Context& context, Packs& packs, Caller const& caller, Request& request, Answer const& answer
)
{
    Fields fields{request.fields};
    auto const sessions = fields.texts("sessions", sessions_max, id_bytes_max);
    auto const reason = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (reason.find_first_not_of(" \t\r\n") == std::string::npos)
        return rule_fault(ecluse::Fault::window_reason_missing);
    if (sessions.empty()) return unknown_recording();
    auto const found = ECLUSE_TRY(choose(context, caller, sessions));
    if (auto const* const fault = std::get_if<Fault>(&found)) return *fault;
    auto const& chosen = std::get<Chosen>(found);
    auto const pack = random_id('P');
    auto const at = context.clock.utc_now();
    auto const begun = std::make_shared<Begun>();
    begun->answer = answer;
    begun->last = context.journal.head().sequence;
    begun->sessions = json::serialize(json::array(chosen.ids.begin(), chosen.ids.end()));
    begun->objects = json::serialize(json::array(chosen.objects.begin(), chosen.objects.end()));
    ECLUSE_TRY(journal_pack(context, caller, pack, reason, at, chosen));
    begun->dossier = dossier_of(context, caller, pack, reason, at, chosen);
    packs.add(
        pack, {caller.person, caller.token_sha256, to_hex(sha256(begun->dossier)), chosen.ids}
    );
    begun->said = {
        {"pack", pack},
        {"made", to_iso(to_seconds(at))},
        {"sessions", json::array(chosen.ids.begin(), chosen.ids.end())},
        {"windows", json::array(chosen.windows.begin(), chosen.windows.end())},
        {"reports", json::array(chosen.reports.begin(), chosen.reports.end())},
        {"evidence_certificate", context.evidence.certificate_pem()}};
    look_through(context, begun);
    return Reply::later();
}

Reply give_recording(
    Context& context, Packs& packs, Caller const& caller, Request& request, Answer const& answer
)
{
    Fields fields{request.fields};
    auto const id = fields.text("pack", id_bytes_max);
    auto const session = fields.text("session", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const pack = packs.find(id, caller);
    if (!pack) return unknown_pack();
    if (!pack->sessions.contains(session)) return unknown_recording();
    context.recorder.open(session, [answer](Result<RecorderLink::Opened> opened) {
        if (!opened) return answer.complete(opened.error());
        json::array names(opened->names.begin(), opened->names.end());
        answer.complete(Reply{json::object{{"files", std::move(names)}}, std::move(opened->files)});
    });
    return Reply::later();
}

/// "DIGEST  NAME" lines in the order of names, as `sha256sum -c` reads them; it holds `dossier`.
bool is_manifest(std::string_view text, std::string_view dossier)
{
    std::string_view last;
    bool has_dossier = false;
    while (!text.empty()) {
        auto const end = text.find('\n');
        if (end == std::string_view::npos || end < 67) return false;
        auto const digest = text.substr(0, 64), name = text.substr(66, end - 66);
        if (digest.find_first_not_of(hexadecimal) != std::string_view::npos ||
            text.substr(64, 2) != "  " || name <= last || name.front() == '/' ||
            name.find("..") != std::string_view::npos ||
            name.find_first_not_of(name_characters) != std::string_view::npos)
            return false;
        has_dossier = has_dossier || (name == "dossier.json" && digest == dossier);
        last = name;
        text.remove_prefix(end + 1);
    }
    return has_dossier;
}

/// The evidence key signs a list of digests that names this pack's own description, and nothing
/// else.
Reply seal(Context& context, Packs& packs, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const id = fields.text("pack", id_bytes_max);
    auto const manifest = fields.text("manifest", manifest_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const pack = packs.find(id, caller);
    if (!pack) return unknown_pack();
    if (!is_manifest(manifest, pack->dossier_sha256))
        return bad_value("manifest", "not the list of this pack's files");
    auto const signature = ECLUSE_TRY(context.evidence.sign_der(manifest));
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "evidence.sealed",
         .object = id,
         .details = {{"manifest_sha256", to_hex(sha256(manifest))}}}
    ));
    packs.close(id);
    return json::object{{"signature", to_base64(signature)}};
}

} // namespace

void add_evidence_requests(RequestTable& table, Context& context)
{
    auto const packs = std::make_shared<Packs>();
    auto const add = [&](char const* name, bool signs, auto handler) {
        table.add(
            name,
            {.handler = [&context, packs, handler](
                            Caller const& caller, Request& request, Answer const& answer
                        ) -> Reply { return handler(context, *packs, caller, request, answer); },
             .roles = {"rssi", "auditor"},
             .signs = signs,
             .limited_auditor = true}
        );
    };
    add("evidence.export", true, &begin);
    add("evidence.recording", false, &give_recording);
    add("evidence.seal", false, &seal);
}

} // namespace ecluse::policyd
