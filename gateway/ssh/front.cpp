#include "gateway/ssh/front.h"

#include "common/bytes.h"
#include "common/log.h"
#include "common/text_keys.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ecluse::ssh {
namespace {

constexpr std::size_t host_key_bytes_max = 16 * 1024;
/// Rounds of reading before others get their turn: 4 KiB each.
constexpr int rounds_per_turn = 32;
/// RSA keys of persons, in bits.
constexpr unsigned rsa_bits_min = 3072;
/// How long a client may take over its hello. Some wait for ours first, and an old one is slow only
/// once: afterwards it is offered what is safe without strict key exchange.
constexpr std::chrono::milliseconds hello_limit{300};
/// A hello that came in part: the rest is looked for this often.
constexpr std::chrono::milliseconds hello_pause{5};
/// Turns in which libssh must have said its version to a socket that takes it at once.
constexpr int hello_rounds = 8;
constexpr int first_methods = static_cast<int>(
    SSH_AUTH_METHOD_PUBLICKEY | SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE
);
constexpr int second_methods = static_cast<int>(SSH_AUTH_METHOD_INTERACTIVE);

/// A vendor whose machine vanished is noticed by TCP, within about a minute.
void keep_alive(int fd)
{
    int const on = 1;
    int const idle_s = 20;
    int const interval_s = 10;
    int const probes = 3;
    int const unacknowledged_ms = 60'000;
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    (void
    )::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
}

std::string written(ssh_key_struct* key)
{
    char* encoded = nullptr;
    if (ssh_pki_export_pubkey_base64(key, &encoded) != SSH_OK) return {};
    std::string const text = std::string{ssh_key_type_to_char(ssh_key_type(key))} + " " + encoded;
    ssh_string_free_char(encoded);
    return text;
}

std::string_view or_empty(char const* text)
{
    return text ? std::string_view{text} : std::string_view{};
}

Front& front_of(void* self)
{
    return *static_cast<Front*>(self);
}

} // namespace

Front::Front(Fd socket, PolicyLink& policy, Settings const& settings, Listener& listener)
    : socket_{std::move(socket)}, settings_{settings}, listener_{listener},
      authentication_{policy, settings, socket_.get()}
{
}

Front::~Front()
{
    if (event_ && session_) ssh_event_remove_session(event_.get(), session_.get());
}

Result<> Front::set_options(ssh_bind bind, Algorithms const& lists) const
{
    auto const set = [&](ssh_bind_options_e option, void const* value) -> Result<> {
        if (ssh_bind_options_set(bind, option, value) == 0) return {};
        return Error{Errc::malformed, std::string{"front option: "} + ssh_get_error(bind)};
    };
    bool const no = false;
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_PROCESS_CONFIG, &no));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_BANNER, settings_.version_string.c_str()));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_KEY_EXCHANGE, lists.kex.c_str()));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_CIPHERS_C_S, lists.ciphers.c_str()));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_CIPHERS_S_C, lists.ciphers.c_str()));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_HMAC_C_S, lists.macs.c_str()));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_HMAC_S_C, lists.macs.c_str()));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, lists.host_keys.c_str()));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, lists.user_keys.c_str()));
    ECLUSE_TRY(set(SSH_BIND_OPTIONS_RSA_MIN_SIZE, &rsa_bits_min));
    return {};
}

Result<StrictKex> Front::greet() const
{
    auto const line = "SSH-2.0-" + settings_.version_string + "\r\n";
    // Who has left already is for libssh to notice; half a line would be a lie to it.
    auto const sent = ::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent < 0) return StrictKex::absent;
    if (static_cast<std::size_t>(sent) != line.size())
        return Error{Errc::io, "front: version line"};
    auto const until = std::chrono::steady_clock::now() + hello_limit;
    std::string seen(client_hello_bytes_max, '\0');
    for (bool part = false;;) {
        auto const left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return StrictKex::unknown;
        pollfd waiting{socket_.get(), static_cast<short>(part ? POLLRDHUP : POLLIN), 0};
        auto const pause = part ? std::min(left, hello_pause) : left;
        (void)::poll(&waiting, 1, static_cast<int>(pause.count()));
        // Looked at and left where it is: libssh reads it for itself.
        auto const size = ::recv(socket_.get(), seen.data(), seen.size(), MSG_PEEK | MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return StrictKex::absent;
        if (size < 0) continue;
        part = true;
        auto const found = strict_kex({seen.data(), static_cast<std::size_t>(size)});
        if (found != StrictKex::unknown) return found;
        if ((waiting.revents & POLLRDHUP) != 0) return StrictKex::absent;
    }
}

Result<> Front::begin(int theirs, Fd away)
{
    auto* const session = session_.get();
    if (ssh_handle_key_exchange(session) == SSH_ERROR)
        return Error{Errc::io, std::string{"front: "} + ssh_get_error(session)};
    if (ssh_event_add_session(event_.get(), session) != SSH_OK)
        return Error{Errc::io, "front: event"};
    auto const line = "SSH-2.0-" + settings_.version_string + "\r\n";
    std::string said;
    std::string part(line.size() + 1, '\0');
    for (int round = 0; round < hello_rounds && said.size() < line.size(); ++round) {
        if (ssh_event_dopoll(event_.get(), 0) == SSH_ERROR) break;
        auto const size = ::recv(away.get(), part.data(), part.size(), MSG_DONTWAIT);
        if (size > 0) said.append(part.data(), static_cast<std::size_t>(size));
    }
    // INVARIANT: the client was told exactly what libssh believes to have told it.
    if (said != line) return Error{Errc::io, "front: libssh said something else"};
    if (::dup3(socket_.get(), theirs, O_CLOEXEC) != theirs) return Error{Errc::io, "front: socket"};
    ahead_.start(theirs);
    return {};
}

Result<> Front::start(std::vector<Fd> const& host_keys)
{
    keep_alive(socket_.get());
    ECLUSE_TRY(set_nonblocking(socket_.get(), true));
    auto const strict = ECLUSE_TRY(greet());
    auto const lists = strict == StrictKex::offered ? settings_.algorithms
                                                    : without_truncation(settings_.algorithms);
    bind_.reset(ssh_bind_new());
    session_.reset(ssh_new());
    event_.reset(ssh_event_new());
    if (!bind_ || !session_ || !event_) return Error{Errc::unavailable, "front: no memory"};
    ECLUSE_TRY(set_options(bind_.get(), lists));
    for (auto const& file : host_keys) {
        auto text = ECLUSE_TRY(read_all(file.get(), host_key_bytes_max));
        ssh_key key = nullptr;
        int const rc = ssh_pki_import_privkey_base64(text.c_str(), nullptr, nullptr, nullptr, &key);
        wipe(text);
        if (rc != SSH_OK) return Error{Errc::malformed, "front: host key cannot be read"};
        // The bind takes the key over.
        if (ssh_bind_options_set(bind_.get(), SSH_BIND_OPTIONS_IMPORT_KEY, key) != 0) {
            ssh_key_free(key);
            return Error{Errc::malformed, "front: host key not usable"};
        }
    }
    auto* const session = session_.get();
    // There is no option of the bind for it.
    if (ssh_options_set(session, SSH_OPTIONS_COMPRESSION, "none") != 0)
        return Error{Errc::malformed, "front: compression"};
    auto const rekey_bytes = static_cast<std::uint64_t>(settings_.rekey_bytes);
    auto const rekey_s = static_cast<std::uint32_t>(settings_.rekey_s);
    if (rekey_bytes > 0) ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &rekey_bytes);
    if (rekey_s > 0) ssh_options_set(session, SSH_OPTIONS_REKEY_TIME, &rekey_s);
    // libssh closes the descriptor it works on: it gets one of its own, which becomes the client's.
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return Error{Errc::io, "front: no pair of sockets"};
    Fd away{pair[1]};
    if (ssh_bind_accept_fd(bind_.get(), session, pair[0]) != SSH_OK)
        return Error{Errc::io, std::string{"front: "} + ssh_get_error(bind_.get())};
    ssh_set_blocking(session, 0);

    callbacks_.userdata = this;
    callbacks_.auth_none_function = on_none;
    callbacks_.auth_password_function = on_password;
    callbacks_.auth_pubkey_function = on_key;
    callbacks_.channel_open_request_session_function = on_channel;
    // Without it libssh answers GSSAPI by itself.
    callbacks_.gssapi_select_oid_function = on_gssapi;
    ssh_callbacks_init(&callbacks_);
    if (ssh_set_server_callbacks(session, &callbacks_) != SSH_OK)
        return Error{Errc::io, "front: callbacks"};
    ssh_set_counters(session, &counted_, nullptr);
    ssh_set_message_callback(session, on_message, this);
    ssh_set_auth_methods(session, first_methods);
    return begin(pair[0], std::move(away));
}

bool Front::is_alive() const
{
    return session_ && ssh_is_connected(session_.get()) != 0 &&
           (ssh_get_status(session_.get()) & (SSH_CLOSED | SSH_CLOSED_ERROR)) == 0;
}

bool Front::receive()
{
    bool moved = false;
    for (int i = 0; i < rounds_per_turn && is_alive(); ++i) {
        if (ssh_event_dopoll(event_.get(), 0) != SSH_OK) break;
        moved = true;
    }
    return moved;
}

bool Front::flush()
{
    // libssh would read as well: so only when the socket takes bytes, and it does no harm then.
    pollfd waiting{socket_.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, 0) <= 0) return false;
    return ssh_event_dopoll(event_.get(), 0) == SSH_OK;
}

std::string Front::client_version() const
{
    return printable(or_empty(ssh_get_clientbanner(session_.get())), 120);
}

void Front::send_banner()
{
    if (banner_sent_) return;
    banner_sent_ = true;
    auto const banner = text(
        Language::french,
        TextKey::ssh_banner,
        {{"site", settings_.site}, {"phone", settings_.phone}}
    );
    StringHandle const packed{ssh_string_from_char((banner + "\n").c_str())};
    if (packed) (void)ssh_send_issue_banner(session_.get(), packed.get());
}

int Front::reply(Authentication::Reply reply)
{
    ssh_set_auth_methods(
        session_.get(), authentication_.has_first_factor() ? second_methods : first_methods
    );
    switch (reply) {
    case Authentication::Reply::denied:
        return SSH_AUTH_DENIED;
    // On a question (no signature yet) libssh answers "sign it" for SUCCESS.
    case Authentication::Reply::key_wanted:
        return SSH_AUTH_SUCCESS;
    case Authentication::Reply::partial:
        return SSH_AUTH_PARTIAL;
    // INVARIANT: only the code's answer opens the session (on_prompts).
    case Authentication::Reply::success:
        return SSH_AUTH_DENIED;
    }
    return SSH_AUTH_DENIED;
}

int Front::on_none(ssh_session, char const* user, void* self)
{
    auto& front = front_of(self);
    front.send_banner();
    return front.reply(front.authentication_.on_none(or_empty(user)));
}

int Front::on_password(ssh_session, char const* user, char const* password, void* self)
{
    auto& front = front_of(self);
    front.send_banner();
    return front.reply(front.authentication_.on_password(or_empty(user), or_empty(password)));
}

int Front::on_key(ssh_session, char const* user, ssh_key_struct* key, char state, void* self)
{
    auto& front = front_of(self);
    front.send_banner();
    // WRONG and ERROR are never anything but a refusal.
    if (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID)
        return SSH_AUTH_DENIED;
    auto const text = written(key);
    if (text.empty()) return SSH_AUTH_DENIED;
    bool const verified = state == SSH_PUBLICKEY_STATE_VALID;
    auto const reply = front.authentication_.on_key(or_empty(user), text, verified);
    if (verified && reply == Authentication::Reply::key_wanted) return SSH_AUTH_DENIED;
    return front.reply(reply);
}

ssh_channel Front::on_channel(ssh_session, void* self)
{
    auto& front = front_of(self);
    if (!front.open_) return nullptr;
    return front.listener_.on_channel();
}

int Front::on_message(ssh_session, ssh_message message, void* self)
{
    auto& front = front_of(self);
    int const type = ssh_message_type(message);
    if (type == SSH_REQUEST_AUTH &&
        ssh_message_subtype(message) == static_cast<int>(SSH_AUTH_METHOD_INTERACTIVE)) {
        front.send_banner();
        return front.on_prompts(message);
    }
    front.refuse(message);
    return 1; // libssh's refusal
}

void Front::refuse(ssh_message message)
{
    int const subtype = ssh_message_subtype(message);
    switch (ssh_message_type(message)) {
    case SSH_REQUEST_AUTH:
        (void)authentication_.on_none(or_empty(ssh_message_auth_user(message)));
        break;
    case SSH_REQUEST_CHANNEL_OPEN:
        if (subtype == SSH_CHANNEL_DIRECT_TCPIP) {
            auto const host = or_empty(ssh_message_channel_request_open_destination(message));
            auto const port = ssh_message_channel_request_open_destination_port(message);
            listener_.on_forward("direct-tcpip", std::string{host} + ":" + std::to_string(port));
        } else if (subtype == SSH_CHANNEL_X11) {
            listener_.on_forward("x11", "channel");
        } else if (subtype == SSH_CHANNEL_AUTH_AGENT) {
            listener_.on_forward("agent", "channel");
        } else if (subtype != SSH_CHANNEL_SESSION) {
            // tun@openssh.com, direct-streamlocal@openssh.com: libssh does not say which.
            listener_.on_forward("tunnel", "channel type not allowed");
        }
        break;
    case SSH_REQUEST_GLOBAL:
        if (subtype == SSH_GLOBAL_REQUEST_TCPIP_FORWARD) {
            auto const host = or_empty(ssh_message_global_request_address(message));
            auto const port = ssh_message_global_request_port(message);
            listener_.on_forward("tcpip-forward", std::string{host} + ":" + std::to_string(port));
        }
        break;
    case SSH_REQUEST_CHANNEL:
        if (subtype == SSH_CHANNEL_REQUEST_X11) listener_.on_forward("x11", "request");
        break;
    default:
        break;
    }
}

void Front::ask(ssh_message message, Authentication::Prompt const& prompt)
{
    char const* questions[] = {prompt.question.c_str()};
    char echo[] = {0};
    (void)ssh_message_auth_interactive_request(
        message, "", prompt.instruction.c_str(), 1, questions, echo
    );
}

int Front::on_prompts(ssh_message message)
{
    if (ssh_message_auth_kbdint_is_response(message) == 0) {
        auto const prompt =
            authentication_.on_prompts_wanted(or_empty(ssh_message_auth_user(message)));
        if (!prompt) return 1;
        ask(message, *prompt);
        return 0;
    }
    std::vector<std::string> answers;
    int const count = ssh_userauth_kbdint_getnanswers(session_.get());
    for (int i = 0; i < count; ++i)
        answers.emplace_back(
            or_empty(ssh_userauth_kbdint_getanswer(session_.get(), static_cast<unsigned>(i)))
        );
    auto const next = authentication_.on_answers(answers);
    for (auto& answer : answers)
        wipe(answer);
    if (next.prompt) {
        ask(message, *next.prompt);
        return 0;
    }
    // INVARIANT: the only road into a session, and only with a person that policyd named.
    if (next.reply == Authentication::Reply::success && authentication_.person()) {
        open_ = true;
        (void)ssh_message_auth_reply_success(message, 0);
        return 0;
    }
    (void)reply(next.reply);
    return 1;
}

void Front::close(std::string_view farewell, std::chrono::milliseconds limit)
{
    if (!session_) return;
    auto* const session = session_.get();
    auto const deadline = std::chrono::steady_clock::now() + limit;
    while (is_alive() && (ssh_get_status(session) & SSH_WRITE_PENDING) != 0) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0) break;
        pollfd waiting{socket_.get(), POLLOUT, 0};
        if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
        (void)ssh_blocking_flush(session, 0);
    }
    if (is_alive()) {
        if (!farewell.empty())
            (void)ssh_session_set_disconnect_message(session, std::string{farewell}.c_str());
        ssh_event_remove_session(event_.get(), session);
        ssh_disconnect(session);
    }
    ahead_.stop();
    // Also ends the copy that libssh may keep.
    (void)::shutdown(socket_.get(), SHUT_RDWR);
    socket_.reset();
}

} // namespace ecluse::ssh
