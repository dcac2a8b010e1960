#include "gateway/ssh/target_leg.h"

#include "common/bytes.h"

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace ecluse::ssh {
namespace {

/// From the first byte to the accepted credential.
constexpr std::chrono::seconds connect_limit{10};
/// Rounds of reading before others get their turn: 4 KiB each.
constexpr int rounds_per_turn = 32;

Result<> set(ssh_session session, ssh_options_e option, void const* value)
{
    if (ssh_options_set(session, option, value) == 0) return {};
    return Error{Errc::malformed, std::string{"target option: "} + ssh_get_error(session)};
}

Result<> set(ssh_session session, ssh_options_e option, std::string const& value)
{
    return set(session, option, value.c_str());
}

/// The key types of the pinned keys, as libssh's list of wanted host keys. An RSA key is asked for
/// with SHA-2 only, unless the exception for this target says otherwise.
std::string host_key_list(std::vector<std::string> const& pinned, std::string const& allowed)
{
    std::string list;
    auto const add = [&](std::string_view name) {
        if (!allowed.empty() &&
            ("," + allowed + ",").find("," + std::string{name} + ",") == std::string::npos)
            return;
        if (!list.empty()) list += ',';
        list += name;
    };
    for (auto const& key : pinned) {
        auto const type = key.substr(0, key.find(' '));
        if (type == "ssh-rsa") {
            add("rsa-sha2-512");
            add("rsa-sha2-256");
            if (("," + allowed + ",").find(",ssh-rsa,") != std::string::npos) add("ssh-rsa");
        } else {
            add(type);
        }
    }
    return list;
}

} // namespace

Result<> TargetLeg::start(Fd socket, Fd agent, Target target, Options const& options)
{
    socket_ = std::move(socket);
    agent_ = std::move(agent);
    target_ = std::move(target);
    deadline_ = std::chrono::steady_clock::now() + connect_limit;
    int const on = 1;
    // Refused on sockets that are not TCP (tests): harmless.
    (void)::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ECLUSE_TRY(set_nonblocking(socket_.get(), true));

    session_.reset(ssh_new());
    event_.reset(ssh_event_new());
    auto* const session = session_.get();
    if (!session || !event_) return Error{Errc::unavailable, "target session: no memory"};
    bool const no = false;
    // libssh closes the descriptor it works on, also when the peer leaves: it gets its own.
    auto theirs = ECLUSE_TRY(socket_.duplicate());
    int const fd = theirs.get();
    auto const& lists = target_.algorithms ? *target_.algorithms : options.algorithms;
    // No files: everything is said here, and the process may not open any.
    ECLUSE_TRY(set(session, SSH_OPTIONS_PROCESS_CONFIG, &no));
    ECLUSE_TRY(set(session, SSH_OPTIONS_SSH_DIR, "/"));
    ECLUSE_TRY(set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null"));
    ECLUSE_TRY(set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null"));
    ECLUSE_TRY(set(session, SSH_OPTIONS_HOST, "target"));
    ECLUSE_TRY(set(session, SSH_OPTIONS_USER, target_.user));
    ECLUSE_TRY(set(session, SSH_OPTIONS_FD, &fd));
    ahead_.start(theirs.release());
    ECLUSE_TRY(set(session, SSH_OPTIONS_COMPRESSION, "none"));
    ECLUSE_TRY(set(session, SSH_OPTIONS_KEY_EXCHANGE, lists.kex));
    ECLUSE_TRY(set(session, SSH_OPTIONS_CIPHERS_C_S, lists.ciphers));
    ECLUSE_TRY(set(session, SSH_OPTIONS_CIPHERS_S_C, lists.ciphers));
    ECLUSE_TRY(set(session, SSH_OPTIONS_HMAC_C_S, lists.macs));
    ECLUSE_TRY(set(session, SSH_OPTIONS_HMAC_S_C, lists.macs));
    ECLUSE_TRY(set(session, SSH_OPTIONS_HOSTKEYS, host_key_list(target_.host_keys, lists.host_keys))
    );
    auto const rekey_bytes = static_cast<std::uint64_t>(options.rekey_bytes);
    auto const rekey_s = static_cast<std::uint32_t>(options.rekey_s);
    if (rekey_bytes > 0) ECLUSE_TRY(set(session, SSH_OPTIONS_REKEY_DATA, &rekey_bytes));
    if (rekey_s > 0) ECLUSE_TRY(set(session, SSH_OPTIONS_REKEY_TIME, &rekey_s));
    ssh_set_blocking(session, 0);
    if (target_.by_key) {
        // libssh closes the agent's descriptor itself.
        if (ssh_set_agent_socket(session, agent_.get()) != SSH_OK)
            return Error{Errc::unavailable, "target session: no agent"};
        (void)agent_.release();
    }
    state_ = State::connecting;
    step(std::chrono::steady_clock::now());
    if (state_ == State::connecting) ssh_event_add_session(event_.get(), session);
    return {};
}

bool TargetLeg::fail(std::string code, std::string detail)
{
    state_ = State::failed;
    code_ = std::move(code);
    detail_ = printable(detail);
    return true;
}

bool TargetLeg::check_host_key()
{
    ssh_key raw = nullptr;
    if (ssh_get_server_publickey(session_.get(), &raw) != SSH_OK) return false;
    KeyHandle const key{raw};
    char* encoded = nullptr;
    if (ssh_pki_export_pubkey_base64(key.get(), &encoded) != SSH_OK) return false;
    auto type = std::string{ssh_key_type_to_char(ssh_key_type(key.get()))};
    auto const shown = type + " " + encoded;
    ssh_string_free_char(encoded);
    unsigned char* hash = nullptr;
    std::size_t length = 0;
    if (ssh_get_publickey_hash(key.get(), SSH_PUBLICKEY_HASH_SHA256, &hash, &length) != 0)
        return false;
    char* const text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length);
    ssh_clean_pubkey_hash(&hash);
    if (!text) return false;
    fingerprint_ = text;
    ssh_string_free_char(text);
    // A pinned key may be written with a comment after it.
    return std::any_of(
        target_.host_keys.begin(),
        target_.host_keys.end(),
        [&](std::string const& pinned) {
            return pinned == shown || pinned.starts_with(shown + " ");
        }
    );
}

int TargetLeg::answer_prompts()
{
    for (;;) {
        int const rc = ssh_userauth_kbdint(session_.get(), nullptr, nullptr);
        if (rc != SSH_AUTH_INFO) return rc;
        int const prompts = ssh_userauth_kbdint_getnprompts(session_.get());
        // One question that is not shown while typed is the password; anything else is not ours to
        // answer.
        if (prompts > 1) return SSH_AUTH_DENIED;
        if (prompts == 1) {
            char echo = 1;
            (void)ssh_userauth_kbdint_getprompt(session_.get(), 0, &echo);
            if (echo) return SSH_AUTH_DENIED;
            std::string answer{target_.password.reveal()};
            ssh_userauth_kbdint_setanswer(session_.get(), 0, answer.c_str());
            wipe(answer);
        }
    }
}

int TargetLeg::try_once()
{
    if (target_.by_key) {
        // The agent's answers come from policyd and are waited for: a frozen policyd must not leave
        // a frozen worker behind, so the kernel ends it.
        auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(connect_limit);
        ::alarm(static_cast<unsigned>(seconds.count()));
        int const rc = ssh_userauth_agent(session_.get(), nullptr);
        ::alarm(0);
        return rc;
    }
    if (method_ == Method::password) {
        std::string password{target_.password.reveal()};
        int const rc = ssh_userauth_password(session_.get(), nullptr, password.c_str());
        wipe(password);
        if (rc != SSH_AUTH_DENIED) return rc;
        // Some targets ask for the password by prompts only.
        if ((static_cast<unsigned>(ssh_userauth_list(session_.get(), nullptr)) &
             SSH_AUTH_METHOD_INTERACTIVE) == 0)
            return rc;
        method_ = Method::prompts;
    }
    return answer_prompts();
}

bool TargetLeg::authenticate()
{
    int const rc = try_once();
    if (rc == SSH_AUTH_AGAIN) return false;
    if (rc == SSH_AUTH_SUCCESS) {
        target_.password.wipe();
        state_ = State::ready;
        deadline_ = Deadline::max();
        return true;
    }
    return fail(
        "E-CIB-02", std::string{"authentication refused: "} + ssh_get_error(session_.get())
    );
}

bool TargetLeg::step(Deadline now)
{
    if (state_ != State::connecting && state_ != State::authenticating) return false;
    if (now >= deadline_) return fail("E-CIB-02", "no answer in time");
    if (state_ == State::authenticating) return authenticate();
    int const rc = ssh_connect(session_.get());
    if (rc == SSH_AGAIN) return false;
    if (rc != SSH_OK) return fail("E-CIB-02", ssh_get_error(session_.get()));
    // INVARIANT: nothing that identifies us is said before the key is the pinned one.
    if (!check_host_key())
        return fail("E-CIB-03", "host key " + fingerprint_ + " is not the pinned one");
    state_ = State::authenticating;
    return true;
}

bool TargetLeg::receive()
{
    bool moved = false;
    for (int i = 0; i < rounds_per_turn; ++i) {
        if (ssh_event_dopoll(event_.get(), 0) != SSH_OK) break;
        moved = true;
    }
    return moved;
}

void TargetLeg::close()
{
    if (!session_) return;
    if (event_) ssh_event_remove_session(event_.get(), session_.get());
    if (ssh_is_connected(session_.get()) != 0) ssh_disconnect(session_.get());
    ahead_.stop();
    // Also ends the copy that libssh may keep.
    (void)::shutdown(socket_.get(), SHUT_RDWR);
    socket_.reset();
}

} // namespace ecluse::ssh
