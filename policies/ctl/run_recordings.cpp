#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/opened_recording.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "recorder/export/export.h"
#include "recorder/export/notes.h"
#include "recorder/export/pack.h"
#include "recorder/verify/verify.h"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace ecluse::ctl {
namespace {

bool is_interactive()
{
    return ::isatty(STDOUT_FILENO) == 1;
}

/// Says each fault with its file and place; the same words as ecluse-verify.
bool is_intact(Ctl& ctl, recording::RecordingFiles const& files, std::string const& certificate)
{
    recording::VerifyOptions options;
    options.evidence_certificate = certificate;
    auto const verdict = recording::verify(files, options);
    if (ctl.json()) {
        json::array faults;
        for (auto const& fault : verdict.faults)
            faults.emplace_back(recording::describe(fault, ctl.language()));
        fmt::print(
            "{}\n", json::serialize(json::object{{"intact", verdict.good()}, {"faults", faults}})
        );
        return verdict.good();
    }
    for (auto const& fault : verdict.faults)
        ctl.fail(
            Exit::integrity,
            TextKey::ctl_recording_fault,
            {{"fault", recording::describe(fault, ctl.language())}}
        );
    for (auto const note : verdict.notes)
        ctl.say(recording::describe(note, ctl.language()));
    return verdict.good();
}

/// Asks for the files with the reason, checks them, opens them with the reader's key. The order
/// matters: nothing is shown of a recording that was altered.
std::optional<Opened> open_checked(Ctl& ctl, Command const& command, json::object fields)
{
    if (command.signs && !ctl.sign(fields)) return std::nullopt;
    auto answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return std::nullopt;
    auto const certificate = text_of(answer->fields, "evidence_certificate");
    auto files = files_of(ctl, *answer);
    if (!files) return std::nullopt;
    recording::VerifyOptions options;
    options.evidence_certificate = certificate;
    options.allow_not_countersigned = true;
    for (auto const& fault : recording::verify(*files, options).faults) {
        ctl.fail(
            Exit::integrity,
            TextKey::ctl_recording_fault,
            {{"fault", recording::describe(fault, ctl.language())}}
        );
        return std::nullopt;
    }
    auto const key = reading_key(ctl);
    return key ? unlock(ctl, *std::move(files), *key) : std::nullopt;
}

volatile std::sig_atomic_t interrupted = 0;

recording::Write to_descriptor(int fd)
{
    return [fd](std::string_view bytes) { return write_all(fd, bytes); };
}

/// Whether the recording has that form; says which ones it has otherwise.
bool fits(Ctl& ctl, Opened const& opened, std::string const& format)
{
    bool const desktop = recording::is_desktop(opened.recording.header());
    if (desktop && format == "cast") {
        ctl.fail(Exit::usage, TextKey::ctl_recording_format_desktop);
        return false;
    }
    if (!desktop && format == "vtt") {
        ctl.fail(Exit::usage, TextKey::ctl_recording_format_terminal);
        return false;
    }
    return true;
}

Exit export_pack(Ctl& ctl, Command const& command, json::object fields)
{
    if (command.signs && !ctl.sign(fields)) return ctl.exit();
    auto answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    auto const certificate = text_of(answer->fields, "evidence_certificate");
    auto files = files_of(ctl, *answer);
    if (!files) return ctl.exit();
    recording::PackRequest request;
    request.folder = ctl.value("output");
    request.recordings.push_back(*std::move(files));
    request.certificates.emplace_back("preuve", certificate);
    if (auto const written = recording::write_pack(request); !written)
        return ctl.fail(written.error());
    if (!ctl.json())
        ctl.say(TextKey::ctl_recording_pack_written, {{"path", printable(request.folder)}});
    return Exit::ok;
}

} // namespace

Exit run_recording_verify(Ctl& ctl, Command const& command, json::object fields)
{
    auto answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    auto const certificate = text_of(answer->fields, "evidence_certificate");
    auto const session = text_of(answer->fields, "session");
    auto const files = files_of(ctl, *answer);
    if (!files) return ctl.exit();
    if (!is_intact(ctl, *files, certificate)) return Exit::integrity;
    if (!ctl.json()) ctl.say(TextKey::ctl_recording_intact, {{"session", session}});
    return Exit::ok;
}

Exit run_recording_play(Ctl& ctl, Command const& command, json::object fields)
{
    recording::PlayOptions options;
    if (ctl.has("speed")) {
        auto const typed = ctl.value("speed");
        auto const [end, fault] =
            std::from_chars(typed.data(), typed.data() + typed.size(), options.speed);
        if (fault != std::errc{} || end != typed.data() + typed.size() || options.speed < 0.1 ||
            options.speed > 100)
            return ctl.fail(Exit::usage, TextKey::ctl_recording_speed);
    }
    auto const opened = open_checked(ctl, command, std::move(fields));
    if (!opened) return ctl.exit();
    if (recording::is_desktop(opened->recording.header()))
        return ctl.fail(Exit::usage, TextKey::ctl_recording_play_desktop);
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    ::sigaction(SIGINT, &action, nullptr);
    auto const wait = recording::steady_wait([] { return interrupted != 0; });
    auto const played = recording::play(
        opened->recording, opened->key, options, to_descriptor(STDOUT_FILENO), wait
    );
    if (!played) return ctl.fail(played.error());
    if (is_interactive()) ctl.say(TextKey::ctl_recording_played);
    return Exit::ok;
}

Exit run_recording_export(Ctl& ctl, Command const& command, json::object fields)
{
    auto const format = ctl.value("format");
    if (format == "pack") return export_pack(ctl, command, std::move(fields));
    auto const opened = open_checked(ctl, command, std::move(fields));
    if (!opened) return ctl.exit();
    if (!fits(ctl, *opened, format)) return ctl.exit();
    auto const path = ctl.value("output");
    if (path == "-") {
        auto const written = write_format(ctl, *opened, format, to_descriptor(STDOUT_FILENO));
        return written ? Exit::ok : ctl.fail(written.error());
    }
    // Clear content: for its reader only, and never through a link or over another file.
    Fd const file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!file) return ctl.fail(os_error("create " + path));
    if (auto const written = write_format(ctl, *opened, format, to_descriptor(file.get()));
        !written)
        return ctl.fail(written.error());
    if (!ctl.json()) ctl.say(TextKey::ctl_written, {{"path", printable(path)}});
    return Exit::ok;
}

} // namespace ecluse::ctl
