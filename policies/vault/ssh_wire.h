#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <string_view>

/// Inside ecluse::vault only: SSH's data types (RFC 4251 §5), for key files and signatures.
namespace ecluse {

class WireReader {
public:
    explicit WireReader(std::string_view bytes) : rest_{bytes} {}

    [[nodiscard]] Result<std::uint32_t> number()
    {
        if (rest_.size() < 4) return Error{Errc::malformed, "ends early"};
        std::uint32_t value = 0;
        for (char const c : rest_.substr(0, 4))
            value = value << 8U | static_cast<unsigned char>(c);
        rest_.remove_prefix(4);
        return value;
    }
    [[nodiscard]] Result<std::string_view> string()
    {
        auto const size = ECLUSE_TRY(number());
        if (size > rest_.size()) return Error{Errc::malformed, "ends early"};
        auto const text = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return text;
    }
    [[nodiscard]] std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

inline void put_number(std::string& out, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xffU);
}

inline void put_string(std::string& out, std::string_view text)
{
    put_number(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

} // namespace ecluse
