#include "gateway/terminal/client.h"

#include "common/bytes.h"

#include <algorithm>

namespace ecluse::terminal {
namespace {

/// Of each step of the opening. The worker answers at once; policyd may be busy.
constexpr long step_limit_s = 20;
constexpr char const* terminal_type = "xterm-256color";
/// The first step proved who this is; the second has nothing left to ask, and must be said.
constexpr char const* no_code = "-";

} // namespace

Error Client::failure(std::string const& what) const
{
    return {Errc::io, what + ": " + printable(ssh_get_error(session_.get()), 200)};
}

Result<> Client::connect()
{
    session_.reset(ssh_new());
    auto* const session = session_.get();
    if (!session) return Error{Errc::unavailable, "terminal: no memory"};
    // libssh closes the descriptor it works on, also when the peer leaves: it gets its own.
    auto theirs = ECLUSE_TRY(socket_.duplicate());
    int const fd = theirs.get();
    bool const no = false;
    auto const set = [&](ssh_options_e option, void const* value) -> Result<> {
        if (ssh_options_set(session, option, value) == 0) return {};
        return failure("terminal option");
    };
    // No files: everything is said here, and the process may not open any.
    ECLUSE_TRY(set(SSH_OPTIONS_PROCESS_CONFIG, &no));
    ECLUSE_TRY(set(SSH_OPTIONS_SSH_DIR, "/"));
    ECLUSE_TRY(set(SSH_OPTIONS_KNOWNHOSTS, "/dev/null"));
    ECLUSE_TRY(set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null"));
    ECLUSE_TRY(set(SSH_OPTIONS_HOST, "gateway"));
    ECLUSE_TRY(set(SSH_OPTIONS_COMPRESSION, "none"));
    ECLUSE_TRY(set(SSH_OPTIONS_TIMEOUT, &step_limit_s));
    ECLUSE_TRY(set(SSH_OPTIONS_FD, &fd));
    (void)theirs.release();
    return {};
}

Result<> Client::check_host_key(std::vector<std::string> const& expected)
{
    ssh_key raw = nullptr;
    if (ssh_get_server_publickey(session_.get(), &raw) != SSH_OK) return failure("host key");
    ssh::KeyHandle const key{raw};
    unsigned char* hash = nullptr;
    std::size_t length = 0;
    if (ssh_get_publickey_hash(key.get(), SSH_PUBLICKEY_HASH_SHA256, &hash, &length) != 0)
        return failure("host key");
    char* const text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length);
    ssh_clean_pubkey_hash(&hash);
    std::string const shown = text ? text : "";
    ssh_string_free_char(text);
    if (shown.empty() || std::find(expected.begin(), expected.end(), shown) == expected.end())
        return Error{Errc::refused, "host key " + shown + " is not the door's"};
    return {};
}

Result<> Client::authenticate(Secret const& word)
{
    std::string password{word.reveal()};
    int const first = ssh_userauth_password(session_.get(), nullptr, password.c_str());
    wipe(password);
    if (first != SSH_AUTH_PARTIAL) return failure("first step");
    for (;;) {
        int const second = ssh_userauth_kbdint(session_.get(), nullptr, nullptr);
        if (second == SSH_AUTH_SUCCESS) return {};
        if (second != SSH_AUTH_INFO) return failure("second step");
        if (ssh_userauth_kbdint_getnprompts(session_.get()) > 0 &&
            ssh_userauth_kbdint_setanswer(session_.get(), 0, no_code) != 0)
            return failure("second step");
    }
}

Result<> Client::log_in(Orders const& orders)
{
    ECLUSE_TRY(connect());
    if (ssh_options_set(session_.get(), SSH_OPTIONS_USER, orders.login.c_str()) != 0)
        return failure("terminal option");
    if (ssh_connect(session_.get()) != SSH_OK) return failure("connect");
    // INVARIANT: the word is said to the door that policyd described, and to nobody else.
    ECLUSE_TRY(check_host_key(orders.host_keys));
    return authenticate(orders.word);
}

Result<> Client::open_shell(Resized size)
{
    channel_.reset(ssh_channel_new(session_.get()));
    if (!channel_ || ssh_channel_open_session(channel_.get()) != SSH_OK) return failure("channel");
    if (ssh_channel_request_pty_size(channel_.get(), terminal_type, size.columns, size.rows) !=
        SSH_OK)
        return failure("terminal");
    if (ssh_channel_request_shell(channel_.get()) != SSH_OK) return failure("shell");
    ssh_set_blocking(session_.get(), 0);
    return {};
}

Result<std::string> Client::read()
{
    std::string bytes(output_bytes_max, '\0');
    for (int const error_stream : {0, 1}) {
        int const size = ssh_channel_read_nonblocking(
            channel_.get(), bytes.data(), static_cast<std::uint32_t>(bytes.size()), error_stream
        );
        if (size > 0) {
            bytes.resize(static_cast<std::size_t>(size));
            return bytes;
        }
        if (size < 0 && size != SSH_EOF && size != SSH_AGAIN) return failure("read");
    }
    return std::string{};
}

bool Client::is_over()
{
    return ssh_channel_is_eof(channel_.get()) != 0 || ssh_channel_is_closed(channel_.get()) != 0 ||
           ssh_is_connected(session_.get()) == 0;
}

bool Client::has_unsent() const
{
    return (ssh_get_status(session_.get()) & SSH_WRITE_PENDING) != 0;
}

void Client::flush()
{
    (void)ssh_blocking_flush(session_.get(), 0);
}

Result<std::size_t> Client::write(std::string_view bytes)
{
    auto const room = std::min<std::size_t>(bytes.size(), ssh_channel_window_size(channel_.get()));
    // What libssh could not send yet it keeps: nothing more is given to it meanwhile.
    if (room == 0 || has_unsent()) return std::size_t{0};
    int const taken =
        ssh_channel_write(channel_.get(), bytes.data(), static_cast<std::uint32_t>(room));
    if (taken == SSH_AGAIN) return std::size_t{0};
    if (taken < 0) return failure("write");
    return static_cast<std::size_t>(taken);
}

void Client::resize(Resized size)
{
    (void)ssh_channel_change_pty_size(channel_.get(), size.columns, size.rows);
}

void Client::leave()
{
    if (!session_ || ssh_is_connected(session_.get()) == 0) return;
    ssh_disconnect(session_.get());
    // That frees the session's channels, whoever holds one.
    (void)channel_.release();
}

} // namespace ecluse::terminal
