#include "policies/policyd/agent.h"

#include "common/log.h"
#include "policies/policyd/ssh_wire.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

constexpr char agent_failure = 5;
constexpr char agent_request_identities = 11;
constexpr char agent_identities_answer = 12;
constexpr char agent_sign_request = 13;
constexpr char agent_sign_response = 14;
constexpr std::uint32_t flag_rsa_sha2_256 = 2, flag_rsa_sha2_512 = 4;
constexpr std::uint8_t userauth_request = 50;
/// SHA-256 to SHA-512: the exchange hash of any key exchange we know.
constexpr std::size_t session_id_bytes_min = 32, session_id_bytes_max = 64;

/// The data of RFC 4252 §7 that a client signs to log in.
struct UserAuthentication {
    std::string_view session_id, user, algorithm, key_blob;
    std::optional<std::string_view> host_key; // the hostbound method names the server as well
};

std::optional<UserAuthentication> read_authentication(std::string_view data)
{
    SshReader reader{data};
    auto const session_id = reader.text();
    if (!session_id || session_id->size() < session_id_bytes_min ||
        session_id->size() > session_id_bytes_max)
        return std::nullopt;
    if (reader.byte() != userauth_request) return std::nullopt;
    auto const user = reader.text();
    if (!user || reader.text() != "ssh-connection") return std::nullopt;
    auto const method = reader.text();
    bool const hostbound = method == "publickey-hostbound-v00@openssh.com";
    if (!hostbound && method != "publickey") return std::nullopt;
    if (reader.byte() != 1) return std::nullopt; // "with signature"
    auto const algorithm = reader.text();
    auto const key_blob = reader.text();
    if (!algorithm || !key_blob) return std::nullopt;
    UserAuthentication read{*session_id, *user, *algorithm, *key_blob, std::nullopt};
    if (hostbound) {
        read.host_key = reader.text();
        if (!read.host_key) return std::nullopt;
    }
    if (!reader.at_end()) return std::nullopt;
    return read;
}

/// The algorithm that this key and these flags mean; RSA with SHA-1 does not exist here.
std::optional<std::string_view> algorithm_of(std::string_view key_blob, std::uint32_t flags)
{
    auto const type = SshReader{key_blob}.text();
    if (!type) return std::nullopt;
    if (*type != "ssh-rsa") return type;
    if (flags & flag_rsa_sha2_512) return "rsa-sha2-512";
    if (flags & flag_rsa_sha2_256) return "rsa-sha2-256";
    return std::nullopt;
}

} // namespace

Result<std::string> Agent::feed(std::string_view bytes)
{
    unread_ += bytes;
    std::string answers;
    for (;;) {
        auto const size = SshReader{unread_}.number();
        if (!size) return answers;
        if (*size == 0 || *size > message_bytes_max)
            return Error{Errc::malformed, "agent: message size"};
        if (unread_.size() < 4 + *size) return answers;
        auto const message = unread_.substr(4, *size);
        unread_.erase(0, 4 + *size);
        answers += ssh_text(answer(message));
    }
}

std::string Agent::answer(std::string_view message)
{
    std::string const failure(1, agent_failure);
    if (message[0] == agent_request_identities && message.size() == 1)
        return agent_identities_answer + ssh_number(1) + ssh_text(identity_.key_blob) +
               ssh_text("ecluse");
    if (message[0] == agent_sign_request) {
        auto const signature = sign(message.substr(1));
        if (!signature.empty()) return agent_sign_response + ssh_text(signature);
    }
    return failure; // extensions too: the client then goes on without
}

std::string Agent::sign(std::string_view message)
{
    SshReader reader{message};
    auto const key = reader.text();
    auto const data = reader.text();
    auto const flags = reader.number();
    if (!key || !data || !flags || !reader.at_end() || *key != identity_.key_blob) return {};
    auto const request = read_authentication(*data);
    if (!request) return {};
    auto const algorithm = algorithm_of(identity_.key_blob, *flags);
    if (request->user != identity_.user || request->key_blob != identity_.key_blob ||
        request->algorithm != algorithm)
        return {};
    auto const& pinned = identity_.host_keys;
    if (request->host_key &&
        std::find(pinned.begin(), pinned.end(), *request->host_key) == pinned.end())
        return {};
    // One connected socket, one SSH session: a second identifier would be a signature for
    // elsewhere.
    if (!session_id_.empty() && session_id_ != request->session_id) return {};
    if (signatures_ >= signatures_max) return {};
    session_id_ = request->session_id;
    ++signatures_;
    auto signature = signer_(*data, *flags);
    if (signature) return std::move(*signature);
    log(LogLevel::error, "sign for a target: " + signature.error().what);
    return {};
}

} // namespace ecluse::policyd
