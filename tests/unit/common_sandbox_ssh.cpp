#include "common/fd.h"
#include "common/sandbox.h"

#include <catch2/catch_test_macros.hpp>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include <array>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ecluse;

/// The worker's list of system calls is written for libssh: it must be enough for both its sides,
/// from the key exchange to the last byte, or a session would die on a Tuesday.
namespace {

constexpr std::string_view greeting = "bonjour";
/// Longer than libssh's first window, so that windows move.
constexpr std::size_t bulk_bytes = 4UL * 1024 * 1024;

bool accept_until_exec(ssh_session session, ssh_channel& channel)
{
    while (ssh_message const message = ::ssh_message_get(session)) {
        int const type = ::ssh_message_type(message);
        int const subtype = ::ssh_message_subtype(message);
        bool last = false;
        if (type == SSH_REQUEST_AUTH && subtype == SSH_AUTH_METHOD_NONE) {
            ::ssh_message_auth_reply_success(message, 0);
        } else if (type == SSH_REQUEST_CHANNEL_OPEN) {
            channel = ::ssh_message_channel_request_open_reply_accept(message);
        } else if (type == SSH_REQUEST_CHANNEL && subtype == SSH_CHANNEL_REQUEST_EXEC) {
            ::ssh_message_channel_request_reply_success(message);
            last = true;
        } else {
            ::ssh_message_reply_default(message);
        }
        ::ssh_message_free(message);
        if (last) return channel != nullptr;
    }
    return false;
}

int serve(int fd, ssh_key key)
{
    ssh_bind const bind = ::ssh_bind_new();
    bool const no = false;
    ::ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
    ::ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, key);
    ssh_session const session = ::ssh_new();
    if (::ssh_bind_accept_fd(bind, session, fd) != SSH_OK) return 10;
    if (::ssh_handle_key_exchange(session) != SSH_OK) return 11;
    ssh_channel channel = nullptr;
    if (!accept_until_exec(session, channel)) return 12;
    std::string const block(32768, 'x');
    for (std::size_t sent = 0; sent < bulk_bytes; sent += block.size())
        if (::ssh_channel_write(channel, block.data(), static_cast<std::uint32_t>(block.size())) <
            0)
            return 13;
    ::ssh_channel_write(channel, greeting.data(), static_cast<std::uint32_t>(greeting.size()));
    ::ssh_channel_request_send_exit_status(channel, 7);
    ::ssh_channel_send_eof(channel);
    // Until the client has everything and leaves: closing a socket with unread bytes drops sent
    // ones.
    char byte = 0;
    while (::ssh_channel_read(channel, &byte, 1, 0) > 0) {
    }
    ::ssh_disconnect(session);
    ::ssh_free(session);
    return 0;
}

int connect(int fd)
{
    ssh_session const session = ::ssh_new();
    bool const no = false;
    ::ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    ::ssh_options_set(session, SSH_OPTIONS_HOST, "target.example");
    ::ssh_options_set(session, SSH_OPTIONS_USER, "root");
    ::ssh_options_set(session, SSH_OPTIONS_FD, &fd);
    if (::ssh_connect(session) != SSH_OK) return 20;
    ssh_key key = nullptr;
    if (::ssh_get_server_publickey(session, &key) != SSH_OK) return 21;
    ::ssh_key_free(key);
    if (::ssh_userauth_none(session, nullptr) != SSH_AUTH_SUCCESS) return 22;
    ssh_channel const channel = ::ssh_channel_new(session);
    if (::ssh_channel_open_session(channel) != SSH_OK) return 23;
    if (::ssh_channel_request_exec(channel, "true") != SSH_OK) return 24;
    std::string received;
    std::array<char, 16384> buffer{};
    int size = 0;
    while ((size = ::ssh_channel_read(channel, buffer.data(), buffer.size(), 0)) > 0)
        received.append(buffer.data(), static_cast<std::size_t>(size));
    if (received.size() != bulk_bytes + greeting.size() || !received.ends_with(greeting)) return 25;
    ::ssh_disconnect(session);
    ::ssh_free(session);
    return 0;
}

pid_t start_confined(auto const& work)
{
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(60);
        ::_exit(confine(ProcessRole::ssh_worker) ? work() : 255);
    }
    return child;
}

std::string outcome(pid_t child)
{
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                               : "exit " + std::to_string(WEXITSTATUS(status));
}

} // namespace

TEST_CASE("libssh serves and connects inside the worker's confinement")
{
    ssh_key key = nullptr;
    REQUIRE(::ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) == SSH_OK);
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    auto const server = start_confined([&] {
        ::close(ends[1]);
        return serve(ends[0], key);
    });
    auto const client = start_confined([&] {
        ::close(ends[0]);
        return connect(ends[1]);
    });
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(outcome(client) == "exit 0");
    CHECK(outcome(server) == "exit 0");
    ::ssh_key_free(key);
}
