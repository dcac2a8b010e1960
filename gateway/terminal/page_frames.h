#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What a page with a terminal and ecluse-terminal say to each other (docs/requests.md §3ter): one
/// frame a packet, and so one a WebSocket message; its first byte says what it is. Pure.
namespace ecluse::terminal {

/// A page sends what it pastes in pieces of this size.
constexpr std::size_t input_bytes_max = 4096;
constexpr std::size_t page_frame_bytes_max = 1 + input_bytes_max;
/// Far beyond any screen; a hostile page may ask for anything.
constexpr unsigned columns_max = 500, rows_max = 200;
constexpr std::size_t output_bytes_max = 16 * 1024;
/// What a page may have been sent and not shown yet: beyond, the session waits. A browser takes
/// what it cannot show into its memory, and nothing else would stop it.
constexpr std::size_t unshown_bytes_max = 256 * 1024;

struct Typed {
    std::string_view bytes;
};
struct Resized {
    std::uint16_t columns, rows;
};
struct Shown {
    std::uint32_t bytes; // of the session's, since the last such frame
};
using PageFrame = std::variant<Typed, Resized, Shown>;
/// nullopt: not a frame; whoever sends that is not our page. Views into `packet`.
[[nodiscard]] std::optional<PageFrame> read_page_frame(std::string_view packet);

enum class Said : char {
    output = 'o', // what the session writes
    notice = 'n', // what policyd says of it, a JSON object
    end = 'e',    // {"reason"}: the last frame
};
[[nodiscard]] std::string to_frame(Said said, std::string_view payload);

} // namespace ecluse::terminal
