#pragma once

#include "recorder/format/files.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ecluse::recording {

/// Writes an evidence pack: a folder per session with its files untouched, the certificates, the
/// shell verifier and LISEZMOI.txt with the exact commands. A third party needs nothing of ours.
struct PackRequest {
    /// Does not exist yet; its parent does.
    std::string folder;
    std::vector<RecordingFiles> recordings;
    /// File name without ".pem" ("rssi", "sequestre", "preuve") and PEM.
    std::vector<std::pair<std::string, std::string>> certificates;
};
Result<> write_pack(PackRequest const& request);
/// The same from session folders.
Result<> write_pack(
    std::vector<std::string> const& session_folders,
    std::string const& folder,
    std::vector<std::pair<std::string, std::string>> const& certificates = {}
);

/// Texts that travel in packs, as built in: the verifiers of recordings, of a journal, of a pack of
/// several sessions.
[[nodiscard]] std::string_view shell_verifier();
[[nodiscard]] std::string_view journal_verifier();
[[nodiscard]] std::string_view dossier_verifier();
/// Its LISEZMOI.txt; `session` stands in the examples.
[[nodiscard]] std::string dossier_readme(std::string const& pack, std::string const& session);

} // namespace ecluse::recording
