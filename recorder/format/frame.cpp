#include "recorder/format/frame.h"

#include "recorder/format/big_endian.h"

#include <charconv>

namespace ecluse {
namespace {

constexpr std::size_t length_bytes = 4;
/// Kind, channel and time belong to the length.
constexpr std::size_t counted_head_bytes = frame_head_bytes - length_bytes;
/// A buffer that grew for one large frame is given back afterwards.
constexpr std::size_t kept_capacity = 4096;

std::uint64_t big_endian(std::string_view bytes)
{
    std::uint64_t number = 0;
    for (char const c : bytes)
        number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

bool is_kind(char c)
{
    return std::string_view{"oinrebBvkz"}.find(c) != std::string_view::npos;
}

} // namespace

void append_frame(
    std::string& to,
    FrameKind kind,
    std::uint16_t channel,
    std::uint64_t mono_us,
    std::string_view payload
)
{
    ECLUSE_ASSERT(payload.size() <= frame_payload_max);
    append_big_endian(to, static_cast<std::uint32_t>(counted_head_bytes + payload.size()));
    to.push_back(static_cast<char>(kind));
    append_big_endian(to, channel);
    append_big_endian(to, mono_us);
    to.append(payload);
}

std::string to_text(TerminalSize size)
{
    return std::to_string(size.columns) + "x" + std::to_string(size.rows);
}

Result<TerminalSize> parse_terminal_size(std::string_view text)
{
    TerminalSize size{};
    auto const* const end = text.data() + text.size();
    auto const columns = std::from_chars(text.data(), end, size.columns);
    if (columns.ec != std::errc{} || columns.ptr == end || *columns.ptr != 'x')
        return Error{Errc::malformed, "terminal size: not COLSxROWS"};
    auto const rows = std::from_chars(columns.ptr + 1, end, size.rows);
    if (rows.ec != std::errc{} || rows.ptr != end || size.columns == 0 || size.rows == 0 ||
        to_text(size) != text)
        return Error{Errc::malformed, "terminal size: not COLSxROWS"};
    return size;
}

Result<std::size_t> FrameDecoder::take(std::string_view bytes, std::vector<FrameView>& frames)
{
    std::size_t taken = 0;
    for (;;) {
        auto const rest = bytes.substr(taken);
        if (rest.empty()) return taken;
        if (ended_) return Error{Errc::malformed, "frame: bytes after the end frame"};
        if (rest.size() < length_bytes + 1) return taken;
        auto const length = big_endian(rest.substr(0, length_bytes));
        if (length < counted_head_bytes || length > counted_head_bytes + frame_payload_max)
            return Error{Errc::malformed, "frame: length " + std::to_string(length)};
        if (!is_kind(rest[length_bytes])) return Error{Errc::malformed, "frame: unknown kind"};
        auto const whole = length_bytes + static_cast<std::size_t>(length);
        if (rest.size() < whole) return taken;
        FrameView const frame{
            .kind = FrameKind{rest[length_bytes]},
            .channel = static_cast<std::uint16_t>(big_endian(rest.substr(5, 2))),
            .mono_us = big_endian(rest.substr(7, 8)),
            .payload = rest.substr(frame_head_bytes, whole - frame_head_bytes),
            .encoded = rest.substr(0, whole),
        };
        if (frame.kind == FrameKind::resize && !parse_terminal_size(frame.payload))
            return Error{Errc::malformed, "frame: a resize that is not COLSxROWS"};
        ended_ = frame.kind == FrameKind::end;
        frames.push_back(frame);
        taken += whole;
    }
}

Result<std::vector<FrameView>> FrameDecoder::feed(std::string_view bytes)
{
    if (broken_) return Error{Errc::malformed, "frame: after a fault"};
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    if (buffer_.empty() && buffer_.capacity() > kept_capacity) std::string{}.swap(buffer_);

    std::vector<FrameView> frames;
    bool const direct = buffer_.empty();
    if (!direct) buffer_.append(bytes);
    auto const taken = take(direct ? bytes : std::string_view{buffer_}, frames);
    if (!taken) {
        broken_ = true;
        return taken.error();
    }
    // Only what a later call completes is copied.
    if (direct)
        buffer_.assign(bytes.substr(*taken));
    else
        consumed_ = *taken;
    return frames;
}

} // namespace ecluse
