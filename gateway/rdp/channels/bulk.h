#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::rdp {

/// The segments around every message of the graphics pipeline from a target ([MS-RDPEGFX] 2.2.5,
/// 3.1.9.1): plain, or compressed against the last 2.5 MB of all that came before. One per channel.
class BulkReader {
public:
    BulkReader();
    /// Nothing: no such message; the reader is of no more use.
    [[nodiscard]] std::optional<std::string> read(std::string_view message);

private:
    class Bits;
    [[nodiscard]] bool read_segment(std::string_view segment);
    [[nodiscard]] bool decompress(std::string_view coded);
    [[nodiscard]] bool copy_match(Bits& bits, std::size_t distance);
    [[nodiscard]] bool has_room(std::size_t bytes) const;
    void put(char byte);

    std::vector<char> history_;
    std::size_t at_ = 0;
    std::string out_;
    std::size_t segment_start_ = 0;
};

/// The same message in plain segments: it refers to nothing before it.
[[nodiscard]] std::string in_plain_segments(std::string_view message);

} // namespace ecluse::rdp
