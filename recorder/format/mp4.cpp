#include "recorder/format/mp4.h"

#include "recorder/format/big_endian.h"

#include <algorithm>
#include <initializer_list>
#include <limits>

namespace ecluse::mp4 {
namespace {

constexpr std::size_t box_head_bytes = 8;
/// A fragment holds half a second; an uncompressible screen of the largest size has 30 MiB.
constexpr std::size_t box_bytes_max = 64UL * 1024 * 1024;
/// Half a second at the most frames a second, with room.
constexpr std::size_t fragment_samples_max = 256;
constexpr std::uint32_t key_flags = 0x02000000;
/// Depends on others, is no place to begin.
constexpr std::uint32_t other_flags = 0x01010000;
constexpr std::uint32_t samples_per_chunk = 64;

template <class Number> void put(std::string& to, Number number)
{
    for (std::size_t i = sizeof number; i-- > 0;)
        to.push_back(static_cast<char>(static_cast<unsigned char>(number >> (8 * i))));
}

void put_all(std::string& to, std::initializer_list<std::uint32_t> numbers)
{
    for (auto const number : numbers)
        put(to, number);
}

std::string box(std::string_view type, std::string_view content)
{
    std::string made;
    put(made, static_cast<std::uint32_t>(box_head_bytes + content.size()));
    made.append(type).append(content);
    return made;
}

std::string
full_box(std::string_view type, std::uint8_t version, std::uint32_t flags, std::string_view content)
{
    std::string made;
    put(made, static_cast<std::uint32_t>(version) << 24 | flags);
    return box(type, made.append(content));
}

std::string numbers(std::initializer_list<std::uint32_t> list)
{
    std::string made;
    put_all(made, list);
    return made;
}

/// Nothing is turned or stretched.
std::string unity_matrix()
{
    return numbers({0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000});
}

std::string movie_header(std::uint32_t duration)
{
    auto content = numbers({0, 0, timescale, duration, 0x00010000, 0x01000000, 0, 0});
    content += unity_matrix() + numbers({0, 0, 0, 0, 0, 0, 2});
    return full_box("mvhd", 0, 0, content);
}

std::string track_header(Track const& track, std::uint32_t duration)
{
    constexpr std::uint32_t enabled_and_shown = 3;
    auto content = numbers({0, 0, 1, 0, duration, 0, 0, 0, 0}) + unity_matrix();
    put_all(
        content,
        {static_cast<std::uint32_t>(track.width) << 16,
         static_cast<std::uint32_t>(track.height) << 16}
    );
    return full_box("tkhd", 0, enabled_and_shown, content);
}

std::string decoder_configuration(Track const& track)
{
    auto const& sps = track.sequence_parameters;
    auto const& pps = track.picture_parameters;
    ECLUSE_ASSERT(sps.size() > 3 && sps.size() < 0x10000 && pps.size() < 0x10000);
    std::string content{"\x01"};
    content += sps.substr(1, 3); // profile, compatibility, level
    content += "\xFF\xE1";       // lengths of 4 bytes, one sequence parameter set
    put(content, static_cast<std::uint16_t>(sps.size()));
    content += sps + '\x01';
    put(content, static_cast<std::uint16_t>(pps.size()));
    content += pps;
    // High profile: 4:2:0, 8 bits, no extension.
    if (sps[1] == '\x64') content += std::string{"\xFD\xF8\xF8\x00", 4};
    return box("avcC", content);
}

std::string sample_description(Track const& track)
{
    std::string entry(6, '\0');
    put(entry, std::uint16_t{1});
    entry += std::string(16, '\0');
    put(entry, track.width);
    put(entry, track.height);
    put_all(entry, {0x00480000, 0x00480000, 0}); // 72 dots per inch
    put(entry, std::uint16_t{1});
    entry += std::string(32, '\0');
    put(entry, std::uint16_t{24});
    put(entry, std::uint16_t{0xFFFF});
    entry += decoder_configuration(track);
    // BT.709, limited range, as the stream says too.
    entry += box("colr", std::string{"nclx\0\1\0\1\0\1\0", 11});
    return full_box("stsd", 0, 0, numbers({1}) + box("avc1", entry));
}

/// The movie around a sample table; `extension` follows the track.
std::string movie(
    Track const& track,
    std::uint32_t duration,
    std::string const& table,
    std::string const& extension
)
{
    auto const handler = full_box(
        "hdlr", 0, 0, numbers({0}) + "vide" + std::string(12, '\0') + std::string{"Ecluse\0", 7}
    );
    auto const reference = full_box("dref", 0, 0, numbers({1}) + full_box("url ", 0, 1, ""));
    auto const information =
        box("minf",
            full_box("vmhd", 0, 1, std::string(8, '\0')) + box("dinf", reference) +
                box("stbl", sample_description(track) + table));
    constexpr std::uint32_t undetermined = 0x55C40000;
    auto const media =
        box("mdia",
            full_box("mdhd", 0, 0, numbers({0, 0, timescale, duration, undetermined})) + handler +
                information);
    return box(
        "moov",
        movie_header(duration) + box("trak", track_header(track, duration) + media) + extension
    );
}

std::string file_type(std::string_view brands)
{
    return box("ftyp", std::string{"isom"} + numbers({512}) + std::string{brands});
}

Error malformed(char const* what)
{
    return {Errc::malformed, std::string{"video: "} + what};
}

/// The content of the next box, which must be of that type.
std::string_view child(Cursor& from, std::string_view type)
{
    auto const size = from.number<std::uint32_t>();
    auto const found = from.bytes(4);
    if (found != type || size < box_head_bytes) from.fail();
    return from.is_short() ? std::string_view{} : from.bytes(size - box_head_bytes);
}

/// The content of the box found by walking down `path`.
std::string_view descend(std::string_view content, std::initializer_list<std::string_view> path)
{
    for (auto const wanted : path) {
        std::string_view found;
        while (content.size() >= box_head_bytes) {
            Cursor head{content};
            auto const size = head.number<std::uint32_t>();
            auto const type = head.bytes(4);
            if (size < box_head_bytes || size > content.size()) return {};
            if (type == wanted) {
                found = content.substr(box_head_bytes, size - box_head_bytes);
                break;
            }
            content.remove_prefix(size);
        }
        content = found;
    }
    return content;
}

} // namespace

std::string beginning(Track const& track)
{
    auto const empty = full_box("stts", 0, 0, numbers({0})) + full_box("stsc", 0, 0, numbers({0})) +
                       full_box("stsz", 0, 0, numbers({0, 0})) +
                       full_box("stco", 0, 0, numbers({0}));
    auto const extension = box("mvex", full_box("trex", 0, 0, numbers({1, 1, 0, 0, 0})));
    return file_type("isomiso5iso6avc1mp41") + movie(track, 0, empty, extension);
}

std::string fragment(std::uint32_t number, std::vector<Sample> const& samples)
{
    ECLUSE_ASSERT(!samples.empty() && samples.size() <= fragment_samples_max);
    constexpr std::uint32_t base_is_moof = 0x020000;
    constexpr std::uint32_t offset_durations_sizes_flags = 0x701;
    std::string time;
    put(time, samples.front().at_ms);
    std::string run;
    std::uint32_t media_bytes = 0;
    for (auto const& sample : samples) {
        auto const size = static_cast<std::uint32_t>(sample.bytes.size());
        put_all(run, {sample.duration_ms, size, sample.key ? key_flags : other_flags});
        media_bytes += size;
    }
    auto const made_with_offset = [&](std::uint32_t offset) {
        auto const count = static_cast<std::uint32_t>(samples.size());
        return box(
            "moof",
            full_box("mfhd", 0, 0, numbers({number})) +
                box("traf",
                    full_box("tfhd", 0, base_is_moof, numbers({1})) + full_box("tfdt", 1, 0, time) +
                        full_box(
                            "trun", 0, offset_durations_sizes_flags, numbers({count, offset}) + run
                        ))
        );
    };
    auto const head_bytes = static_cast<std::uint32_t>(made_with_offset(0).size());
    auto made = made_with_offset(head_bytes + box_head_bytes);
    put(made, static_cast<std::uint32_t>(box_head_bytes + media_bytes));
    made += "mdat";
    for (auto const& sample : samples)
        made += sample.bytes;
    return made;
}

std::string indexed_beginning(Track const& track, std::vector<Place> const& samples)
{
    auto const count = static_cast<std::uint32_t>(samples.size());
    std::string times;
    std::string sizes;
    std::string keys;
    std::uint32_t time_entries = 0;
    std::uint32_t key_count = 0;
    std::uint64_t duration = 0;
    std::uint64_t media_bytes = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        auto const lasts =
            i + 1 < count ? samples[i + 1].at_ms - std::min(samples[i].at_ms, samples[i + 1].at_ms)
                          : samples[i].duration_ms;
        put_all(times, {1, static_cast<std::uint32_t>(lasts)});
        ++time_entries;
        duration += lasts;
        put(sizes, samples[i].size);
        media_bytes += samples[i].size;
        if (!samples[i].key) continue;
        put(keys, i + 1);
        ++key_count;
    }
    auto const chunks = (count + samples_per_chunk - 1) / samples_per_chunk;
    auto const last_chunk = count - (chunks > 0 ? (chunks - 1) * samples_per_chunk : 0);
    std::string chunk_sizes;
    if (chunks == 1) {
        chunk_sizes = numbers({1, 1, last_chunk, 1});
    } else if (chunks > 1) {
        chunk_sizes = numbers({2, 1, samples_per_chunk, 1, chunks, last_chunk, 1});
    } else {
        chunk_sizes = numbers({0});
    }
    auto const made_with_offset = [&](std::uint64_t offset) {
        std::string offsets;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (i % samples_per_chunk == 0) put(offsets, offset);
            offset += samples[i].size;
        }
        auto const table = full_box("stts", 0, 0, numbers({time_entries}) + times) +
                           full_box("stss", 0, 0, numbers({key_count}) + keys) +
                           full_box("stsc", 0, 0, chunk_sizes) +
                           full_box("stsz", 0, 0, numbers({0, count}) + sizes) +
                           full_box("co64", 0, 0, numbers({chunks}) + offsets);
        // Beyond 49 days of session the header's 32 bits stop counting; nothing else does.
        auto const shown = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(duration, std::numeric_limits<std::uint32_t>::max() - 1)
        );
        return file_type("isomiso2avc1mp41") + movie(track, shown, table, "");
    };
    constexpr std::uint32_t large_box_head_bytes = 16;
    auto made = made_with_offset(made_with_offset(0).size() + large_box_head_bytes);
    // A size of 64 bits: an eight-hour day of video may pass 4 GiB.
    put(made, std::uint32_t{1});
    made += "mdat";
    put(made, large_box_head_bytes + media_bytes);
    return made;
}

Result<Reader::Read> Reader::feed(std::string_view bytes)
{
    if (broken_) return malformed("after a fault");
    broken_ = true;
    buffer_.append(bytes);
    Read read;
    std::size_t taken = 0;
    while (ECLUSE_TRY(take_box(std::string_view{buffer_}.substr(taken), taken, read))) {
    }
    buffer_.erase(0, taken);
    broken_ = false;
    return read;
}

Result<bool> Reader::take_box(std::string_view bytes, std::size_t& taken, Read& read)
{
    if (bytes.size() < box_head_bytes) return false;
    Cursor head{bytes};
    auto const size = head.number<std::uint32_t>();
    auto const type = head.bytes(4);
    if (size < box_head_bytes || size > box_bytes_max) return malformed("a box of that size");
    if (bytes.size() < size) return false;
    auto const content = bytes.substr(box_head_bytes, size - box_head_bytes);
    if (type == "moov")
        ECLUSE_TRY(read_movie(content));
    else if (type == "moof")
        ECLUSE_TRY(read_fragment_head(content));
    else if (type == "mdat")
        ECLUSE_TRY(read_media(content, read));
    else if (type != "ftyp")
        return malformed("an unknown box");
    taken += size;
    return true;
}

Result<> Reader::read_movie(std::string_view content)
{
    if (has_track_) return malformed("a second movie");
    auto const stsd = descend(content, {"trak", "mdia", "minf", "stbl", "stsd"});
    constexpr std::size_t before_entries = 8;
    if (stsd.size() < before_entries) return malformed("no sample description");
    auto const entry = descend(stsd.substr(before_entries), {"avc1"});
    constexpr std::size_t before_size = 24;
    constexpr std::size_t entry_bytes = 78;
    if (entry.size() < entry_bytes) return malformed("not H.264");
    Cursor size{entry.substr(before_size)};
    track_.width = size.number<std::uint16_t>();
    track_.height = size.number<std::uint16_t>();
    auto const configuration = descend(entry.substr(entry_bytes), {"avcC"});
    constexpr std::size_t before_parameters = 6;
    if (configuration.size() < before_parameters) return malformed("no parameters");
    Cursor cursor{configuration.substr(before_parameters)};
    track_.sequence_parameters = cursor.bytes(cursor.number<std::uint16_t>());
    (void)cursor.bytes(1);
    track_.picture_parameters = cursor.bytes(cursor.number<std::uint16_t>());
    constexpr std::size_t least = 4;
    if (cursor.is_short() || track_.sequence_parameters.size() < least || track_.width == 0 ||
        track_.height == 0)
        return malformed("no parameters");
    has_track_ = true;
    return {};
}

Result<> Reader::read_fragment_head(std::string_view content)
{
    if (!has_track_ || !awaited_.empty()) return malformed("a fragment out of order");
    Cursor fragment{content};
    (void)child(fragment, "mfhd");
    Cursor track{child(fragment, "traf")};
    (void)child(track, "tfhd");
    Cursor time{child(track, "tfdt")};
    Cursor run{child(track, "trun")};
    (void)time.number<std::uint32_t>();
    auto at_ms = time.number<std::uint64_t>();
    (void)run.number<std::uint32_t>();
    auto const count = run.number<std::uint32_t>();
    (void)run.number<std::uint32_t>();
    if (!fragment.at_end() || !track.at_end() || !time.at_end() || count == 0 ||
        count > fragment_samples_max)
        return malformed("a fragment of another form");
    for (std::uint32_t i = 0; i < count; ++i) {
        Place place{.at_ms = at_ms, .duration_ms = 0, .size = 0, .key = false};
        place.duration_ms = run.number<std::uint32_t>();
        place.size = run.number<std::uint32_t>();
        place.key = run.number<std::uint32_t>() == key_flags;
        at_ms += place.duration_ms;
        awaited_.push_back(place);
    }
    if (!run.at_end()) return malformed("a fragment of another form");
    return {};
}

Result<> Reader::read_media(std::string_view content, Read& read)
{
    if (awaited_.empty()) return malformed("samples without a fragment");
    Cursor cursor{content};
    for (auto const& place : awaited_)
        read.samples.push_back(
            {place.at_ms, place.duration_ms, place.key, std::string{cursor.bytes(place.size)}}
        );
    awaited_.clear();
    if (!cursor.at_end()) return malformed("samples of another size");
    return {};
}

} // namespace ecluse::mp4
