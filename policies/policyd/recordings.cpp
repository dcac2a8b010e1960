#include "policies/policyd/recordings.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/timestamps.h"
#include "policies/store/database.h"
#include "policies/vault/evidence_key.h"

#include <algorithm>
#include <unistd.h>

namespace ecluse::policyd {
namespace {

constexpr std::size_t seal_bytes_max = 256 * 1024;

std::string text_of(json::object const& object, char const* name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

SqlValue number_of(json::object const& object, char const* name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_int64() ? SqlValue{value->get_int64()} : SqlValue{};
}

SqlValue json_of(json::object const& object, char const* name)
{
    auto const* const value = object.if_contains(name);
    return value ? SqlValue{json::serialize(*value)} : SqlValue{};
}

/// The evidence key signs only what we read ourselves, and only when it is what the recorder said.
void countersign(Context& context, std::string const& session, std::string const& seal_sha256)
{
    context.recorder.open(
        session,
        [&context, session, seal_sha256](Result<RecorderLink::Opened> opened) {
            auto const complain = [&](std::string const& why) {
                log(LogLevel::error, "countersign " + session + ": " + why);
            };
            if (!opened) return complain(opened.error().what);
            auto const& names = opened->names;
            auto const found = std::find(names.begin(), names.end(), "seal.json");
            if (found == names.end()) return complain("no seal");
            auto const& file = opened->files[static_cast<std::size_t>(found - names.begin())];
            auto const seal = read_all(file.get(), seal_bytes_max);
            if (!seal) return complain(seal.error().what);
            if (to_hex(sha256(*seal)) != seal_sha256)
                return complain("the seal is not the announced one");
            auto const signature = context.evidence.sign_der(*seal);
            if (!signature) return complain(signature.error().what);
            context.recorder.countersign(session, *signature, context.evidence.certificate_pem());
        }
    );
}

Result<bool>
already_known(Context& context, std::string const& session, std::string const& seal_sha256)
{
    auto const row =
        ECLUSE_TRY(context.database.row("SELECT seal_sha256 FROM session WHERE id = $1", {session})
        );
    if (!row)
        return Error{Errc::not_found, "a recording of no known session: " + printable(session, 64)};
    return row->optional_text("seal_sha256") == seal_sha256;
}

Result<> write_seal(
    Context& context, std::string const& session, json::object const& summary, bool interrupted
)
{
    auto const header = text_of(summary, "header_sha256");
    auto const seal = text_of(summary, "seal_sha256");
    auto const link = text_of(summary, "last_link");
    auto const at = context.clock.utc_now();
    json::object const event{
        {"actor", "system"},
        {"source", "local"},
        {"object", session},
        {"outcome", text_of(summary, "end_reason")},
        {"header_sha256", header},
        {"seal_sha256", seal},
        {"last_link", link}};
    auto const type = interrupted ? "recording.interrupted" : "recording.sealed";
    ECLUSE_TRY(context.journal.record(at, type, event, [&]() -> Result<> {
        ECLUSE_TRY(context.database.run(
            "UPDATE session SET recording = $1, header_sha256 = $2, seal_sha256 = $3, last_link = "
            "$4, segments = $5, "
            "record_bytes = $6, gaps = $7 WHERE id = $8",
            {std::string{interrupted ? "interrupted" : "sealed"},
             header,
             seal,
             link,
             number_of(summary, "segments"),
             number_of(summary, "bytes"),
             json_of(summary, "gaps"),
             session}
        ));
        return context.timestamps.queue_seal(session, seal, at);
    }));
    return context.journal.checkpoint(at);
}

} // namespace

void recording_sealed(Context& context, json::object const& summary)
{
    auto const session = text_of(summary, "session");
    auto const seal = text_of(summary, "seal_sha256");
    auto const known = already_known(context, session, seal);
    if (!known) return log(LogLevel::error, known.error().what);
    if (!*known) {
        auto const* const flag = summary.if_contains("interrupted");
        bool const interrupted = flag && flag->is_bool() && flag->get_bool();
        auto const written = write_seal(context, session, summary, interrupted);
        if (!written)
            return log(LogLevel::error, "seal of " + session + ": " + written.error().what);
        log(LogLevel::info, session + ": recording sealed");
    }
    // Also when we knew: the recorder repeats what it holds without our signature.
    countersign(context, session, seal);
}

void recording_failed(Context& context, std::string_view session, std::string_view why)
{
    std::string const id{session};
    context.live.cut(id, endings::recorder_failed());
    json::object const event{
        {"actor", "system"},
        {"source", "local"},
        {"object", printable(id, 64)},
        {"outcome", printable(why)}};
    auto const done = context.journal.record(
        context.clock.utc_now(),
        "recording.failed",
        event,
        [&]() -> Result<> {
            ECLUSE_TRY(context.database.run(
                "UPDATE session SET recording = 'failed' WHERE id = $1 AND recording = 'open'", {id}
            ));
            return {};
        }
    );
    if (!done) log(LogLevel::error, "recording of " + printable(id, 64) + ": " + done.error().what);
}

} // namespace ecluse::policyd
