#include "gateway/terminal/page_frames.h"

namespace ecluse::terminal {
namespace {

constexpr std::size_t numbers_bytes = 4;

/// The most significant byte first.
std::uint32_t number_in(std::string_view bytes)
{
    std::uint32_t number = 0;
    for (char const byte : bytes)
        number = number << 8U | static_cast<unsigned char>(byte);
    return number;
}

} // namespace

std::optional<PageFrame> read_page_frame(std::string_view packet)
{
    if (packet.size() < 2 || packet.size() > page_frame_bytes_max) return std::nullopt;
    auto const payload = packet.substr(1);
    if (packet.front() == 'i') return Typed{payload};
    if (payload.size() != numbers_bytes) return std::nullopt;
    if (packet.front() == 's') return Shown{number_in(payload)};
    if (packet.front() != 'r') return std::nullopt;
    Resized const size{
        static_cast<std::uint16_t>(number_in(payload.substr(0, 2))),
        static_cast<std::uint16_t>(number_in(payload.substr(2)))};
    if (size.columns == 0 || size.columns > columns_max || size.rows == 0 || size.rows > rows_max)
        return std::nullopt;
    return size;
}

std::string to_frame(Said said, std::string_view payload)
{
    std::string frame;
    frame.reserve(1 + payload.size());
    frame += static_cast<char>(said);
    frame += payload;
    return frame;
}

} // namespace ecluse::terminal
