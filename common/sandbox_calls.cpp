#include "common/sandbox_layers.h"

#include <seccomp.h>

#include <cerrno>
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <memory>
#include <span>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/// seccomp. The worker lives on a list, and dies of anything else. The daemons live on longer
/// lists: what they do not hold fails with ENOSYS, which libraries know how to take when they try a
/// newer call first; what only an intruder would try ends the process.
namespace ecluse::sandbox {
namespace {

struct Release {
    void operator()(scmp_filter_ctx filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;
using Names = std::span<char const* const>;

constexpr char const* base_calls[] = {
    "brk",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "close",
    "close_range",
    "dup",
    "dup2",
    "dup3",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd2",
    "exit",
    "exit_group",
    "fcntl",
    "fstat",
    "futex",
    "futex_waitv",
    "getegid",
    "geteuid",
    "getgid",
    "getpeername",
    "getpid",
    "getppid",
    "getrandom",
    "getrusage",
    "getsockname",
    "getsockopt",
    "gettid",
    "gettimeofday",
    "getuid",
    "lseek",
    "madvise",
    "membarrier",
    "mlock",
    "mlock2",
    "mremap",
    "munlock",
    "munmap",
    "nanosleep",
    "pause",
    "pipe2",
    "poll",
    "ppoll",
    "pread64",
    "preadv",
    "pselect6",
    "pwrite64",
    "read",
    "readv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigtimedwait",
    "sched_getaffinity",
    "sched_yield",
    "select",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "set_robust_list",
    "set_tid_address",
    "setsockopt",
    "shutdown",
    "sigaltstack",
    "signalfd4",
    "socketpair",
    "sysinfo",
    "time",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    "times",
    "umask",
    "uname",
    "write",
    "writev",
};

constexpr char const* read_file_calls[] = {
    "access",
    "arch_prctl",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fstatfs",
    "getcwd",
    "getdents64",
    "lstat",
    "newfstatat",
    "readlink",
    "readlinkat",
    "stat",
    "statfs",
    "statx",
    "chdir",
    "fchdir",
    "getgroups",
    "getresuid",
    "getresgid",
    "getsid",
    "getpgid",
    "getpgrp",
    "getpriority",
    "ioctl",
    "memfd_create",
    "mincore",
    "msync",
    "prctl",
    "prlimit64",
    "getrlimit",
    "get_robust_list",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_setscheduler",
    "sched_setaffinity",
    "tgkill",
    "tkill",
    "kill",
    "getcpu",
    "get_mempolicy",
    "flock",
};

constexpr char const* write_file_calls[] = {
    "open",
    "openat",
    "creat",
    "chmod",
    "copy_file_range",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "fdatasync",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "sendfile",
    "splice",
    "symlink",
    "symlinkat",
    "sync_file_range",
    "syncfs",
    "truncate",
    "unlink",
    "unlinkat",
    "utime",
    "utimensat",
    "mmap",
    "mprotect",
    // SQLite gives a file it creates as root the owner of its database.
    "chown",
    "fchown",
    "fchownat",
};

constexpr char const* serve_calls[] = {"accept", "accept4", "listen", "bind", "connect"};

/// To start a program, and for that program to confine itself in its turn.
constexpr char const* start_calls[] = {
    "execve",
    "execveat",
    "vfork",
    "fork",
    "wait4",
    "waitid",
    "pidfd_open",
    "pidfd_send_signal",
    "setsid",
    "setpgid",
    "setrlimit",
    "unshare",
    "capget",
    "capset",
    "seccomp",
    "landlock_create_ruleset",
    "landlock_add_rule",
    "landlock_restrict_self",
};

/// Nobody of ours ever calls these.
constexpr char const* hostile_calls[] = {
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "swapon",
    "swapoff",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "setns",
    "mknod",
    "mknodat",
    "open_by_handle_at",
    "keyctl",
    "add_key",
    "request_key",
    "iopl",
    "ioperm",
    "quotactl",
    "acct",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "pidfd_getfd",
    "io_uring_setup",
    "move_mount",
    "open_tree",
    "fsopen",
};

/// Collects the first failure, so that a list of rules reads as a list.
class Rules {
public:
    Rules(scmp_filter_ctx filter, std::uint32_t otherwise) : filter_{filter}, otherwise_{otherwise}
    {
    }

    void add(std::uint32_t action, char const* name, std::initializer_list<scmp_arg_cmp> when = {})
    {
        int const number = ::seccomp_syscall_resolve_name(name);
        // Newer than this libseccomp: the default covers it. Same as the default: nothing to say.
        if (number == __NR_SCMP_ERROR || action == otherwise_ || failed_) return;
        failed_ = ::seccomp_rule_add_array(
            filter_, action, number, static_cast<unsigned>(when.size()), when.begin()
        );
        if (failed_) failed_name_ = name;
    }

    void add_all(std::uint32_t action, Names names)
    {
        for (auto const* name : names)
            add(action, name);
    }

    Result<> finish() const
    {
        if (!failed_) return {};
        errno = -failed_;
        return os_error(std::string{"seccomp: rule "} + failed_name_);
    }

private:
    scmp_filter_ctx filter_;
    std::uint32_t otherwise_;
    int failed_ = 0;
    char const* failed_name_ = "";
};

scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value)
{
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

scmp_arg_cmp equal(unsigned argument, std::uint64_t value)
{
    return {argument, SCMP_CMP_EQ, value, 0};
}

/// Threads, and for those who start programs, processes; never a namespace.
void allow_clone(Rules& rules, bool processes)
{
    constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                         CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    auto const mask = processes ? namespaces : namespaces | CLONE_THREAD;
    rules.add(SCMP_ACT_ALLOW, "clone", {masked(0, mask, processes ? 0U : CLONE_THREAD)});
    // Its flags are behind a pointer, which a filter cannot read; glibc then uses clone.
    rules.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
}

/// Libraries look for files and for name-service daemons without need, and take a refusal: that
/// must not end a session (glibc's allocator asks how many processors there are at the second
/// thread, getpwuid asks nscd).
void refuse_politely(Rules& rules)
{
    static constexpr char const* calls[] = {
        "open",
        "openat",
        "openat2",
        "access",
        "faccessat",
        "faccessat2",
        "stat",
        "lstat",
        "statx",
        "statfs",
        "readlink",
        "readlinkat",
        "getcwd",
        "getdents64",
    };
    rules.add_all(SCMP_ACT_ERRNO(EACCES), calls);
}

/// What everybody needs who lives on descriptors.
void descriptor_rules(Rules& rules)
{
    rules.add_all(SCMP_ACT_ALLOW, base_calls);
    refuse_politely(rules);
    // INVARIANT: no memory becomes code after start.
    rules.add(SCMP_ACT_ALLOW, "mmap", {masked(2, PROT_EXEC, 0)});
    rules.add(SCMP_ACT_ALLOW, "mprotect", {masked(2, PROT_EXEC, 0)});
    // glibc's fstat.
    rules.add(SCMP_ACT_ALLOW, "newfstatat", {masked(3, AT_EMPTY_PATH, AT_EMPTY_PATH)});
    rules.add(SCMP_ACT_ERRNO(EACCES), "newfstatat", {masked(3, AT_EMPTY_PATH, 0)});
    rules.add(SCMP_ACT_ALLOW, "ioctl", {equal(1, FIONREAD)});
    rules.add(SCMP_ACT_ALLOW, "ioctl", {equal(1, FIONBIO)});
    rules.add(SCMP_ACT_ERRNO(ENOTTY), "ioctl", {equal(1, TCGETS)});
    rules.add(SCMP_ACT_ERRNO(ENOTTY), "ioctl", {equal(1, TIOCGWINSZ)});
    rules.add(SCMP_ACT_ALLOW, "prctl", {equal(0, PR_SET_NAME)});
    rules.add(SCMP_ACT_ALLOW, "prctl", {equal(0, PR_SET_VMA)});
    // Reading a limit; setting one needs the third argument.
    rules.add(SCMP_ACT_ALLOW, "prlimit64", {equal(2, 0)});
    // abort() only; the number cannot be another process's, for it is fixed here.
    rules.add(SCMP_ACT_ALLOW, "tgkill", {equal(0, static_cast<std::uint64_t>(::getpid()))});
}

void worker_rules(Rules& rules)
{
    descriptor_rules(rules);
    allow_clone(rules, false);
    rules.add(SCMP_ACT_ERRNO(EACCES), "socket", {equal(0, AF_UNIX)});
    // The worker's own clock against a frozen agent (gateway/ssh/target_leg.cpp).
    rules.add(SCMP_ACT_ALLOW, "alarm");
}

/// One thread that accepts; what it can reach is the Unix sockets whose folders let it.
void web_rules(Rules& rules)
{
    descriptor_rules(rules);
    for (auto const* name : {"accept", "accept4", "connect"})
        rules.add(SCMP_ACT_ALLOW, name);
    rules.add(SCMP_ACT_ALLOW, "socket", {equal(0, AF_UNIX)});
}

/// FreeRDP on top: its threads, and what it asks for and can do without.
void rdp_worker_rules(Rules& rules)
{
    worker_rules(rules);
    // A redirected client would look names up: it finds no network, and the session ends with that
    // reason. AF_UNIX is refused already.
    rules.add(SCMP_ACT_ERRNO(EACCES), "socket", {masked(0, 0xffff, AF_INET)});
    rules.add(SCMP_ACT_ERRNO(EACCES), "socket", {masked(0, 0xffff, AF_INET6)});
    rules.add(SCMP_ACT_ERRNO(EACCES), "socket", {masked(0, 0xffff, AF_NETLINK)});
    // Folders for settings and known hosts, which nobody wants.
    rules.add(SCMP_ACT_ERRNO(EACCES), "mkdir");
    rules.add(SCMP_ACT_ERRNO(EACCES), "mkdirat");
    // Thread priorities and names, processors.
    for (auto const* name :
         {"sched_getparam",
          "sched_getscheduler",
          "sched_get_priority_max",
          "sched_get_priority_min",
          "get_robust_list"})
        rules.add(SCMP_ACT_ALLOW, name);
    for (auto const* name : {"sched_setscheduler", "sched_setaffinity", "setpriority"})
        rules.add(SCMP_ACT_ERRNO(EPERM), name);
}

void daemon_rules(Rules& rules, ProcessRole role)
{
    bool const starts = role == ProcessRole::listener || role == ProcessRole::policyd;
    rules.add_all(SCMP_ACT_KILL_PROCESS, hostile_calls);
    rules.add_all(SCMP_ACT_ALLOW, base_calls);
    rules.add_all(SCMP_ACT_ALLOW, read_file_calls);
    allow_clone(rules, starts);
    if (role == ProcessRole::report) {
        // Even where the kernel has no Landlock.
        rules.add(SCMP_ACT_ALLOW, "open", {masked(1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)});
        rules.add(SCMP_ACT_ALLOW, "openat", {masked(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)});
        rules.add(SCMP_ACT_ALLOW, "ftruncate");
        rules.add(SCMP_ACT_ALLOW, "mmap");
        rules.add(SCMP_ACT_ALLOW, "mprotect");
        rules.add(SCMP_ACT_ERRNO(EACCES), "socket", {equal(0, AF_UNIX)});
        rules.add(SCMP_ACT_KILL_PROCESS, "connect");
    } else {
        rules.add_all(SCMP_ACT_ALLOW, write_file_calls);
        rules.add_all(SCMP_ACT_ALLOW, serve_calls);
        rules.add(SCMP_ACT_ALLOW, "socket", {equal(0, AF_UNIX)});
    }
    if (role == ProcessRole::policyd) {
        rules.add(SCMP_ACT_ALLOW, "socket", {equal(0, AF_INET)});
        rules.add(SCMP_ACT_ALLOW, "socket", {equal(0, AF_INET6)});
        // How the resolver learns which address families this machine has.
        rules.add(SCMP_ACT_ALLOW, "socket", {equal(0, AF_NETLINK)});
    }
    if (starts) {
        rules.add_all(SCMP_ACT_ALLOW, start_calls);
    } else {
        rules.add(SCMP_ACT_KILL_PROCESS, "execve");
        rules.add(SCMP_ACT_KILL_PROCESS, "execveat");
    }
}

} // namespace

Result<> restrict_calls(ProcessRole role)
{
    // They live on descriptors they were given, and open nothing.
    bool const lives_on_descriptors =
        role == ProcessRole::ssh_worker || role == ProcessRole::rdp_worker || role == ProcessRole::encoder ||
        role == ProcessRole::replay || role == ProcessRole::timestamp || role == ProcessRole::web;
    auto const otherwise = lives_on_descriptors ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(ENOSYS);
    Filter const filter{::seccomp_init(otherwise)};
    if (!filter) return Error{Errc::unavailable, "seccomp: no filter"};
    // A tree instead of a list: what the kernel cannot decide ahead costs a few comparisons.
    (void)::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    Rules rules{filter.get(), otherwise};
    if (role == ProcessRole::rdp_worker)
        rdp_worker_rules(rules);
    else if (role == ProcessRole::web)
        web_rules(rules);
    else if (lives_on_descriptors)
        worker_rules(rules);
    else
        daemon_rules(rules, role);
    if (auto done = rules.finish(); !done) return done;
    if (int const failed = ::seccomp_load(filter.get()); failed != 0) {
        errno = -failed;
        return os_error("seccomp: load");
    }
    return {};
}

} // namespace ecluse::sandbox
