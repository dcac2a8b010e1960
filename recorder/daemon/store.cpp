#include "recorder/daemon/store.h"

#include "common/time.h"
#include "recorder/format/recover.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse::recorder {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

Result<> sync_folder(std::string const& path)
{
    Fd const folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder) return os_error("open " + path);
    if (::fsync(folder.get()) != 0) return os_error("sync " + path);
    return {};
}

/// Creates a folder when it is missing; its name is then durable in its parent.
Result<> ensure_folder(std::string const& path)
{
    if (::mkdir(path.c_str(), 0700) == 0) return sync_folder(path.substr(0, path.rfind('/')));
    if (errno != EEXIST) return os_error("create " + path);
    return {};
}

Result<std::vector<std::string>> sessions_in(std::string const& path)
{
    std::unique_ptr<DIR, CloseFolder> const folder{::opendir(path.c_str())};
    if (!folder) return os_error("open " + path);
    std::vector<std::string> names;
    // Each caller has its own stream, as readdir requires.
    while (auto const* const entry = ::readdir(folder.get())) // NOLINT(concurrency-mt-unsafe)
        if (recording::is_session_id(entry->d_name)) names.emplace_back(entry->d_name);
    std::sort(names.begin(), names.end());
    return names;
}

Result<> link_to(
    std::string const& root,
    std::string_view index,
    std::string_view session,
    std::string const& relative
)
{
    auto const folder = root + "/" + std::string{index};
    auto const path = folder + "/" + std::string{session};
    if (::symlink(("../" + relative).c_str(), path.c_str()) != 0)
        return errno == EEXIST ? Error{Errc::refused, "create recording: session exists"}
                               : os_error("link " + path);
    return sync_folder(folder);
}

Result<> unlink_from(std::string const& root, std::string_view index, std::string_view session)
{
    auto const folder = root + "/" + std::string{index};
    auto const path = folder + "/" + std::string{session};
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_error("remove " + path);
    return sync_folder(folder);
}

std::uint64_t size_of(std::string const& path)
{
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

} // namespace

Result<Store> Store::open(std::string root)
{
    ECLUSE_TRY(ensure_folder(root));
    ECLUSE_TRY(ensure_folder(root + "/by-id"));
    ECLUSE_TRY(ensure_folder(root + "/pending"));
    return Store{std::move(root)};
}

Result<std::string> Store::create(std::string_view session) const
{
    ECLUSE_ASSERT(recording::is_session_id(session));
    auto const day = to_iso(to_seconds(utc_now()));
    std::string relative = day.substr(0, 4);
    ECLUSE_TRY(ensure_folder(root_ + "/" + relative));
    relative += "/" + day.substr(5, 2);
    ECLUSE_TRY(ensure_folder(root_ + "/" + relative));
    relative += "/" + day.substr(8, 2);
    ECLUSE_TRY(ensure_folder(root_ + "/" + relative));
    relative += "/" + std::string{session};
    // The link by id comes first: it is what makes a session unique, whatever the day.
    ECLUSE_TRY(link_to(root_, "by-id", session, relative));
    ECLUSE_TRY(link_to(root_, "pending", session, relative));
    ECLUSE_TRY(ensure_folder(root_ + "/" + relative));
    return root_ + "/" + relative;
}

Result<std::string> Store::find(std::string_view session) const
{
    if (!recording::is_session_id(session)) return Error{Errc::malformed, "not a session id"};
    auto const link = root_ + "/by-id/" + std::string{session};
    char target[128];
    auto const length = ::readlink(link.c_str(), target, sizeof target);
    if (length <= 3) return Error{Errc::not_found, "no such recording"};
    return root_ + "/" +
           std::string{std::string_view{target, static_cast<std::size_t>(length)}.substr(3)};
}

Result<std::vector<std::string>> Store::pending() const
{
    return sessions_in(root_ + "/pending");
}

Result<> Store::countersigned(std::string_view session) const
{
    return unlink_from(root_, "pending", session);
}

Result<> Store::discard(std::string_view session) const
{
    auto const folder = ECLUSE_TRY(find(session));
    for (auto const* name :
         {"header.json", "key-rssi.cms", "key-escrow.cms", "record.bin", "chain.txt", "seal.sig"})
        if (::unlink((folder + "/" + name).c_str()) != 0 && errno != ENOENT)
            return os_error("remove " + folder);
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) return os_error("remove " + folder);
    ECLUSE_TRY(unlink_from(root_, "pending", session));
    return unlink_from(root_, "by-id", session);
}

Result<std::vector<Store::Listed>> Store::list(std::string_view after, std::size_t count_max) const
{
    auto const names = ECLUSE_TRY(sessions_in(root_ + "/by-id"));
    std::vector<Listed> listed;
    for (auto at = std::upper_bound(names.begin(), names.end(), after);
         at != names.end() && listed.size() < count_max;
         ++at) {
        auto const folder = ECLUSE_TRY(find(*at));
        auto const record = size_of(folder + "/record.bin");
        auto const summary = recording::read_summary(folder);
        if (summary && record == 0 && summary->seal.record_bytes > 0)
            listed.push_back({*at, "purged", 0});
        else if (summary)
            listed.push_back({*at, summary->seal.interrupted ? "interrupted" : "sealed", record});
        else
            listed.push_back({*at, "open", record});
    }
    return listed;
}

} // namespace ecluse::recorder
