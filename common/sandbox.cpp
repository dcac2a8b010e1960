#include "common/sandbox.h"

#include "common/fd.h"
#include "common/sandbox_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ecluse {
namespace {

using sandbox::Given;
using sandbox::in_force;

#ifdef ECLUSE_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
constexpr char const* sanitizer_reason = "sanitizer build";

/// A worker holds two sockets, a few queues of bounded size and at most two threads.
constexpr rlim_t worker_files_max = 64;
constexpr rlim_t worker_memory_max = 1024UL * 1024 * 1024;
/// FreeRDP's threads reserve stacks; a hostile target made it grow without end.
constexpr rlim_t rdp_worker_memory_max = 1536UL * 1024 * 1024;
/// Its events are descriptors too.
constexpr rlim_t rdp_worker_files_max = 256;
/// An encoder holds three sockets; FreeRDP's AVC decoders bring threads, whose events are
/// descriptors. The libraries that its codecs bring take a third of this by
/// their size alone; pictures of the largest desktop another third.
constexpr rlim_t encoder_files_max = 128;
constexpr rlim_t encoder_memory_max = 1536UL * 1024 * 1024;
/// A recording's files, what is written, and one socket. The chain of the longest session, one
/// piece of its content and its timeline fit many times.
constexpr rlim_t replay_files_max = 32;
constexpr rlim_t replay_memory_max = 2048UL * 1024 * 1024;
/// A daemon holds a handful of descriptors per session: enough for 2,000 sessions.
constexpr rlim_t daemon_files_max = 16384;
constexpr std::size_t proc_file_max = 256UL * 1024;

/// Linux shows the number of threads in the status file.
Result<> check_single_threaded()
{
    auto const status = ECLUSE_TRY(read_file("/proc/self/status", proc_file_max));
    // Filters and namespaces are per thread: one that already runs would stay outside.
    if (status.find("\nThreads:\t1\n") == std::string::npos)
        return Error{Errc::refused, "threads already run"};
    return {};
}

/// Whether this network namespace has nothing but a loopback.
bool network_is_empty()
{
    auto const devices = read_file("/proc/self/net/dev", proc_file_max);
    if (!devices) return false;
    // Two lines of headings, then one line per interface, its name before the colon.
    auto const after_headings = devices->find('\n', devices->find('\n') + 1);
    if (after_headings == std::string::npos) return false;
    std::string_view rest = std::string_view{*devices}.substr(after_headings + 1);
    while (!rest.empty()) {
        auto const line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        auto const name_at = line.find_first_not_of(' ');
        if (name_at == std::string_view::npos) continue;
        if (!line.substr(name_at).starts_with("lo:")) return false;
    }
    return true;
}

void write_proc(char const* path, std::string const& text)
{
    Fd const file{::open(path, O_WRONLY | O_CLOEXEC)};
    // A failure leaves the identity unmapped, which only makes it weaker.
    if (file) (void)write_all(file.get(), text);
}

/// Sockets already open stay in the network they come from; new ones find nothing to reach.
Given empty_network()
{
    if (network_is_empty()) return in_force;
    auto const user = ::geteuid();
    auto const group = ::getegid();
    if (::unshare(CLONE_NEWNET) == 0) return in_force;
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return os_error("unshare").what;
    write_proc("/proc/self/setgroups", "deny");
    write_proc("/proc/self/uid_map", fmt::format("{0} {0} 1", user));
    write_proc("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
    return in_force;
}

/// Also those that a new user namespace gave.
Result<> drop_capabilities()
{
    // Up to the last one this kernel knows, which answers EINVAL afterwards. Without CAP_SETPCAP
    // the bounding set stays, and means nothing under no_new_privs.
    for (unsigned long capability = 0; capability < 64; ++capability)
        if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) break;
    (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct const none[2] = {};
    __user_cap_data_struct held[2] = {};
    if (::syscall(SYS_capget, &header, held) != 0) return os_error("read capabilities");
    bool const holds_some = std::any_of(std::begin(held), std::end(held), [](auto const& half) {
        return (half.effective | half.permitted | half.inheritable) != 0;
    });
    // Our units forbid the call itself, and leave nothing to drop.
    if (holds_some && ::syscall(SYS_capset, &header, none) != 0)
        return os_error("drop capabilities");
    return {};
}

Result<> lower(int what, rlim_t most, char const* name)
{
    auto const resource = static_cast<__rlimit_resource>(what);
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) return os_error(name);
    limit.rlim_max = std::min(limit.rlim_max, most);
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(resource, &limit) != 0) return os_error(name);
    return {};
}

Result<> set_limits(ProcessRole role)
{
    if (role == ProcessRole::ssh_worker) {
        ECLUSE_TRY(lower(RLIMIT_AS, worker_memory_max, "memory limit"));
        return lower(RLIMIT_NOFILE, worker_files_max, "descriptor limit");
    }
    if (role == ProcessRole::rdp_worker) {
        ECLUSE_TRY(lower(RLIMIT_AS, rdp_worker_memory_max, "memory limit"));
        return lower(RLIMIT_NOFILE, rdp_worker_files_max, "descriptor limit");
    }
    if (role == ProcessRole::encoder) {
        ECLUSE_TRY(lower(RLIMIT_AS, encoder_memory_max, "memory limit"));
        return lower(RLIMIT_NOFILE, encoder_files_max, "descriptor limit");
    }
    if (role == ProcessRole::replay || role == ProcessRole::timestamp) {
        ECLUSE_TRY(lower(RLIMIT_AS, replay_memory_max, "memory limit"));
        return lower(RLIMIT_NOFILE, replay_files_max, "descriptor limit");
    }
    if (role == ProcessRole::cli) return {};
    // Raises what a shell or systemd leaves at 1,024.
    return lower(RLIMIT_NOFILE, daemon_files_max, "descriptor limit");
}

Result<> hide_memory()
{
    ECLUSE_TRY(lower(RLIMIT_CORE, 0, "core limit"));
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return os_error("dumpable");
    return {};
}

void note(Confinement& confinement, std::string_view layer, Given const& given)
{
    confinement.layers.push_back({layer, !given, given.value_or("")});
}

Result<Confinement> confine_fully(ProcessRole role, Folders const& folders)
{
    Confinement done;
    if (!sanitized) ECLUSE_TRY(check_single_threaded());
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os_error("no new privileges");
    note(done, layer_privileges, in_force);
    // Before the process becomes opaque: its own /proc entries are root's afterwards.
    // policyd dials the targets: the layer is not its own, so it is neither in force nor missing.
    if (role != ProcessRole::policyd) note(done, layer_network, empty_network());
    ECLUSE_TRY(drop_capabilities());
    note(done, layer_capabilities, in_force);
    ECLUSE_TRY(hide_memory());
    note(done, layer_dump, in_force);
    if (sanitized) {
        for (auto const layer : {layer_limits, layer_files, layer_calls})
            note(done, layer, sanitizer_reason);
        return done;
    }
    ECLUSE_TRY(set_limits(role));
    note(done, layer_limits, in_force);
    note(done, layer_files, ECLUSE_TRY(sandbox::restrict_files(role, folders)));
    ECLUSE_TRY(sandbox::restrict_calls(role));
    note(done, layer_calls, in_force);
    return done;
}

} // namespace

bool Confinement::has(std::string_view name) const
{
    return std::any_of(layers.begin(), layers.end(), [&](Layer const& layer) {
        return layer.name == name && layer.active;
    });
}

bool Confinement::complete() const
{
    return std::all_of(layers.begin(), layers.end(), [](Layer const& layer) {
        return layer.active;
    });
}

std::string Confinement::describe() const
{
    std::string present;
    std::string absent;
    for (auto const& layer : layers) {
        auto& list = layer.active ? present : absent;
        if (!list.empty()) list += ", ";
        list += layer.name;
        if (!layer.active) list += fmt::format(" ({})", layer.why_not);
    }
    return absent.empty() ? fmt::format("confined by {}", present)
                          : fmt::format("confined by {}; missing: {}", present, absent);
}

Result<Confinement> confine(ProcessRole role, Folders const& folders)
{
    auto done = [&]() -> Result<Confinement> {
        if (role != ProcessRole::cli) return confine_fully(role, folders);
        Confinement own;
        ECLUSE_TRY(hide_memory());
        note(own, layer_dump, in_force);
        return own;
    }();
    if (!done) return done.error().within("confine");
    return done;
}

} // namespace ecluse
