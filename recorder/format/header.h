#pragma once

#include "recorder/format/certificate.h"
#include "recorder/format/content_key.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// header.json: who, where, when, keys. One line, fixed field order, written once.
namespace ecluse::recording {

constexpr std::string_view header_format = "ecluse-recording-1";
constexpr std::size_t header_bytes_max = 128 * 1024;

/// "S-" and 1 to 40 letters and digits: it becomes a folder name.
[[nodiscard]] bool is_session_id(std::string_view text);

/// "rssi" or "escrow".
struct Recipient {
    std::string name;
    Certificate certificate;
};

struct HeaderRecipient {
    std::string name;
    std::string certificate_sha256;
    /// key-NAME.cms, and the SHA-256 of its bytes.
    std::string file;
    std::string sha256;
};

struct Header {
    std::string session;
    /// UTC with milliseconds, ISO 8601.
    std::string created;
    std::uint64_t mono_ms;
    std::string recorder;
    /// SubjectPublicKeyInfo, DER.
    std::string session_key;
    /// Hexadecimal.
    std::string key_id;
    std::string key_commitment;
    std::vector<HeaderRecipient> recipients;
    /// Hexadecimal SHA-256 of the only certificate whose countersignature counts, when known.
    std::optional<std::string> evidence_certificate_sha256;
    /// What policyd said about the session, as JSON text.
    std::string facts;
};

/// The file's bytes.
[[nodiscard]] std::string to_bytes(Header const& header, boost::json::object const& facts);
[[nodiscard]] Result<Header> parse_header(std::string_view bytes);

} // namespace ecluse::recording
