#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace ecluse {

/// Bytes that are wiped when they die, cannot be copied, and have no way into a log line.
class Secret {
public:
    Secret() = default;
    /// Takes the bytes over and wipes the text they came from.
    explicit Secret(std::string& from);
    [[nodiscard]] static Secret copy_of(std::string_view bytes);
    Secret(Secret&& other) noexcept : bytes_{std::move(other.bytes_)} { other.wipe(); }
    Secret& operator=(Secret&& other) noexcept;
    Secret(Secret const&) = delete;
    Secret& operator=(Secret const&) = delete;
    ~Secret() { wipe(); }

    /// Look, do not keep.
    [[nodiscard]] std::string_view reveal() const { return bytes_; }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    void wipe();

private:
    std::string bytes_;
};

/// Overwrites, and cannot be optimised away.
void wipe(std::string& text);
/// Takes the same time whatever the contents.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace ecluse
