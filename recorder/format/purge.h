#pragma once

#include "common/time.h"

#include <cstdint>
#include <string>
#include <string_view>

/// purge.json: what is left to say of a recording whose content was destroyed at its term
/// (CLAUSIER:O-6.5). One line, fixed field order, signed by the evidence key in purge.sig.
namespace ecluse::recording {

constexpr std::string_view purge_format = "ecluse-purge-1";
constexpr std::size_t purge_bytes_max = 4 * 1024;

struct PurgeCertificate {
    std::string session;
    std::string header_sha256;
    std::string seal_sha256;
    UtcTime ended;
    /// The term that had passed since.
    std::int64_t kept_days = 0;
    UtcTime purged;
};

/// Refuses another order or spelling, and a purge that comes before its own term.
[[nodiscard]] Result<PurgeCertificate> parse_purge(std::string_view bytes);

} // namespace ecluse::recording
