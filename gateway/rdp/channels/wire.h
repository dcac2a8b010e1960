#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Numbers as RDP writes them: little-endian.
namespace ecluse::rdp {

inline void put_number(std::string& to, std::uint64_t value, std::size_t bytes)
{
    for (std::size_t i = 0; i < bytes; ++i)
        to.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}
inline void put_u8(std::string& to, std::uint8_t value)
{
    put_number(to, value, 1);
}
inline void put_u16(std::string& to, std::uint16_t value)
{
    put_number(to, value, 2);
}
inline void put_u32(std::string& to, std::uint32_t value)
{
    put_number(to, value, 4);
}
inline void put_u64(std::string& to, std::uint64_t value)
{
    put_number(to, value, 8);
}

/// Reads in order; after the first short read everything is empty and `good` is false.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : left_{bytes} {}

    [[nodiscard]] std::uint64_t number(std::size_t bytes)
    {
        std::uint64_t value = 0;
        std::size_t shift = 0;
        for (char const c : take(bytes)) {
            value |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
            shift += 8;
        }
        return value;
    }
    [[nodiscard]] std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    [[nodiscard]] std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    [[nodiscard]] std::uint64_t u64() { return number(8); }
    std::string_view take(std::size_t count)
    {
        if (!good_ || left_.size() < count) {
            good_ = false;
            left_ = {};
            return {};
        }
        auto const taken = left_.substr(0, count);
        left_.remove_prefix(count);
        return taken;
    }
    [[nodiscard]] std::string_view rest() const { return left_; }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool empty() const { return left_.empty(); }

private:
    std::string_view left_;
    bool good_ = true;
};

} // namespace ecluse::rdp
