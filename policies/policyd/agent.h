#pragma once

#include "common/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::policyd {

/// The ssh-agent protocol (draft-miller-ssh-agent) for one session's target key: what a worker may
/// have signed, and nothing else. It shows exactly one identity; it signs only user authentication
/// requests of the session's target user with that key, all for the same SSH session identifier, at
/// most `signatures_max` of them. A pure object: bytes in, bytes out.
class Agent {
public:
    /// Larger messages are not authentication requests.
    static constexpr std::size_t message_bytes_max = 16 * 1024;
    /// One is needed; libraries that probe algorithms ask again.
    static constexpr int signatures_max = 3;

    struct Identity {
        std::string key_blob;               // SSH wire form of the public key
        std::string user;                   // on the target
        std::vector<std::string> host_keys; // pinned, wire form
    };
    /// Signs `data`; `flags` as the agent protocol has them (2, 4: RSA with SHA-256, SHA-512).
    /// Returns the SSH signature blob.
    using Signer = std::function<Result<std::string>(std::string_view data, std::uint32_t flags)>;

    Agent(Identity identity, Signer signer)
        : identity_{std::move(identity)}, signer_{std::move(signer)}
    {
    }

    /// Bytes from the client; the answers to whole messages among them. An error: not an agent
    /// client, close.
    [[nodiscard]] Result<std::string> feed(std::string_view bytes);
    [[nodiscard]] int signatures() const { return signatures_; }

private:
    std::string answer(std::string_view message);
    std::string sign(std::string_view message);

    Identity identity_;
    Signer signer_;
    std::string unread_, session_id_;
    int signatures_ = 0;
};

} // namespace ecluse::policyd
