#pragma once

#include "recorder/format/feed.h"

#include <cstdint>
#include <string>
#include <string_view>

/// Facts about a desktop, as JSON text that begins with its type (docs/requests.md §3bis, §4.1).
namespace ecluse::rdp {

struct TypedKey;

struct TargetConnected {
    std::string_view fingerprint;
    bool nla;
    unsigned width;
    unsigned height;
};

[[nodiscard]] std::string to_event(TargetConnected const& event);
/// Recorded only.
[[nodiscard]] std::string desktop_event(unsigned width, unsigned height);
/// How the target draws from here on.
[[nodiscard]] std::string drawing_event(feed::Kind kind);
[[nodiscard]] std::string keyboard_event(std::uint32_t layout, std::string_view name);
[[nodiscard]] std::string click_event(std::string_view button, unsigned x, unsigned y);
[[nodiscard]] std::string shown_event(std::string_view text);
/// The payload of a key frame.
[[nodiscard]] std::string key_payload(TypedKey const& key);

} // namespace ecluse::rdp
