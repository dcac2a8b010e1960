#pragma once

#include "recorder/format/reader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What all exports need to know before the first frame, and the masking they share.
namespace ecluse::recording {

/// Stands for one input typed with the echo off.
constexpr std::string_view mask = "•";

struct Outline {
    /// The channel of the first output or resize; none when the session had no terminal.
    std::optional<std::uint16_t> terminal;
    TerminalSize size{80, 24};
    std::uint64_t first_us = 0;
    /// Of the first frame, since 1970.
    std::uint64_t started_ms = 0;
};
[[nodiscard]] Result<Outline> outline(Recording const& recording, ContentKey const& key);

/// Seconds since the first frame, never running backwards.
class Timeline {
public:
    explicit Timeline(std::uint64_t first_us) : last_us_{first_us}, first_us_{first_us} {}
    [[nodiscard]] std::uint64_t microseconds(FrameView const& frame);

private:
    std::uint64_t last_us_;
    std::uint64_t first_us_;
};
/// "12.345678".
[[nodiscard]] std::string seconds_text(std::uint64_t microseconds);

/// One line for a marker: "exec: uptime".
[[nodiscard]] std::string event_label(std::string_view payload);

} // namespace ecluse::recording
