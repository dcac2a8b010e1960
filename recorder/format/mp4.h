#pragma once

#include "common/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The MP4 of a desktop's recording (docs/formats/recording.md, "The video"): one H.264 track,
/// milliseconds, no B-frames. Written in fragments while the session lasts; written again with an
/// index, same samples, for export. ISO/IEC 14496-12 and -15. No codec here.
namespace ecluse::mp4 {

/// Ticks per second of every time in the file.
constexpr std::uint32_t timescale = 1000;

struct Track {
    std::uint16_t width;
    std::uint16_t height;
    /// NAL units, without length or start code.
    std::string sequence_parameters;
    std::string picture_parameters;
    friend bool operator==(Track const&, Track const&) = default;
};

struct Sample {
    std::uint64_t at_ms;
    std::uint32_t duration_ms;
    bool key;
    /// NAL units, each behind its length in 4 bytes.
    std::string bytes;
    friend bool operator==(Sample const&, Sample const&) = default;
};

/// ftyp and moov.
[[nodiscard]] std::string beginning(Track const& track);
/// moof and mdat; samples in order of time, the first of the file in fragment 1.
[[nodiscard]] std::string fragment(std::uint32_t number, std::vector<Sample> const& samples);

/// What an index needs to know of a sample.
struct Place {
    std::uint64_t at_ms;
    std::uint32_t duration_ms;
    std::uint32_t size;
    bool key;
};
/// ftyp, moov with the whole index, and the head of mdat: the samples' bytes, in order, complete
/// the file. Durations run to the next sample, so that the picture stands still where nothing
/// happened.
[[nodiscard]] std::string indexed_beginning(Track const& track, std::vector<Place> const& samples);

/// Reads what `beginning` and `fragment` wrote, in whatever pieces it comes. Strict: another form
/// is an error, and final.
class Reader {
public:
    struct Read {
        std::vector<Sample> samples;
    };
    [[nodiscard]] Result<Read> feed(std::string_view bytes);
    /// Known once the moov has passed.
    [[nodiscard]] bool has_track() const { return has_track_; }
    [[nodiscard]] Track const& track() const { return track_; }

private:
    [[nodiscard]] Result<bool> take_box(std::string_view bytes, std::size_t& taken, Read& read);
    Result<> read_movie(std::string_view content);
    Result<> read_fragment_head(std::string_view content);
    Result<> read_media(std::string_view content, Read& read);

    std::string buffer_;
    Track track_{};
    bool has_track_ = false;
    bool broken_ = false;
    std::vector<Place> awaited_;
};

} // namespace ecluse::mp4
