#pragma once

#include "common/result.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ecluse::recorder {

constexpr std::uint64_t mebibyte = 1024 * 1024;

struct Options {
    std::string socket = "/run/ecluse/recorder.sock";
    std::string recordings = "/var/lib/ecluse/recordings";
    /// The uid of policyd when it is neither ours nor root.
    std::optional<unsigned> client_uid;
    /// Free space under which the ladder climbs: warn, refuse new recordings, end all sessions.
    std::uint64_t warn_bytes = 4096 * mebibyte;
    std::uint64_t refuse_bytes = 1024 * mebibyte;
    std::uint64_t end_bytes = 256 * mebibyte;
    /// Space kept aside, so that seals can still be written on a full disk.
    std::uint64_t reserve_bytes = 16 * mebibyte;
    bool help = false;
};

[[nodiscard]] Result<Options> parse_options(int count, char const* const* words);

} // namespace ecluse::recorder
