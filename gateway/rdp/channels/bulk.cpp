#include "gateway/rdp/channels/bulk.h"

#include "gateway/rdp/channels/wire.h"

#include <algorithm>
#include <array>

namespace ecluse::rdp {
namespace {

constexpr std::uint8_t single = 0xE0;
constexpr std::uint8_t multipart = 0xE1;
constexpr std::uint8_t kind_rdp8 = 0x04;
constexpr std::uint8_t flag_compressed = 0x20;
constexpr std::size_t history_bytes = 2'500'000;
constexpr std::size_t segment_bytes_max = 65535;
/// Of a message: what the feed of the recording carries at most.
constexpr std::size_t message_bytes_max = 16U << 20;

/// A prefix of the code, and what follows it: a byte, or the distance of a match.
struct Token {
    unsigned length;
    std::uint32_t prefix;
    unsigned value_bits;
    bool is_match;
    std::uint32_t base;
};
/// [MS-RDPEGFX] 3.1.9.1.2, ordered by length.
constexpr std::array<Token, 40> tokens{{
    {1, 0b0, 8, false, 0},
    {5, 0b10001, 5, true, 0},
    {5, 0b10010, 7, true, 32},
    {5, 0b10011, 9, true, 160},
    {5, 0b10100, 10, true, 672},
    {5, 0b10101, 12, true, 1696},
    {5, 0b11000, 0, false, 0x00},
    {5, 0b11001, 0, false, 0x01},
    {6, 0b101100, 14, true, 5792},
    {6, 0b101101, 15, true, 22176},
    {6, 0b110100, 0, false, 0x02},
    {6, 0b110101, 0, false, 0x03},
    {6, 0b110110, 0, false, 0xFF},
    {7, 0b1011100, 18, true, 54944},
    {7, 0b1011101, 20, true, 317088},
    {7, 0b1101110, 0, false, 0x04},
    {7, 0b1101111, 0, false, 0x05},
    {7, 0b1110000, 0, false, 0x06},
    {7, 0b1110001, 0, false, 0x07},
    {7, 0b1110010, 0, false, 0x08},
    {7, 0b1110011, 0, false, 0x09},
    {7, 0b1110100, 0, false, 0x0A},
    {7, 0b1110101, 0, false, 0x0B},
    {7, 0b1110110, 0, false, 0x3A},
    {7, 0b1110111, 0, false, 0x3B},
    {7, 0b1111000, 0, false, 0x3C},
    {7, 0b1111001, 0, false, 0x3D},
    {7, 0b1111010, 0, false, 0x3E},
    {7, 0b1111011, 0, false, 0x3F},
    {7, 0b1111100, 0, false, 0x40},
    {7, 0b1111101, 0, false, 0x80},
    {8, 0b10111100, 20, true, 1365664},
    {8, 0b10111101, 21, true, 2414240},
    {8, 0b11111100, 0, false, 0x0C},
    {8, 0b11111101, 0, false, 0x38},
    {8, 0b11111110, 0, false, 0x39},
    {8, 0b11111111, 0, false, 0x66},
    {9, 0b101111100, 22, true, 4511392},
    {9, 0b101111101, 23, true, 8705696},
    {9, 0b101111110, 24, true, 17094304},
}};

} // namespace

/// Bits of a segment, the highest of a byte first.
class BulkReader::Bits {
public:
    Bits(std::string_view bytes, std::size_t count) : bytes_{bytes}, end_{count} {}

    /// Beyond the end: zeros, and `good` is false.
    [[nodiscard]] std::uint32_t take(unsigned count)
    {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < count; ++i) {
            value <<= 1;
            if (at_ >= end_) {
                good_ = false;
                continue;
            }
            auto const byte = static_cast<unsigned char>(bytes_[at_ / 8]);
            value |= static_cast<std::uint32_t>(byte >> (7 - at_ % 8) & 1);
            ++at_;
        }
        return value;
    }
    /// Whole bytes, from the next whole one on.
    [[nodiscard]] std::string_view take_bytes(std::size_t count)
    {
        at_ = (at_ + 7) / 8 * 8;
        good_ = good_ && at_ <= end_ && count <= (end_ - at_) / 8;
        if (!good_) return {};
        auto const taken = bytes_.substr(at_ / 8, count);
        at_ += count * 8;
        return taken;
    }
    [[nodiscard]] bool empty() const { return at_ >= end_; }
    [[nodiscard]] bool good() const { return good_; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    std::size_t end_;
    bool good_ = true;
};

BulkReader::BulkReader() : history_(history_bytes) {}

void BulkReader::put(char byte)
{
    out_.push_back(byte);
    history_[at_] = byte;
    at_ = at_ + 1 == history_.size() ? 0 : at_ + 1;
}

bool BulkReader::has_room(std::size_t bytes) const
{
    return bytes <= segment_bytes_max - (out_.size() - segment_start_) &&
           bytes <= message_bytes_max - out_.size();
}

bool BulkReader::copy_match(Bits& bits, std::size_t distance)
{
    std::size_t count = 3;
    if (bits.take(1) != 0) {
        unsigned extra = 2;
        for (count = 4; bits.take(1) != 0; count *= 2)
            // Longer than a segment is a lie.
            if (++extra > 16) return false;
        count += bits.take(extra);
    }
    if (!bits.good() || distance > history_.size() || !has_room(count)) return false;
    auto from = (at_ + history_.size() - distance) % history_.size();
    for (; count > 0; --count) {
        put(history_[from]);
        from = from + 1 == history_.size() ? 0 : from + 1;
    }
    return true;
}

bool BulkReader::decompress(std::string_view coded)
{
    // The last byte says how many bits of the one before it mean nothing.
    if (coded.size() < 2) return false;
    auto const unused = static_cast<unsigned char>(coded.back());
    coded.remove_suffix(1);
    if (unused > 7) return false;
    Bits bits{coded, coded.size() * 8 - unused};
    while (!bits.empty()) {
        std::uint32_t prefix = 0;
        unsigned length = 0;
        auto const* const token = std::find_if(tokens.begin(), tokens.end(), [&](Token const& one) {
            for (; length < one.length; ++length)
                prefix = prefix << 1 | bits.take(1);
            return prefix == one.prefix;
        });
        if (token == tokens.end()) return false;
        auto const value = token->base + bits.take(token->value_bits);
        if (!bits.good()) return false;
        if (!token->is_match) {
            if (!has_room(1)) return false;
            put(static_cast<char>(value));
        } else if (value != 0) {
            if (!copy_match(bits, value)) return false;
        } else {
            std::size_t const count = bits.take(15);
            auto const plain = bits.take_bytes(count);
            if (!bits.good() || !has_room(count)) return false;
            for (char const byte : plain)
                put(byte);
        }
    }
    return true;
}

bool BulkReader::read_segment(std::string_view segment)
{
    WireReader reader{segment};
    auto const header = reader.u8();
    auto const bytes = reader.rest();
    if (!reader.good() || bytes.empty() || (header & 0x0F) != kind_rdp8) return false;
    segment_start_ = out_.size();
    if ((header & flag_compressed) != 0) return decompress(bytes);
    if (!has_room(bytes.size())) return false;
    for (char const byte : bytes)
        put(byte);
    return true;
}

std::optional<std::string> BulkReader::read(std::string_view message)
{
    out_.clear();
    WireReader reader{message};
    auto const descriptor = reader.u8();
    if (descriptor == single) {
        if (!read_segment(reader.rest())) return std::nullopt;
        return std::move(out_);
    }
    auto const count = reader.u16();
    std::size_t const whole = reader.u32();
    if (!reader.good() || descriptor != multipart || whole > message_bytes_max) return std::nullopt;
    for (unsigned i = 0; i < count; ++i) {
        auto const segment = reader.take(reader.u32());
        if (!reader.good() || !read_segment(segment)) return std::nullopt;
    }
    if (!reader.empty() || out_.size() != whole) return std::nullopt;
    return std::move(out_);
}

std::string in_plain_segments(std::string_view message)
{
    std::string out;
    if (message.size() <= segment_bytes_max) {
        put_u8(out, single);
        put_u8(out, kind_rdp8);
        return out += message;
    }
    put_u8(out, multipart);
    put_u16(
        out,
        static_cast<std::uint16_t>((message.size() + segment_bytes_max - 1) / segment_bytes_max)
    );
    put_u32(out, static_cast<std::uint32_t>(message.size()));
    while (!message.empty()) {
        auto const part = message.substr(0, segment_bytes_max);
        message.remove_prefix(part.size());
        put_u32(out, static_cast<std::uint32_t>(part.size() + 1));
        put_u8(out, kind_rdp8);
        out += part;
    }
    return out;
}

} // namespace ecluse::rdp
