#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The data types of RFC 4251 §5, as far as policyd reads and writes them.
namespace ecluse::policyd {

class SshReader {
public:
    explicit SshReader(std::string_view bytes) : left_{bytes} {}

    [[nodiscard]] std::optional<std::uint8_t> byte()
    {
        if (left_.empty()) return std::nullopt;
        auto const value = static_cast<std::uint8_t>(left_.front());
        left_.remove_prefix(1);
        return value;
    }
    [[nodiscard]] std::optional<std::uint32_t> number()
    {
        if (left_.size() < 4) return std::nullopt;
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i)
            value = value << 8 | *byte();
        return value;
    }
    [[nodiscard]] std::optional<std::string_view> text()
    {
        auto const size = number();
        if (!size || *size > left_.size()) return std::nullopt;
        auto const value = left_.substr(0, *size);
        left_.remove_prefix(*size);
        return value;
    }
    [[nodiscard]] bool at_end() const { return left_.empty(); }

private:
    std::string_view left_;
};

[[nodiscard]] inline std::string ssh_number(std::uint32_t value)
{
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
}

[[nodiscard]] inline std::string ssh_text(std::string_view value)
{
    return ssh_number(static_cast<std::uint32_t>(value.size())) + std::string{value};
}

} // namespace ecluse::policyd
