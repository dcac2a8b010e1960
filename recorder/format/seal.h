#pragma once

#include "common/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// seal.json: what the recording holds and how it ended. One line, fixed field order.
namespace ecluse::recording {

constexpr std::string_view seal_format = "ecluse-seal-1";
constexpr std::size_t seal_bytes_max = 64 * 1024;
/// The recorder writes a segment at least every 10 s; a longer silence is listed in the seal.
constexpr std::uint64_t gap_min_ms = 11'000;
/// A wall clock that moves against the monotonic one by more is listed in the seal.
constexpr std::uint64_t clock_jump_min_ms = 2'000;
/// Beyond, the lists end and their totals go on: a seal stays small whatever happened.
constexpr std::size_t listed_max = 100;

struct Gap {
    /// The segment that ends the silence.
    std::uint64_t before_segment;
    std::uint64_t silence_ms;
};

struct ClockJump {
    std::uint64_t at_segment;
    std::int64_t jump_ms;
};

/// What recovery cut after the last valid link; kept beside in torn-record.bin and torn-chain.txt.
struct Torn {
    std::uint64_t record_bytes;
    std::string record_sha256;
    std::uint64_t chain_bytes;
    std::string chain_sha256;
};

/// The session's text in text.bin, when it was written: never after a crash, which takes the key.
struct SealedText {
    std::uint64_t bytes;
    std::string sha256;
};

/// Finds gaps and clock jumps as segments pass by; writer, recovery and verifier share it.
class Continuity {
public:
    Continuity(std::uint64_t mono_ms, std::uint64_t utc_ms) : mono_ms_{mono_ms}, utc_ms_{utc_ms} {}
    void add(std::uint64_t segment, std::uint64_t mono_ms, std::uint64_t utc_ms);

    std::vector<Gap> gaps;
    std::uint64_t gaps_total = 0;
    std::vector<ClockJump> clock_jumps;
    std::uint64_t clock_jumps_total = 0;

    [[nodiscard]] std::uint64_t last_mono_ms() const { return mono_ms_; }
    [[nodiscard]] std::uint64_t last_utc_ms() const { return utc_ms_; }

private:
    std::uint64_t mono_ms_;
    std::uint64_t utc_ms_;
};

struct Seal {
    std::string session;
    std::string header_sha256;
    std::uint64_t segments = 0;
    std::uint64_t record_bytes = 0;
    std::uint64_t chain_bytes = 0;
    std::string last_link;
    std::string end_reason;
    /// Sealed by recovery, without the session key: what follows the last checkpoint is attested by
    /// the countersignature only.
    bool interrupted = false;
    /// Monotonic times of the header and of the last segment, UTC of the seal.
    std::uint64_t first_mono_ms = 0;
    std::uint64_t last_mono_ms = 0;
    std::uint64_t sealed_utc_ms = 0;
    std::uint64_t gaps_total = 0;
    std::vector<Gap> gaps;
    std::uint64_t clock_jumps_total = 0;
    std::vector<ClockJump> clock_jumps;
    std::optional<Torn> torn;
    std::optional<SealedText> text;
};

/// The file's bytes.
[[nodiscard]] std::string to_bytes(Seal const& seal);
[[nodiscard]] Result<Seal> parse_seal(std::string_view bytes);
/// A word of docs/requests.md §3.1: lower case and underscores.
[[nodiscard]] bool is_end_reason(std::string_view text);

} // namespace ecluse::recording
