#pragma once

#include "common/result.h"
#include "recorder/encode/picture.h"
#include "recorder/format/feed.h"

#include <memory>
#include <string_view>

/// FreeRDP's codecs, applied to what a target sent, into a Picture. The only file of the encoder
/// that outsiders' pixels reach before they are pixels: a fault here ends this process and nothing
/// else (docs/decisions/0010).
namespace ecluse::encode {

/// Once, before the confinement: what FreeRDP reads or decides at its first use. Its log would name
/// people and hosts, and is off.
void prepare_libraries();

class Decoder {
public:
    Decoder();
    ~Decoder();
    Decoder(Decoder const&) = delete;
    Decoder& operator=(Decoder const&) = delete;

    /// A new desktop, black. The same size changes nothing. Beyond `desktop_pixels_max`, or without
    /// memory: an error.
    Result<> resize(feed::DesktopSize size);
    [[nodiscard]] Picture& picture() { return picture_; }
    [[nodiscard]] Picture const& picture() const { return picture_; }

    /// What a codec refuses is an error; the picture may then hold a part of it. Nothing may be
    /// drawn before the first resize.
    Result<> draw_bitmaps(std::string_view payload);
    Result<> draw_surface(std::string_view payload);
    Result<> draw_graphics_message(std::string_view payload);

private:
    struct Codecs;
    std::unique_ptr<Codecs> codecs_;
    Picture picture_;
};

} // namespace ecluse::encode
