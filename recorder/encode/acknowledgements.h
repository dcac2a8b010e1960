#pragma once

#include <cstdint>
#include <deque>

namespace ecluse::encode {

/// Which feed frames are on disk, deduced from which intake frames are. A graphics frame is on disk
/// when the video frame that shows it is; what passes through, when its own frame is. The answer is
/// a count, so a frame is only counted after all before it.
class Acknowledgements {
public:
    /// The next feed frame has become intake frame number `intake` (counted from 1).
    void passed(std::uint64_t intake) { add(intake); }
    /// The next feed frame waits for a picture to show it.
    void waits_for_picture() { add(not_shown); }
    /// Every frame that waits is in a picture now, which waits for its fragment.
    void pictured();
    /// The fragment of all such pictures is intake frame number `intake`.
    void written_as(std::uint64_t intake);
    /// So many intake frames are on disk. The number of feed frames that are.
    [[nodiscard]] std::uint64_t on_disk(std::uint64_t intake);

private:
    static constexpr std::uint64_t not_shown = ~std::uint64_t{0};
    static constexpr std::uint64_t in_picture = not_shown - 1;
    struct Run {
        std::uint64_t count;
        std::uint64_t intake;
    };
    void add(std::uint64_t intake);

    /// One for each stretch of feed frames with the same fate: bounded by the intake's own bound.
    std::deque<Run> runs_;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t intake_on_disk_ = 0;
};

} // namespace ecluse::encode
