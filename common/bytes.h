#pragma once

#include "common/result.h"

#include <cstddef>
#include <string>
#include <string_view>

/// Encodings, digests and randomness, all by OpenSSL. Bytes travel as std::string.
namespace ecluse {

[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] Result<std::string> from_hex(std::string_view text);
[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] Result<std::string> from_base64(std::string_view text);
/// 32 bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string random_bytes(std::size_t count);
/// An identifier nobody can guess or enumerate: a letter, a dash, 20 characters of base 32 (100
/// bits) without vowels, so that no word appears: "W-7KQ3M5X2…".
[[nodiscard]] std::string random_id(char kind);
/// Letters and digits that cannot be confused when read aloud: for references and recovery codes.
[[nodiscard]] std::string random_spelling(std::size_t count);
/// What an outsider sent, fit for a log line or a terminal: control characters, escape sequences,
/// bidirectional marks and invalid UTF-8 become \xNN or \u{NNNN}; at most `chars_max` characters.
[[nodiscard]] std::string printable(std::string_view text, std::size_t chars_max = 256);

} // namespace ecluse
