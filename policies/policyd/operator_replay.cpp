#include "common/bytes.h"
#include "common/helper_program.h"
#include "common/json.h"
#include "common/loop.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/operator_objects.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/replay_bookmarks.h"
#include "policies/policyd/replay_views.h"
#include "policies/policyd/take_secret.h"
#include "policies/policyd/wrapped_keys.h"
#include "policies/store/bookmarks.h"
#include "policies/store/database.h"
#include "policies/vault/evidence_key.h"

#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>

/// Watching a recording in a browser (docs/decisions/0019). A view is one person's right to one
/// recording, opened with a reason; each piece comes with the content key, which is kept by nobody
/// here: ecluse-replay decrypts that piece and ends.
namespace ecluse::policyd {
namespace {

using namespace std::chrono_literals;
using Views = ReplayViews;

/// A day's recording of a desktop is verified and read once when it is opened.
constexpr auto piece_wait = 300s;
constexpr std::size_t key_text_max = 128;
constexpr std::int64_t earlier_max = 50;
constexpr std::int64_t happened_max = 500;
constexpr std::int64_t day_ms = 24 * 3'600'000;

struct Piece {
    json::object request; // without key and files
    Secret key;
    std::vector<std::string> names;
    std::vector<Fd> files;
};

/// A file that the helper fills: it may not make one itself.
Result<Fd> empty_file()
{
    Fd file{::memfd_create("piece", MFD_CLOEXEC)};
    if (!file) return os_error("memory file");
    return file;
}

Result<Fd> show_piece(Piece& piece)
{
    auto const program = ECLUSE_TRY(HelperProgram::start("ecluse-replay"));
    auto output = ECLUSE_TRY(empty_file());
    std::vector<int> descriptors;
    for (auto const& file : piece.files)
        descriptors.push_back(file.get());
    descriptors.push_back(output.get());
    auto request = std::move(piece.request);
    request["files"] = json::array(piece.names.begin(), piece.names.end());
    request["key"] = piece.key.reveal();
    auto text = json::serialize(request);
    auto& kept = request["key"].as_string();
    std::fill(kept.begin(), kept.end(), '\0');
    auto const sent = program.socket().send(text, descriptors);
    wipe(text);
    piece.key.wipe();
    if (!sent) return sent.error();
    auto const packet = ECLUSE_TRY(program.socket().receive(piece_wait));
    if (!packet) return Error{Errc::io, "ecluse-replay ended without an answer"};
    auto const answer = ECLUSE_TRY(parse_object(packet->json));
    if (answer.contains("ok") && answer.at("ok").is_bool() && answer.at("ok").as_bool()) {
        if (::lseek(output.get(), 0, SEEK_SET) != 0) return os_error("rewind");
        return output;
    }
    bool const wrong = answer.contains("wrong_key") && answer.at("wrong_key").is_bool() &&
                       answer.at("wrong_key").as_bool();
    return Error{wrong ? Errc::refused : Errc::io, "ecluse-replay did not show it"};
}

/// Who looked at it before: "déjà consulté par".
Result<json::array> earlier_views(Context& context, std::string const& session)
{
    json::array rows;
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT j.at_ms AS at_ms, json_extract(j.event, '$.reason') AS reason, "
             "COALESCE(p.first_name || ' ' || p.last_name, '?') AS name FROM journal_event j "
             "LEFT JOIN person p ON p.id = json_extract(j.event, '$.actor') "
             "WHERE j.type IN ('recording.opened', 'recording.exported') "
             "AND json_extract(j.event, '$.object') = $1 ORDER BY j.sequence DESC LIMIT $2",
             {session, earlier_max}
         )))
        rows.push_back(json::object{
            {"at", to_iso(UtcMillis{std::chrono::milliseconds{row.number("at_ms")}})},
            {"name", row.text("name")},
            {"reason", row.optional_text("reason").value_or("")}});
    return rows;
}

/// What the journal knows of this session while it ran: extensions, messages, refusals, its end.
Result<json::array> happened(Context& context, Row const& session)
{
    json::array rows;
    auto const from = session.number("started_ms");
    auto const to = session.optional_number("ended_ms").value_or(from + day_ms);
    for (auto const& row : ECLUSE_TRY(context.database.rows(
             "SELECT at_ms, type FROM journal_event WHERE at_ms >= $1 AND at_ms <= $2 AND "
             "(json_extract(event, '$.object') = $3 AND type NOT LIKE 'recording.%' OR "
             "json_extract(event, '$.object') = $4) ORDER BY sequence LIMIT $5",
             {from, to, session.text("id"), session.text("access_window"), happened_max}
         ))) {
        auto const& types = journal_types();
        auto const name = row.text("type");
        auto const meaning = std::find_if(types.begin(), types.end(), [&](auto const& type) {
            return type.name == name;
        });
        rows.push_back(json::object{
            {"at_ms", row.number("at_ms")},
            {"kind", name},
            {"text", meaning == types.end() ? name : std::string{meaning->french}}});
    }
    return rows;
}

Reply open_view(
    Context& context, Views& views, Caller const& caller, Request& request, Answer const& answer
)
{
    Fields fields{request.fields};
    auto const session = fields.text("session", id_bytes_max);
    auto const reason = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (reason.find_first_not_of(" \t\r\n") == std::string::npos)
        return rule_fault(ecluse::Fault::window_reason_missing);
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT id, access_window, recording, started_ms, ended_ms FROM session WHERE id = $1",
        {session}
    ));
    if (!row || row->text("recording") == "purged" ||
        !ECLUSE_TRY(store::session_is_in(context.database, caller.scope, session)))
        return unknown_recording();
    if (row->text("recording") == "open") return wrong_state("open");
    json::object shown{
        {"session", session},
        {"recording", row->text("recording")},
        {"seen_by", ECLUSE_TRY(earlier_views(context, session))},
        {"bookmarks", ECLUSE_TRY(store::list_bookmarks(context.database, session))},
        {"happened", ECLUSE_TRY(happened(context, *row))}};
    // Before the key leaves: no look at a recording without its line (CLAUSIER:O-6.3).
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "recording.opened", .object = session, .details = {{"reason", reason}}}
    ));
    shown["view"] = views.add({session, caller.person, caller.token_sha256});
    context.recorder.open(
        session,
        [answer, shown = std::move(shown)](Result<RecorderLink::Opened> opened) mutable {
            if (!opened) return answer.complete(opened.error());
            auto keys = wrapped_keys(*opened);
            if (!keys) return answer.complete(keys.error());
            shown["keys"] = *std::move(keys);
            answer.complete(document(std::move(shown)));
        }
    );
    return Reply::later();
}

Reply show(
    Context& context,
    Views& views,
    Caller const& caller,
    Request& request,
    Answer const& answer,
    bool video
)
{
    auto piece = std::make_shared<Piece>();
    piece->key = take_secret(request.fields, "key", key_text_max);
    Fields fields{request.fields};
    auto const id = fields.text("view", id_bytes_max);
    auto const from = fields.number("from", 0);
    auto const from_ms = video ? fields.number("from_ms", 0) : 0;
    auto const to_ms = video ? fields.number("to_ms", 0) : 0;
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const view = views.find(id, caller);
    if (!view) return unknown_recording();
    auto const bytes = from_base64(piece->key.reveal());
    if (!bytes) return bad_value("key", bytes.error().what);
    piece->request = {
        {"do", video ? "replay.video" : "replay.watch"},
        {"id", 1},
        {"language", to_code(caller.language)},
        {"certificate", context.evidence.certificate_pem()},
        {"from", from},
        {"from_ms", from_ms},
        {"to_ms", to_ms}};
    context.recorder.open(
        view->session,
        [&context, answer, piece](Result<RecorderLink::Opened> opened) {
            if (!opened) return answer.complete(opened.error());
            piece->names = std::move(opened->names);
            piece->files = std::move(opened->files);
            auto const result = std::make_shared<Result<Fd>>(Error{Errc::unavailable, "not run"});
            context.loop.in_pool(
                [piece, result] { *result = show_piece(*piece); },
                [answer, result] {
                    if (!*result && result->error().code == Errc::refused)
                        return answer.complete(bad_value("key", "not this recording's"));
                    if (!*result) return answer.complete(result->error());
                    std::vector<Fd> files;
                    files.push_back(std::move(**result));
                    answer.complete(Reply{json::object{}, std::move(files)});
                }
            );
        }
    );
    return Reply::later();
}

/// Which moments were on the screen, as the page says (HDS: what was looked at, not only that).
Reply note_seen(Context& context, Views& views, Caller const& caller, Request& request)
{
    Fields fields{request.fields};
    auto const id = fields.text("view", id_bytes_max);
    auto const from = fields.number("from_ms", 0);
    auto const to = fields.number("to_ms", 0);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const view = views.find(id, caller);
    if (!view) return unknown_recording();
    if (to < from) return bad_value("to_ms", "before from_ms");
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "recording.viewed",
         .object = view->session,
         .details = {{"from_ms", from}, {"to_ms", to}}}
    ));
    return json::object{};
}

} // namespace

void add_replay_requests(RequestTable& table, Context& context)
{
    auto const views = std::make_shared<Views>();
    auto const add = [&](char const* name, auto handler) {
        table.add(
            name,
            {.handler = [&context, views, handler](
                            Caller const& caller, Request& request, Answer const& answer
                        ) -> Reply { return handler(context, *views, caller, request, answer); },
             .roles = {"rssi", "auditor"},
             .limited_auditor = true}
        );
    };
    add("recording.view", &open_view);
    add("recording.watch", [](auto& c, auto& v, auto& who, auto& request, auto& answer) {
        return show(c, v, who, request, answer, false);
    });
    add("recording.video", [](auto& c, auto& v, auto& who, auto& request, auto& answer) {
        return show(c, v, who, request, answer, true);
    });
    add("recording.seen", [](auto& c, auto& v, auto& who, auto& request, auto&) {
        return note_seen(c, v, who, request);
    });
    add("bookmark.list", [](auto& c, auto& v, auto& who, auto& request, auto&) {
        return list_bookmarks(c, v, who, request);
    });
    add("bookmark.add", [](auto& c, auto& v, auto& who, auto& request, auto&) {
        return add_bookmark(c, v, who, request);
    });
    add("bookmark.remove", [](auto& c, auto& v, auto& who, auto& request, auto&) {
        return remove_bookmark(c, v, who, request);
    });
}

} // namespace ecluse::policyd
