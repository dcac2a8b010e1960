#include "recorder/export/film.h"

#include "tests/support/identity.h"
#include "tests/support/must.h"
#include "tests/support/recording_sample.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <fstream>
#include <optional>

using namespace ecluse;
using namespace ecluse::recording;
using namespace ecluse::test;

namespace {

constexpr auto second = std::uint64_t{1'000'000};

/// A recording of one terminal, exported as a film by the real program.
class FilmRig {
public:
    explicit FilmRig(std::vector<SampleFrame> const& frames)
    {
        Sample sample{.segments = {}, .protocol = "ssh"};
        // A segment is a second's worth or so, not a session.
        for (std::size_t i = 0; i < frames.size(); ++i) {
            if (i % 100 == 0) sample.segments.emplace_back();
            sample.segments.back().push_back(frames[i]);
        }
        make_recording(folder("s"), sample);
        recording_ = must(Recording::open(must(RecordingFiles::from_folder(folder("s")))));
        key_ = must(recording_->unlock(must(ReadingKey::open(identity(KeyKind::p384).key, {}))));
    }

    Result<> make(std::string const& program = ECLUSE_FILM_PROGRAM)
    {
        std::ofstream file{folder("film.mp4"), std::ios::binary};
        return export_film(
            *recording_,
            *key_,
            program,
            [&](std::string_view bytes) -> Result<> {
                file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
                return {};
            },
            [this](std::uint64_t at_us) { told_us_ = at_us; }
        );
    }

    /// The picture at this second, as an ordinary player shows it: rows of three bytes a pixel.
    struct Picture {
        int width = 0;
        std::string pixels;
        /// How many have this much of red, green and blue, within what a film may lose.
        [[nodiscard]] int count(int red, int green, int blue) const
        {
            auto const near = [](char byte, int wanted) {
                return std::abs(static_cast<unsigned char>(byte) - wanted) < 40;
            };
            int found = 0;
            for (std::size_t at = 0; at + 2 < pixels.size(); at += 3)
                if (near(pixels[at], red) && near(pixels[at + 1], green) &&
                    near(pixels[at + 2], blue))
                    ++found;
            return found;
        }
    };
    [[nodiscard]] Picture at(int seconds) const
    {
        auto const ran = run_shell(
            "cd " + folder() +
            " && rm -f one.raw && ffmpeg -nostdin -v error -i film.mp4 -vf "
            "'fps=1:round=near,select=eq(n\\," +
            std::to_string(seconds) + ")' -frames:v 1 -f rawvideo -pix_fmt rgb24 one.raw 2>&1"
        );
        INFO(ran.output);
        CHECK(ran.status == 0);
        CHECK(ran.output.empty());
        std::ifstream file{folder("one.raw"), std::ios::binary};
        return {size().first, {std::istreambuf_iterator<char>{file}, {}}};
    }
    [[nodiscard]] std::string probe(std::string const& entry) const
    {
        return run_shell(
                   "ffprobe -v error -show_entries " + entry + " -of csv=p=0 " + folder("film.mp4")
        )
            .output;
    }
    [[nodiscard]] std::pair<int, int> size() const
    {
        auto const text = probe("stream=width,height");
        return {std::stoi(text), std::stoi(text.substr(text.find(',') + 1))};
    }
    [[nodiscard]] std::uint64_t told_us() const { return told_us_; }
    [[nodiscard]] std::string folder(std::string const& name = {}) const
    {
        return root_.path() + (name.empty() ? "" : "/" + name);
    }

private:
    TemporaryFolder root_;
    std::optional<Recording> recording_;
    std::optional<ContentKey> key_;
    std::uint64_t told_us_ = 0;
};

} // namespace

TEST_CASE("a terminal's recording becomes a film that any player shows", "[CHM:8.5]")
{
    FilmRig film{{
        {FrameKind::resize, 0, "80x24"},
        {FrameKind::output, second, "\x1b[42m" + std::string(80, ' ') + "\x1b[0m"},
        {FrameKind::hidden_input, 2 * second, "S3cr3t!"},
        // A screen of red, left again.
        {FrameKind::output, 5 * second, "\x1b[?1049h\x1b[41m\x1b[2J"},
        {FrameKind::output, 9 * second, "\x1b[?1049l\x1b[0mbonjour"},
        {FrameKind::end, 20 * second, R"({"reason":"client_left"})"},
    }};
    auto const made = film.make();
    INFO((made ? "" : made.error().what));
    REQUIRE(made);
    CHECK(std::lround(std::stod(film.probe("format=duration"))) == 20);
    CHECK(film.told_us() == 20 * second);
    auto const [width, height] = film.size();
    CHECK(width > 80 * 6);
    CHECK(height > 25 * 12);
    auto const cell = width / 80 * (height / 25);
    // Each second shows what the terminal showed in it.
    CHECK(film.at(0).count(0, 205, 0) == 0);
    auto const green = film.at(3);
    CHECK(green.count(0, 205, 0) > 70 * cell);
    CHECK(green.count(0, 205, 0) < 90 * cell);
    CHECK(film.at(6).count(205, 0, 0) > 23 * 80 * cell);
    auto const last = film.at(15);
    CHECK(last.count(205, 0, 0) == 0);
    CHECK(last.count(0, 205, 0) > 70 * cell);
    // The line below, with the time and the session.
    CHECK(last.count(0x1f, 0x3a, 0x5f) > 40 * cell);
}

TEST_CASE("sizes that change, giant ones and hostile output make a film too", "[CHM:8.5]")
{
    std::vector<SampleFrame> frames{{FrameKind::resize, 0, "65535x65535"}};
    for (unsigned i = 0; i < 400; ++i) {
        auto const at = i * second / 20;
        frames.push_back({FrameKind::output, at, "\x1bP" + std::string(5000, 'q')});
        frames.push_back(
            {FrameKind::output,
             at,
             "\x1b]52;c;cm0gLXJm\a\x1b[6n\x1b[c\x1b[99999;99999H\x1b[1000L\xff"}
        );
        frames.push_back(
            {FrameKind::resize, at, std::to_string(1 + i) + "x" + std::to_string(1 + i % 97)}
        );
    }
    frames.push_back({FrameKind::end, 21 * second, R"({"reason":"client_left"})"});
    FilmRig film{frames};
    auto const made = film.make();
    INFO((made ? "" : made.error().what));
    REQUIRE(made);
    CHECK(std::lround(std::stod(film.probe("format=duration"))) == 21);
    CHECK_FALSE(film.at(20).pixels.empty());
}

TEST_CASE("a film that cannot be drawn is an error, not a shorter film")
{
    FilmRig film{{
        {FrameKind::resize, 0, "80x24"},
        {FrameKind::output, second, std::string(500'000, 'x')},
        {FrameKind::end, 2 * second, R"({"reason":"client_left"})"},
    }};
    CHECK_FALSE(film.make("/bin/false"));
    CHECK_FALSE(film.make("/nonexistent"));
    FilmRig none{{
        {FrameKind::event, 0, R"({"type":"refused"})"},
        {FrameKind::end, second, R"({"reason":"client_left"})"},
    }};
    CHECK_FALSE(none.make());
}
