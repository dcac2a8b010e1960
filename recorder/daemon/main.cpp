#include "common/log.h"
#include "common/notify.h"
#include "common/sandbox.h"
#include "common/service.h"
#include "recorder/daemon/options.h"
#include "recorder/daemon/server.h"

#include <openssl/crypto.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace {

/// Synchronising is waiting, not computing: many idle sessions must not queue behind a slow one.
constexpr std::size_t pool_threads = 12;
/// Private parts of session keys: 32 bytes each, with OpenSSL's own overhead.
constexpr std::size_t secure_heap_bytes = 1024 * 1024;
constexpr std::size_t secure_block_bytes = 32;

constexpr char const* usage =
    "ecluse-recorder [--root FOLDER] [--socket PATH] [--recordings FOLDER] [--client-uid N]\n"
    "  [--warn-bytes N] [--refuse-bytes N] [--end-bytes N] [--reserve-bytes N]\n";

/// No core file and no debugger: the memory holds the keys of every live recording.
void protect_memory()
{
    rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    CRYPTO_secure_malloc_init(secure_heap_bytes, secure_block_bytes);
}

void prepare_for_many_sessions()
{
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    // Segments come and go: large blocks return to the system at once, and the pool's threads do
    // not each keep an arena.
    ::mallopt(M_ARENA_MAX, 2);
    ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    ::mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

constexpr unsigned socket_mode = 0660;

/// systemd's, or our own in a demonstration.
ecluse::Result<ecluse::Fd> take_listener(std::string const& path)
{
    auto passed = ECLUSE_TRY(ecluse::listen_descriptors());
    return ecluse::take_packet_listener(passed, path, socket_mode);
}

int run(int count, char const* const* words)
{
    using namespace ecluse;
    auto const options = recorder::parse_options(count, words);
    if (!options || options->help) {
        std::fputs(usage, options ? stdout : stderr);
        if (!options) log(LogLevel::error, options.error().what);
        return options ? 0 : 2;
    }
    ::umask(0077);
    ::signal(SIGPIPE, SIG_IGN);
    protect_memory();
    prepare_for_many_sessions();
    auto store = recorder::Store::open(options->recordings);
    if (!store) {
        log(LogLevel::error, store.error().what);
        return 1;
    }
    auto listener = take_listener(options->socket);
    if (!listener) {
        log(LogLevel::error, listener.error().what);
        return 1;
    }
    // Before the loop, whose threads would stay outside. The socket's folder is not needed any
    // more.
    auto const confinement =
        confine(ProcessRole::recorder, {.read = {}, .write = {options->recordings}, .execute = {}});
    if (!confinement) {
        log(LogLevel::error, confinement.error().what);
        return 1;
    }
    log(LogLevel::info, confinement->describe());
    Loop loop{pool_threads};
    recorder::Server server{loop, *options, *std::move(store)};
    if (auto const started = server.start(*std::move(listener)); !started) {
        log(LogLevel::error, started.error().what);
        return 1;
    }
    auto const alive = keep_alive(loop);
    notify_ready("recording");
    loop.run();
    notify_stopping("ends");
    return 0;
}

} // namespace

int main(int count, char** words)
{
    ecluse::set_log_name("ecluse-recorder");
    try {
        return run(count, words);
    } catch (std::exception const& error) {
        ecluse::log(ecluse::LogLevel::error, error.what());
    }
    return 1;
}
