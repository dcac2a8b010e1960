#include "common/fd.h"
#include "common/sandbox_layers.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Landlock by system call, with our own constants: Debian 12's header stops at version 2 of an
/// interface whose later versions a newer kernel gives to the same program.
namespace ecluse::sandbox {
namespace {

struct RulesetAttributes {
    std::uint64_t handled_files;
    std::uint64_t handled_network;
    std::uint64_t scoped;
};
struct __attribute__((packed)) PathBeneath {
    std::uint64_t allowed;
    std::int32_t parent;
};

constexpr std::uint64_t file_execute = 1U << 0;
constexpr std::uint64_t file_read = 1U << 2;
constexpr std::uint64_t file_truncate = 1U << 14;
constexpr std::uint64_t folder_read = 1U << 3;
constexpr std::uint64_t make_character_device = 1U << 6;
constexpr std::uint64_t make_block_device = 1U << 11;
/// What may be granted on a file; the rest is about folders, and refused by the kernel on a file.
constexpr std::uint64_t of_a_file = 1U << 0 | 1U << 1 | file_read | file_truncate | 1U << 15;
constexpr std::uint64_t network_bind = 1U << 0;
constexpr std::uint64_t network_connect = 1U << 1;
constexpr std::uint64_t scope_abstract_sockets = 1U << 0;
constexpr std::uint64_t scope_signals = 1U << 1;

constexpr unsigned version_flag = 1;
constexpr int rule_path_beneath = 1;

/// Every right over files that this version of the kernel knows.
std::uint64_t all_files(long version)
{
    std::uint64_t rights = (1U << 13) - 1;
    if (version >= 2) rights |= 1U << 13; // rename or link between folders
    if (version >= 3) rights |= file_truncate;
    if (version >= 5) rights |= 1U << 15; // device ioctl
    return rights;
}

/// Grants `rights` under `path`; a path which the system lacks is skipped when `optional`.
Result<> grant(int ruleset, std::string const& path, std::uint64_t rights, bool optional)
{
    Fd const place{::open(path.c_str(), O_PATH | O_CLOEXEC)};
    if (!place) {
        if (optional) return {};
        return os_error("landlock: " + path);
    }
    struct stat about {};
    if (::fstat(place.get(), &about) != 0) return os_error("landlock: " + path);
    PathBeneath const rule{
        .allowed = S_ISDIR(about.st_mode) ? rights : rights & of_a_file, .parent = place.get()};
    if (::syscall(SYS_landlock_add_rule, ruleset, rule_path_beneath, &rule, 0U) != 0)
        return os_error("landlock: " + path);
    return {};
}

/// What every program that is not a worker may read: libraries and programs, certificates, name
/// service, zone data, fonts. Nothing here is a secret.
constexpr char const* system_places[] = {
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/ssl",
    "/etc/fonts",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/passwd",
    "/etc/resolv.conf",
    "/etc/group",
    "/proc",
    "/var/cache/fontconfig",
    "/etc/services",
    "/etc/protocols",
    "/etc/ld.so.cache",
    "/run/systemd/resolve",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/dev/zero",
};

Result<> grant_all(int ruleset, ProcessRole role, Folders const& folders, std::uint64_t all)
{
    auto const read = file_read | folder_read;
    // The worker and the report start nothing.
    auto const run = role == ProcessRole::report ? read : read | file_execute;
    for (auto const* place : system_places)
        ECLUSE_TRY(grant(ruleset, place, run, true));
    // A descriptor replaced by /dev/null is how children get an empty input.
    auto const null = all & (read | 1U << 1 | file_truncate);
    ECLUSE_TRY(grant(ruleset, "/dev/null", null, true));
    for (auto const& place : folders.read)
        ECLUSE_TRY(grant(ruleset, place, read, false));
    for (auto const& place : folders.execute)
        ECLUSE_TRY(grant(ruleset, place, read | file_execute, false));
    auto const write = all & ~(file_execute | make_character_device | make_block_device);
    for (auto const& place : folders.write)
        ECLUSE_TRY(grant(ruleset, place, write, false));
    return {};
}

} // namespace

Result<Given> restrict_files(ProcessRole role, Folders const& folders)
{
    auto const version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0UL, version_flag);
    if (version < 1) return Given{"not in this kernel"};

    RulesetAttributes attributes{
        .handled_files = all_files(version), .handled_network = 0, .scoped = 0};
    // Only policyd dials, and nobody binds a port after start: listening sockets are older.
    if (version >= 4)
        attributes.handled_network =
            role == ProcessRole::policyd ? network_bind : network_bind | network_connect;
    if (version >= 6) attributes.scoped = scope_abstract_sockets | scope_signals;
    auto const size = version >= 6   ? sizeof attributes
                      : version >= 4 ? 2 * sizeof(std::uint64_t)
                                     : sizeof(std::uint64_t);
    Fd const ruleset{
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0U))};
    if (!ruleset) return os_error("landlock: create ruleset");

    if (role != ProcessRole::ssh_worker && role != ProcessRole::rdp_worker && role != ProcessRole::encoder &&
        role != ProcessRole::replay && role != ProcessRole::timestamp && role != ProcessRole::web)
        ECLUSE_TRY(grant_all(ruleset.get(), role, folders, attributes.handled_files));
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0U) != 0)
        return os_error("landlock: restrict");
    return in_force;
}

} // namespace ecluse::sandbox
