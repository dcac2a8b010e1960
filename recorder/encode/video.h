#pragma once

#include "common/result.h"
#include "recorder/encode/h264.h"
#include "recorder/encode/planes.h"
#include "recorder/format/mp4.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ecluse::encode {

/// Pictures in, pieces of an MP4 out.
class Video {
public:
    /// A place to begin playing is made after this many pictures: twenty seconds of steady change
    /// at 8 a second. Silence makes none: it has nothing to search in.
    static constexpr int pictures_per_key = 160;

    /// Encodes what changed in `picture` since the last call, with the pointer over it, and clears
    /// its marks. Milliseconds of the monotonic clock.
    Result<> add(Picture& picture, std::optional<Pointer> const& pointer, std::uint64_t mono_ms);
    [[nodiscard]] bool has_samples() const { return !samples_.empty(); }
    /// The fragment of the pictures added since the last one, the last of them shown until
    /// `mono_ms`; the first begins with the file's head.
    [[nodiscard]] std::string take_fragment(std::uint64_t mono_ms);

private:
    Result<> open(Picture const& picture);

    std::optional<H264> encoder_;
    Planes planes_;
    int width_ = 0;
    int height_ = 0;
    int since_key_ = 0;
    bool has_begun_ = false;
    std::string beginning_;
    /// Parameters that the file's head does not hold: a later size.
    std::string in_band_;
    std::uint64_t first_mono_ms_ = 0;
    /// End of the last sample, or the time of the last one while its end is open.
    std::uint64_t next_at_ms_ = 0;
    std::uint32_t fragments_ = 0;
    std::vector<mp4::Sample> samples_;
};

} // namespace ecluse::encode
