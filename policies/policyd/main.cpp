#include "common/log.h"
#include "common/notify.h"
#include "common/text_keys.h"
#include "policies/policyd/confinement.h"
#include "policies/policyd/daemon.h"
#include "policies/policyd/evidence.h"
#include "policies/policyd/options.h"
#include "policies/policyd/rollback.h"

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::policyd;

namespace {

constexpr int exit_failed = 1, exit_usage = 2, exit_rollback = 3;
constexpr std::size_t certificate_bytes_max = 16 * 1024;
/// Three descriptors per session at the most, for the sessions we promise and some more.
constexpr rlim_t descriptors_wanted = 16384;
constexpr mode_t private_files = 0077;

void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min(limit.rlim_max, std::max(limit.rlim_cur, descriptors_wanted));
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// What went wrong, and what to do about it, to whoever starts the service.
int fail(TextKey remedy, Error const& error, int status = exit_failed)
{
    log(LogLevel::error, error.what);
    auto const sentence = text(Language::french, remedy, {{"detail", error.what}});
    fmt::print(stderr, "{}\n", sentence);
    return status;
}

Result<> check_recipient(std::string const& path)
{
    auto const pem = ECLUSE_TRY(read_file(path, certificate_bytes_max));
    if (pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos)
        return Error{Errc::malformed, path + ": not a certificate in PEM"};
    return {};
}

int serve(Options const& options)
{
    auto const paths = Paths::under(options.root);
    auto config = load_config(options.config);
    if (!config) return fail(TextKey::start_config, config.error(), exit_usage);
    auto vault = Vault::open(paths.master_key);
    if (!vault) return fail(TextKey::start_master_key, vault.error());
    for (auto const& recipient : {paths.rssi, paths.escrow})
        if (auto const done = check_recipient(recipient); !done)
            return fail(TextKey::start_recipient, done.error());
    auto database = Database::open(paths.database);
    if (!database) return fail(TextKey::start_database, database.error());
    auto evidence = load_evidence(*database, *vault, config->site.name, to_seconds(utc_now()));
    if (!evidence) return fail(TextKey::start_evidence, evidence.error());
    Journal::Signer const signer = [&evidence](std::string_view line) {
        return evidence->key.sign_der(line);
    };
    if (!options.reason.empty()) {
        auto const done = acknowledge_rollback(
            options, paths.journal, config->witness.folder, *database, *vault, signer
        );
        return done ? 0 : fail(TextKey::start_rollback, done.error());
    }
    auto journal = Journal::open(paths.journal, *database, signer);
    if (!journal && journal.error().code == Errc::corrupt)
        return fail(TextKey::start_rollback, journal.error(), exit_rollback);
    if (!journal) return fail(TextKey::start_journal, journal.error());
    auto host_keys = make_missing_host_keys(*database);
    if (!host_keys) return fail(TextKey::start_prepare, host_keys.error());
    auto passed = listen_descriptors();
    if (!passed) return fail(TextKey::start_socket, passed.error());
    auto listen_socket = take_packet_listener(*passed, paths.listen_socket, 0660);
    if (!listen_socket) return fail(TextKey::start_socket, listen_socket.error());
    auto operator_socket = take_packet_listener(*passed, paths.operator_socket, 0660);
    if (!operator_socket) return fail(TextKey::start_socket, operator_socket.error());
    auto portal_socket = take_packet_listener(*passed, paths.portal_socket, 0660);
    if (!portal_socket) return fail(TextKey::start_socket, portal_socket.error());
    auto console_socket = take_packet_listener(*passed, paths.console_socket, 0660);
    if (!console_socket) return fail(TextKey::start_socket, console_socket.error());
    auto const confinement = confine_policyd(paths, *config);
    if (!confinement) return fail(TextKey::start_confinement, confinement.error());
    log(LogLevel::info, *confinement);

    Opened opened{
        .root = options.root,
        .config = std::move(*config),
        .vault = std::move(*vault),
        .database = *database,
        .evidence = evidence->key,
        .journal = std::move(*journal),
        .host_keys = std::move(*host_keys),
        .listen_socket = std::move(*listen_socket),
        .operator_socket = std::move(*operator_socket),
        .portal_socket = std::move(*portal_socket),
        .console_socket = std::move(*console_socket),
        .web_uid = options.web_uid.value_or(::geteuid()),
        .confinement = *confinement};
    Daemon daemon{opened};
    if (auto const done = daemon.prepare(); !done)
        return fail(TextKey::start_prepare, done.error());
    daemon.run();
    return 0;
}

} // namespace

int main(int count, char** words)
{
    set_log_name("ecluse-policyd");
    ::umask(private_files);
    raise_descriptor_limit();
    try {
        auto const options = parse_options(count, words);
        if (!options) return fail(TextKey::start_usage, options.error(), exit_usage);
        if (options->help) {
            fmt::print("{}\n", text(Language::french, TextKey::start_help));
            return 0;
        }
        if (options->version) {
            fmt::print("ecluse-policyd {}\n", ECLUSE_VERSION);
            return 0;
        }
        return serve(*options);
    } catch (std::exception const& error) {
        // Memory, or a library: whatever state this leaves, the next start recovers from it.
        log(LogLevel::error, std::string{"unexpected: "} + error.what());
        return exit_failed;
    }
}
