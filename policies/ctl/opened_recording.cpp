#include "policies/ctl/opened_recording.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/show.h"
#include "recorder/export/film.h"
#include "recorder/export/notes.h"

#include <filesystem>
#include <unistd.h>
#include <utility>

namespace ecluse::ctl {
namespace {

constexpr std::size_t key_file_bytes_max = 64 * 1024;

/// Our programs stand side by side.
std::string film_program()
{
    std::error_code ec;
    auto const self = std::filesystem::read_symlink("/proc/self/exe", ec);
    return (self.parent_path() / "ecluse-film").string();
}

/// How far it is, on a terminal only, at most once per minute of the recording.
recording::Progress progress_of(Ctl& ctl)
{
    if (ctl.json() || ::isatty(STDERR_FILENO) == 0) return [](std::uint64_t) {};
    return [told = std::int64_t{-1}](std::uint64_t at_us) mutable {
        auto const minute = static_cast<std::int64_t>(at_us / 60'000'000);
        if (minute == std::exchange(told, minute)) return;
        auto const line = "\r" + std::to_string(minute) + " min";
        (void)write_all(STDERR_FILENO, line);
    };
}

} // namespace

std::string text_of(json::object const& object, std::string_view field)
{
    auto const* const value = object.if_contains(field);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::optional<recording::RecordingFiles> files_of(Ctl& ctl, Answered& answer)
{
    std::vector<std::string> names;
    auto const* const listed = answer.fields.if_contains("files");
    if (listed && listed->is_array())
        for (auto const& name : listed->get_array())
            if (name.is_string()) names.emplace_back(name.get_string());
    auto files = recording::RecordingFiles::from_descriptors(names, std::move(answer.descriptors));
    if (files) return *std::move(files);
    ctl.fail(files.error());
    return std::nullopt;
}

std::optional<recording::ReadingKey> reading_key(Ctl& ctl)
{
    auto const path = ctl.value("key-file");
    if (path.empty()) {
        ctl.fail(Exit::usage, TextKey::ctl_recording_key_missing);
        return std::nullopt;
    }
    auto const bytes = read_file(path, key_file_bytes_max);
    if (!bytes) {
        ctl.fail(bytes.error());
        return std::nullopt;
    }
    auto const passphrase = ctl.secret("passphrase", TextKey::ctl_prompt_key_passphrase);
    if (!passphrase) return std::nullopt;
    auto reading = recording::ReadingKey::open(*bytes, *passphrase);
    if (reading) return *std::move(reading);
    ctl.fail(Exit::refused, TextKey::ctl_recording_key_wrong, {{"why", reading.error().what}});
    return std::nullopt;
}

std::optional<Opened>
unlock(Ctl& ctl, recording::RecordingFiles files, recording::ReadingKey const& reading)
{
    auto opened = recording::Recording::open(std::move(files));
    if (!opened) {
        ctl.fail(opened.error());
        return std::nullopt;
    }
    auto key = opened->unlock(reading);
    if (!key) {
        ctl.fail(Exit::refused, TextKey::ctl_recording_key_wrong, {{"why", key.error().what}});
        return std::nullopt;
    }
    return Opened{*std::move(opened), *std::move(key)};
}

Result<> write_format(
    Ctl& ctl, Opened const& opened, std::string const& format, recording::Write const& write
)
{
    if (format == "mp4" && !recording::is_desktop(opened.recording.header()))
        return recording::export_film(
            opened.recording, opened.key, film_program(), write, progress_of(ctl)
        );
    if (format == "cast") return recording::export_cast(opened.recording, opened.key, write);
    if (format == "mp4") return recording::export_mp4(opened.recording, opened.key, write);
    if (format == "vtt") return recording::export_vtt(opened.recording, opened.key, write);
    if (format == "text" && recording::is_desktop(opened.recording.header()))
        return recording::export_desktop_text(opened.recording, opened.key, write);
    if (format == "text") return recording::export_text(opened.recording, opened.key, write);
    return recording::export_json(opened.recording, opened.key, write);
}

} // namespace ecluse::ctl
