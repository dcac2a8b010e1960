#pragma once

#include "policies/ctl/ctl.h"
#include "recorder/export/export.h"
#include "recorder/format/reader.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>

/// A recording as policyd hands it over, and its content in the hands of whoever has the key.
namespace ecluse::ctl {

[[nodiscard]] std::string text_of(boost::json::object const& object, std::string_view field);

/// policyd hands over descriptors of ciphertext; nothing is opened by name here.
[[nodiscard]] std::optional<recording::RecordingFiles> files_of(Ctl& ctl, Answered& answer);

/// The RSSI's key stays in this process: policyd and the recorder never see it, nor what it opens
/// (WEB:HE6).
struct Opened {
    recording::Recording recording;
    recording::ContentKey key;
};
/// From --key-file and its passphrase.
[[nodiscard]] std::optional<recording::ReadingKey> reading_key(Ctl& ctl);
[[nodiscard]] std::optional<Opened>
unlock(Ctl& ctl, recording::RecordingFiles files, recording::ReadingKey const& key);

/// "cast", "mp4", "vtt", "text" or "json".
Result<> write_format(
    Ctl& ctl, Opened const& opened, std::string const& format, recording::Write const& write
);

} // namespace ecluse::ctl
