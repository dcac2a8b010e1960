#pragma once

#include "common/result.h"
#include "recorder/encode/picture.h"
#include "recorder/encode/planes.h"

#include <memory>
#include <string>
#include <vector>

namespace ecluse::encode {

/// x264 for desktops: constant quantiser, no delay, one thread, whole-pixel motion. What did not
/// change is said to the encoder, which then skips it without looking.
class H264 {
public:
    struct Picture {
        /// NAL units, each behind its length in 4 bytes.
        std::string bytes;
        bool key;
    };

    [[nodiscard]] static Result<H264> open(int width, int height);
    ~H264();
    H264(H264&&) noexcept;
    H264& operator=(H264&&) noexcept;

    /// Without length.
    [[nodiscard]] std::string const& sequence_parameters() const { return sequence_parameters_; }
    [[nodiscard]] std::string const& picture_parameters() const { return picture_parameters_; }

    /// `changed` says which squares differ from the picture encoded last.
    [[nodiscard]] Result<Picture>
    encode(Planes& planes, ChangedTiles const& changed, std::uint64_t at_ms, bool key);

private:
    struct State;
    explicit H264(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
    std::string sequence_parameters_;
    std::string picture_parameters_;
};

} // namespace ecluse::encode
