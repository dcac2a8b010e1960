#include "common/json.h"
#include "recorder/format/mp4.h"
#include "recorder/verify/verify.h"
#include "tests/support/desktop_sample.h"
#include "tests/support/encoder_process.h"
#include "tests/support/must.h"

#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <sys/socket.h>
#include <thread>

using namespace ecluse;
using namespace ecluse::test;
using namespace std::chrono_literals;

namespace {

constexpr int width = 640;
constexpr int height = 400;
constexpr encode::Box whole{0, 0, width, height};
/// What small text needs to be read without effort; the eye sees no difference from about 38.
constexpr double psnr_min = 34;

void store(std::string const& path, std::string_view bytes)
{
    std::ofstream{path, std::ios::binary} << bytes;
}

std::string load(std::string const& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The last picture that an ordinary player shows, blue first; empty when it shows none.
std::string last_picture(std::string const& root, std::string const& video)
{
    store(root + "/video.mp4", video);
    auto const ran = run_shell(
        "cd " + root +
        " && rm -f last.raw && ffmpeg -nostdin -v error -i video.mp4 -vsync 0 -f rawvideo -pix_fmt "
        "bgr0 all.raw 2>&1 && tail -c " +
        std::to_string(width * height * 4) + " all.raw > last.raw"
    );
    INFO(ran.output);
    CHECK(ran.status == 0);
    CHECK(ran.output.empty());
    return load(root + "/last.raw");
}

double likeness(std::string const& picture, Screen const& screen)
{
    if (picture.size() != screen.pixels.size()) return 0;
    return luma_psnr(
        reinterpret_cast<std::uint8_t const*>(picture.data()),
        screen.pixels.data(),
        screen.pixels.size() / 4
    );
}

struct Session {
    TemporaryFolder root;
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    EncoderProcess encoder;

    explicit Session(int stall_ms = 5000) : encoder{policyd.create(session_id(1)).take(), stall_ms}
    {
    }
    std::uint64_t desktop()
    {
        return encoder.send(feed::Kind::desktop, feed::encode(feed::DesktopSize{width, height}));
    }
    std::uint64_t end() { return encoder.send(feed::Kind::end, R"({"reason":"client_left"})"); }
    [[nodiscard]] std::string folder() const { return folder_of(root.path(), session_id(1)); }
    ReadBack sealed(std::string_view reason)
    {
        auto const seal = policyd.push("sealed", session_id(1));
        CHECK(seal.at("end_reason").as_string() == reason);
        return read_back(folder());
    }
};

} // namespace

TEST_CASE("what a target draws is a video that an ordinary player shows, acknowledged in order")
{
    auto const coding = GENERATE(Coding::planar, Coding::interleaved16, Coding::plain32);
    Session session;
    auto const screen = terminal_screen(width, height);
    session.desktop();
    auto const drawn = session.encoder.send(feed::Kind::bitmaps, bitmaps_of(screen, whole, coding));
    CHECK(session.encoder.acknowledged(drawn) == drawn);
    auto const key = session.encoder.send(
        feed::Kind::key, R"({"scan":30,"extended":false,"down":true,"text":"a"})"
    );
    CHECK(session.encoder.acknowledged(key) == key);
    auto const end = session.end();
    CHECK(session.encoder.acknowledged(end) == end);
    CHECK(session.encoder.wait() == 0);

    auto const read = session.sealed("client_left");
    auto const likely = likeness(last_picture(session.root.path(), read.video), screen);
    // 16 bits lose colour before they come to us.
    CHECK(likely > psnr_min);
    CHECK(std::ranges::count(read.frames, FrameKind::key, &ReadBack::Frame::kind) == 1);
    auto const verdict = recording::verify(
        must(recording::RecordingFiles::from_folder(session.folder())),
        {.evidence_certificate = std::nullopt, .allow_not_countersigned = true}
    );
    CHECK(verdict.good());
}

TEST_CASE("a recorder that keeps everything and never closes does not keep the encoder")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    Fd const recorder{ends[1]};
    EncoderProcess encoder{Fd{ends[0]}, 500};
    encoder.send(feed::Kind::key, R"({"scan":30,"extended":false,"down":true})");
    auto const last = encoder.send(feed::Kind::end, R"({"reason":"client_left"})");
    FrameDecoder frames;
    std::uint64_t on_disk = 0;
    while (!frames.ended()) {
        std::array<char, 4096> bytes;
        auto const got = ::recv(recorder.get(), bytes.data(), bytes.size(), 0);
        REQUIRE(got > 0);
        on_disk += must(frames.feed({bytes.data(), static_cast<std::size_t>(got)})).size();
    }
    std::string number(8, '\0');
    number.back() = static_cast<char>(on_disk);
    REQUIRE(::send(recorder.get(), number.data(), number.size(), 0) == 8);
    CHECK(encoder.acknowledged(last) == last);
    CHECK(encoder.wait() == 0);
}
