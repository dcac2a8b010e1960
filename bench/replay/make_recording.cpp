#include "common/bytes.h"
#include "common/json.h"
#include "recorder/encode/video.h"
#include "recorder/format/reader.h"
#include "recorder/format/writer.h"
#include "recorder/text/session_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <vector>

/// make_recording FOLDER CERTIFICATE KEY terminal < FRAMES
/// make_recording FOLDER CERTIFICATE KEY desktop SECONDS
/// One sealed recording, by the recorder's own writer and encoder, in segments as the recorder
/// makes them: by 250 ms, or after 8 s without anything. FRAMES is a line [microseconds, kind,
/// text] each. Prints the content key.
namespace {

using namespace ecluse;

constexpr std::uint64_t segment_us = 250'000;
constexpr std::uint64_t heartbeat_us = 8'000'000;
constexpr std::uint64_t picture_ms = 2000;

struct Batch {
    explicit Batch(recording::RecordingWriter& to) : writer{to} {}

    Result<> add(FrameKind kind, std::uint64_t at_us, std::string_view payload)
    {
        if (!frames.empty() && at_us >= since_us + segment_us) ECLUSE_TRY(flush());
        for (; at_us >= last_us + heartbeat_us; last_us += heartbeat_us)
            ECLUSE_TRY(writer.append({}));
        if (frames.empty()) since_us = at_us;
        append_frame(frames, kind, 0, first_us + at_us, payload);
        last_us = at_us;
        return {};
    }
    Result<> flush()
    {
        ECLUSE_TRY(writer.append(frames));
        text.feed(frames);
        frames.clear();
        return {};
    }

    recording::RecordingWriter& writer;
    recording::SessionText text;
    std::string frames;
    std::uint64_t first_us = recording::mono_now_ms() * 1000;
    std::uint64_t since_us = 0;
    std::uint64_t last_us = 0;
};

Result<> copy_terminal(Batch& batch)
{
    for (std::string line; std::getline(std::cin, line);) {
        boost::system::error_code fault;
        auto const frame = json::parse(line, fault);
        if (fault) return Error{Errc::malformed, "frames: " + fault.message()};
        auto const& parts = frame.as_array();
        ECLUSE_TRY(batch.add(
            static_cast<FrameKind>(parts[1].as_string().at(0)),
            parts[0].to_number<std::uint64_t>(),
            std::string_view{parts[2].as_string()}
        ));
    }
    return {};
}

/// A picture every other second, with one square that changed.
Result<> draw_desktop(Batch& batch, std::uint64_t seconds)
{
    encode::Video video;
    encode::Picture picture{1280, 800};
    picture.changed().mark_all();
    std::vector<std::uint8_t> square(64UL * 64 * 4);
    for (std::uint64_t at_ms = 0; at_ms < seconds * 1000; at_ms += picture_ms) {
        auto const turn = static_cast<int>(at_ms / picture_ms);
        for (std::size_t i = 0; i < square.size(); ++i)
            square[i] = static_cast<std::uint8_t>(i * 7 + static_cast<std::size_t>(turn) * 31);
        auto const left = turn * 64 % 1216;
        auto const top = turn / 19 * 64 % 736;
        picture.paint(square.data(), 64, 64, {left, top, left + 64, top + 64});
        ECLUSE_TRY(video.add(picture, std::nullopt, at_ms));
        ECLUSE_TRY(
            batch.add(FrameKind::video, at_ms * 1000, video.take_fragment(at_ms + picture_ms))
        );
    }
    return {};
}

Result<> make(std::vector<std::string> const& words)
{
    auto const& folder = words[0];
    bool const desktop = words[3] == "desktop";
    std::vector<recording::Recipient> recipients;
    recipients.push_back(
        {"rssi", ECLUSE_TRY(recording::parse_certificate(ECLUSE_TRY(read_file(words[1], 65536))))}
    );
    std::filesystem::create_directories(folder);
    json::object const facts{{"protocol", desktop ? "rdp" : "ssh"}};
    auto const writer = ECLUSE_TRY(
        recording::RecordingWriter::create({folder, "S-BENCH1", recipients, std::nullopt, facts})
    );
    Batch batch{*writer};
    if (desktop)
        ECLUSE_TRY(draw_desktop(batch, std::stoull(words.at(4))));
    else
        ECLUSE_TRY(copy_terminal(batch));
    ECLUSE_TRY(batch.add(FrameKind::end, batch.last_us, R"({"reason":"client_left"})"));
    ECLUSE_TRY(batch.flush());
    ECLUSE_TRY(writer->seal("client_left", batch.text.finish()));
    auto const reading =
        ECLUSE_TRY(recording::ReadingKey::open(ECLUSE_TRY(read_file(words[2], 65536)), {}));
    auto const opened = ECLUSE_TRY(
        recording::Recording::open(ECLUSE_TRY(recording::RecordingFiles::from_folder(folder)))
    );
    auto const key = ECLUSE_TRY(opened.unlock(reading));
    fmt::print("{}\n", to_base64(key.reveal()));
    return {};
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<std::string> const words{argv + 1, argv + argc};
    if (words.size() < 4) return 2;
    auto const made = make(words);
    if (made) return 0;
    fmt::print(stderr, "{}\n", made.error().what);
    return 1;
}
