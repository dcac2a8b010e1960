#pragma once

#include "gateway/ssh/words.h"

#include <cstddef>
#include <string_view>

/// What a client says before anything is encrypted: its version line, then its KEXINIT (RFC 4253,
/// 4.2 and 7.1). We look at it only to learn whether the client knows strict key exchange, without
/// which packets at the start of a connection can be cut out unseen under some ciphers ("Terrapin",
/// CVE-2023-48795).
namespace ecluse::ssh {

/// A hello that is longer is not worth waiting for: OpenSSH's takes 1.6 KiB.
inline constexpr std::size_t client_hello_bytes_max = 8 * 1024;

enum class StrictKex {
    unknown, // the hello is not complete yet
    offered,
    absent, // also: not a hello at all, or too long
};

/// `bytes`: all that the client has sent, from its first byte on. Strict: whatever is not a plain
/// version line with a KEXINIT behind it is `absent`.
[[nodiscard]] StrictKex strict_kex(std::string_view bytes);

/// Without what Terrapin breaks: chacha20-poly1305, and CBC together with encrypt-then-MAC.
[[nodiscard]] Algorithms without_truncation(Algorithms lists);

} // namespace ecluse::ssh
