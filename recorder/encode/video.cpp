#include "recorder/encode/video.h"

#include <algorithm>

namespace ecluse::encode {
namespace {

std::string with_length(std::string const& unit)
{
    std::string made;
    for (int shift = 24; shift >= 0; shift -= 8)
        made.push_back(static_cast<char>(static_cast<unsigned char>(unit.size() >> shift)));
    return made + unit;
}

} // namespace

Result<> Video::open(Picture const& picture)
{
    width_ = picture.width();
    height_ = picture.height();
    planes_ = Planes{width_, height_};
    encoder_.reset();
    encoder_ = ECLUSE_TRY(H264::open(planes_.width(), planes_.height()));
    since_key_ = pictures_per_key;
    if (!has_begun_) {
        has_begun_ = true;
        beginning_ = mp4::beginning(
            {static_cast<std::uint16_t>(planes_.width()),
             static_cast<std::uint16_t>(planes_.height()),
             encoder_->sequence_parameters(),
             encoder_->picture_parameters()}
        );
    } else {
        // Players follow new parameters inside the stream; a second moov they do not.
        in_band_ = with_length(encoder_->sequence_parameters()) +
                   with_length(encoder_->picture_parameters());
    }
    return {};
}

Result<> Video::add(Picture& picture, std::optional<Pointer> const& pointer, std::uint64_t mono_ms)
{
    if (!has_begun_) first_mono_ms_ = mono_ms;
    if (!encoder_ || width_ != picture.width() || height_ != picture.height()) {
        ECLUSE_TRY(open(picture));
        picture.changed().mark_all();
    }
    planes_.update(picture, pointer);
    auto const at_ms = std::max(mono_ms - std::min(mono_ms, first_mono_ms_), next_at_ms_);
    bool const key = since_key_ >= pictures_per_key;
    auto encoded = ECLUSE_TRY(encoder_->encode(planes_, picture.changed(), at_ms, key));
    picture.changed().clear();
    since_key_ = encoded.key ? 1 : since_key_ + 1;
    if (!samples_.empty())
        samples_.back().duration_ms = static_cast<std::uint32_t>(at_ms - samples_.back().at_ms);
    auto bytes = encoded.key ? in_band_ + encoded.bytes : std::move(encoded.bytes);
    samples_.push_back({at_ms, 1, encoded.key, std::move(bytes)});
    next_at_ms_ = at_ms + 1;
    return {};
}

std::string Video::take_fragment(std::uint64_t mono_ms)
{
    if (samples_.empty()) return {};
    auto& last = samples_.back();
    auto const until = mono_ms - std::min(mono_ms, first_mono_ms_);
    last.duration_ms = static_cast<std::uint32_t>(std::max(until, last.at_ms + 1) - last.at_ms);
    next_at_ms_ = last.at_ms + last.duration_ms;
    auto made = std::exchange(beginning_, {}) + mp4::fragment(++fragments_, samples_);
    samples_.clear();
    return made;
}

} // namespace ecluse::encode
