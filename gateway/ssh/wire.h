#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Numbers and texts as SSH writes them: big-endian, texts with their length before them.
namespace ecluse::ssh {

[[nodiscard]] inline std::uint32_t get_u32(std::string_view bytes)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4 && i < bytes.size(); ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

inline void put_u32(std::string& to, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        to.push_back(static_cast<char>(value >> shift & 0xff));
}

inline void put_text(std::string& to, std::string_view text)
{
    put_u32(to, static_cast<std::uint32_t>(text.size()));
    to.append(text);
}

/// Reads in order; after the first short read everything is empty and `good` is false.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : left_{bytes} {}

    [[nodiscard]] std::uint32_t u32()
    {
        auto const bytes = take(4);
        return get_u32(bytes);
    }
    [[nodiscard]] std::uint64_t u64()
    {
        std::uint64_t const high = u32();
        return high << 32 | u32();
    }
    [[nodiscard]] std::string_view text() { return take(u32()); }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool empty() const { return left_.empty(); }

private:
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

    std::string_view left_;
    bool good_ = true;
};

} // namespace ecluse::ssh
