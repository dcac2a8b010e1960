#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Numbers as frames and MP4 boxes hold them: big-endian.
namespace ecluse {

template <class Number> void append_big_endian(std::string& to, Number number)
{
    for (std::size_t i = sizeof number; i-- > 0;)
        to.push_back(static_cast<char>(static_cast<unsigned char>(number >> (8 * i))));
}

/// Takes numbers and bytes off the front; what is missing is remembered and reads as zero or
/// nothing.
class Cursor {
public:
    explicit Cursor(std::string_view bytes) : rest_{bytes} {}

    template <class Number> Number number()
    {
        Number value = 0;
        for (char const c : bytes(sizeof value))
            value = static_cast<Number>(
                static_cast<std::uint64_t>(value) << 8 | static_cast<unsigned char>(c)
            );
        return value;
    }
    std::string_view bytes(std::size_t count)
    {
        if (rest_.size() < count) {
            fail();
            return {};
        }
        auto const taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    void fail()
    {
        short_ = true;
        rest_ = {};
    }
    [[nodiscard]] std::string_view rest() const { return rest_; }
    [[nodiscard]] bool is_short() const { return short_; }
    [[nodiscard]] bool at_end() const { return !short_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool short_ = false;
};

} // namespace ecluse
