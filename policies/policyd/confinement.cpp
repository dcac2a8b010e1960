#include "policies/policyd/confinement.h"

#include "common/sandbox.h"
#include "policies/policyd/paths.h"

#include <filesystem>

namespace ecluse::policyd {
namespace {

/// Its own folders; what the resolver of names reads belongs to the system.
Folders folders_of(Paths const& paths)
{
    auto const folder_of = [](std::string const& path) { return path.substr(0, path.rfind('/')); };
    Folders folders;
    folders.read = {folder_of(paths.rssi)};
    // It starts ecluse-report and ecluse-replay, which stand beside it.
    std::error_code ignored;
    folders.execute = {
        std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string()};
    folders.write = {folder_of(paths.database), paths.journal, folder_of(paths.recorder_socket)};
    return folders;
}

} // namespace

Result<std::string> confine_policyd(Paths const& paths)
{
    return ECLUSE_TRY(confine(ProcessRole::policyd, folders_of(paths))).describe();
}

} // namespace ecluse::policyd
