#include "policies/policyd/confinement.h"

#include "common/sandbox.h"
#include "policies/config/config.h"
#include "policies/policyd/paths.h"

#include <filesystem>

namespace ecluse::policyd {
namespace {

/// Its own folders; what the resolver of names reads belongs to the system.
Folders folders_of(Paths const& paths, Config const& config)
{
    auto const folder_of = [](std::string const& path) { return path.substr(0, path.rfind('/')); };
    Folders folders;
    folders.read = {folder_of(paths.rssi)};
    // It starts ecluse-report, ecluse-replay and ecluse-timestamp, which stand beside it.
    std::error_code ignored;
    folders.execute = {
        std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string()};
    folders.write = {folder_of(paths.database), paths.journal, folder_of(paths.recorder_socket)};
    // What is not there now cannot be reached before the next start (witnesses.h says so).
    if (std::filesystem::is_directory(config.witness.folder, ignored))
        folders.write.push_back(config.witness.folder);
    for (auto const& file : {config.timestamp.ca, config.timestamp.tls_ca})
        if (std::filesystem::is_regular_file(file, ignored)) folders.read.push_back(file);
    return folders;
}

} // namespace

Result<std::string> confine_policyd(Paths const& paths, Config const& config)
{
    return ECLUSE_TRY(confine(ProcessRole::policyd, folders_of(paths, config))).describe();
}

} // namespace ecluse::policyd
