#pragma once

#include "common/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::policyd {

/// An OpenSSH public key line: what a person enrols, and what a target is pinned to.
struct PublicKey {
    std::string type;        // "ssh-ed25519"
    std::string line;        // type and base64, no comment
    std::string fingerprint; // "SHA256:…", as ssh-keygen -l shows it
    std::size_t bits = 0;    // RSA only
};

/// Reads "type base64 [comment]", also after the host names of a known_hosts line.
[[nodiscard]] Result<PublicKey> parse_public_key(std::string_view text);

constexpr std::size_t rsa_bits_min = 3072; // CLAUSIER:O-8.3, RGS
/// Whether a person may log in with it.
[[nodiscard]] bool is_strong(PublicKey const& key);

} // namespace ecluse::policyd
