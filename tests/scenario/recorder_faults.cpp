#include "common/bytes.h"
#include "common/json.h"
#include "recorder/format/reader.h"
#include "recorder/format/segment.h"
#include "recorder/verify/verify.h"
#include "tests/support/must.h"
#include "tests/support/recorder_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::test;
using namespace std::chrono_literals;

namespace {

/// A sanitizer keeps freed memory and slows everything: what is small and fast is judged without.
#ifdef ECLUSE_SANITIZED
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

void check_intact(std::string const& folder)
{
    auto const verdict = recording::verify(
        must(recording::RecordingFiles::from_folder(folder)),
        {.evidence_certificate = {}, .allow_not_countersigned = true}
    );
    for (auto const& fault : verdict.faults)
        FAIL_CHECK(describe(fault, Language::french));
}

std::uint64_t frames_in(std::string const& folder)
{
    auto const recording =
        must(recording::Recording::open(must(recording::RecordingFiles::from_folder(folder))));
    auto const key =
        must(recording.unlock(must(recording::ReadingKey::open(identity(KeyKind::p384).key, {}))));
    std::uint64_t count = 0;
    must(recording.for_each_frame(key, [&](FrameView const&) -> Result<bool> {
        ++count;
        return true;
    }));
    return count;
}

/// A file system of its own that one can fill; nullopt with the reason when not allowed.
class SmallDisk {
public:
    explicit SmallDisk(std::string path, char const* size) : path_{std::move(path)}
    {
        std::filesystem::create_directories(path_);
        mounted_ = ::mount("ecluse-test", path_.c_str(), "tmpfs", 0, size) == 0;
    }
    ~SmallDisk()
    {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }
    SmallDisk(SmallDisk const&) = delete;
    SmallDisk& operator=(SmallDisk const&) = delete;
    [[nodiscard]] bool mounted() const { return mounted_; }

private:
    std::string path_;
    bool mounted_ = false;
};

} // namespace

TEST_CASE("a worker that dies leaves a recording sealed with worker_lost")
{
    TemporaryFolder const root;
    RecorderProcess const recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    intake.write(FrameKind::output, "then silence");
    intake.write_raw(std::string_view{"\0\0\0", 3});
    intake.close();
    auto const sealed = policyd.push("sealed", session_id(1));
    CHECK(sealed.at("end_reason").as_string() == "worker_lost");
    check_intact(folder_of(root.path(), session_id(1)));
    CHECK(frames_in(folder_of(root.path(), session_id(1))) == 1);
}

TEST_CASE("bytes that are no frame end the recording with protocol_error")
{
    TemporaryFolder const root;
    RecorderProcess const recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    intake.write(FrameKind::output, "fine");
    intake.write_raw("SSH-2.0-not a frame at all");
    CHECK(intake.closed(2s));
    CHECK(policyd.push("sealed", session_id(1)).at("end_reason").as_string() == "protocol_error");
    check_intact(folder_of(root.path(), session_id(1)));
}

TEST_CASE("a stopped recorder acknowledges nothing, and everything after it goes on")
{
    TemporaryFolder const root;
    RecorderProcess const recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    intake.write(FrameKind::output, "before");
    CHECK(intake.acknowledged(1) == 1);
    recorder.signal(SIGSTOP);
    intake.write(FrameKind::output, "during");
    CHECK_FALSE(intake.acknowledged(2, 1500ms));
    recorder.signal(SIGCONT);
    CHECK(intake.acknowledged(2) == 2);
}

TEST_CASE("a recording goes on without policyd, is sealed, and is told to the next one until signed"
)
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    auto first = std::make_unique<PolicydSide>(recorder.socket());
    auto intake = first->create(session_id(1));
    first.reset();
    intake.write(FrameKind::output, "nobody watches");
    CHECK(intake.acknowledged(1) == 1);
    intake.write(FrameKind::end, R"({"reason":"policyd_lost"})");
    CHECK(intake.closed(2s));
    for (int life = 0; life < 2; ++life) {
        PolicydSide next{recorder.socket()};
        CHECK(next.push("sealed", session_id(1)).at("end_reason").as_string() == "policyd_lost");
    }
    PolicydSide last{recorder.socket()};
    last.countersign(folder_of(root.path(), session_id(1)), session_id(1));
    CHECK(last.ask({{"do", "recorder.ping"}}).at("live").to_number<int>() == 0);
}

TEST_CASE("sigterm seals every recording with shutdown")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto one = policyd.create(session_id(1));
    auto two = policyd.create(session_id(2));
    one.write(FrameKind::output, "unfinished");
    CHECK(one.acknowledged(1) == 1);
    recorder.signal(SIGTERM);
    CHECK(recorder.wait() == 0);
    for (int i = 1; i <= 2; ++i) {
        CHECK(policyd.push("sealed", session_id(i)).at("end_reason").as_string() == "shutdown");
        check_intact(folder_of(root.path(), session_id(i)));
    }
}

TEST_CASE("the recorder serves one client, in order, with known requests only", "[CHM:5.8]")
{
    TemporaryFolder const root;
    RecorderProcess const recorder{root.path()};
    SECTION("a request before hello ends the connection")
    {
        PolicydSide early{recorder.socket(), false};
        CHECK_FALSE(early.try_ask({{"do", "recorder.ping"}}));
    }
    SECTION("an unknown request or field ends the connection")
    {
        PolicydSide unknown{recorder.socket()};
        CHECK_FALSE(unknown.try_ask({{"do", "recorder.purge"}}));
        PolicydSide field{recorder.socket()};
        CHECK_FALSE(field.try_ask({{"do", "recorder.open"}, {"session", "S-1"}, {"path", "/"}}));
    }
    SECTION("a second client is turned away while the first one is served")
    {
        PolicydSide first{recorder.socket()};
        PolicydSide second{recorder.socket(), false};
        CHECK_FALSE(must(second.socket().receive(5s)).has_value());
        CHECK(first.ask({{"do", "recorder.ping"}}).at("ok").as_bool());
    }
    SECTION("weak or missing recipients are refused")
    {
        PolicydSide client{recorder.socket(), false};
        for (auto const kind : {KeyKind::rsa2048, KeyKind::p256}) {
            json::array const weak{
                json::object{{"name", "rssi"}, {"certificate", identity(kind).certificate}}};
            auto const answer = client.ask({{"do", "recorder.hello"}, {"recipients", weak}});
            CHECK_FALSE(answer.at("ok").as_bool());
        }
        auto const nobody = client.ask({{"do", "recorder.hello"}, {"recipients", json::array{}}});
        CHECK_FALSE(nobody.at("ok").as_bool());
    }
}

TEST_CASE("a session has one recording, whose files are handed out by name")
{
    TemporaryFolder const root;
    RecorderProcess const recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    json::object const twice{
        {"do", "recorder.create"}, {"session", session_id(1)}, {"header", json::object{}}};
    CHECK_FALSE(policyd.ask(twice).at("ok").as_bool());
    CHECK(
        policyd.ask({{"do", "recorder.open"}, {"session", "S-NOBODY"}})
            .at("error")
            .at("code")
            .as_string() == "E-REC-01"
    );
    intake.write(FrameKind::end, R"({"reason":"cut"})");
    (void)policyd.push("sealed", session_id(1));
    auto const answer = policyd.ask({{"do", "recorder.open"}, {"session", session_id(1)}});
    std::vector<std::string> names;
    for (auto const& name : answer.at("files").as_array())
        names.emplace_back(name.as_string());
    auto const files =
        must(recording::RecordingFiles::from_descriptors(names, std::move(policyd.descriptors())));
    auto const verdict =
        recording::verify(files, {.evidence_certificate = {}, .allow_not_countersigned = true});
    CHECK(verdict.good());
    auto const listed = policyd.ask({{"do", "recorder.list"}}).at("recordings").as_array();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].at("state").as_string() == "sealed");
    CHECK(policyd.ask({{"do", "recorder.list"}, {"after", session_id(1)}})
              .at("recordings")
              .as_array()
              .empty());
}

TEST_CASE("a countersignature by another key, or of something else, is refused")
{
    TemporaryFolder const root;
    RecorderProcess const recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    policyd.create(session_id(1)).write(FrameKind::end, R"({"reason":"cut"})");
    (void)policyd.push("sealed", session_id(1));
    auto const seal =
        must(read_file(folder_of(root.path(), session_id(1)) + "/seal.json", 1 << 20));
    auto const attempt = [&](TestIdentity const& who, std::string const& what) {
        auto const answer = policyd.ask(
            {{"do", "recorder.countersign"},
             {"session", session_id(1)},
             {"signature", to_base64(sign_with(who, what))},
             {"certificate", who.certificate}}
        );
        return answer.at("ok").as_bool() ? std::string{}
                                         : std::string{answer.at("error").at("code").as_string()};
    };
    CHECK(attempt(identity(KeyKind::p256, 5), seal) == "E-REC-03");
    CHECK(attempt(identity(KeyKind::p256), seal + " ") == "E-REC-03");
    CHECK_FALSE(
        std::filesystem::exists(folder_of(root.path(), session_id(1)) + "/seal.evidence.sig")
    );
}

TEST_CASE("a full disk is final for the recording; what was acknowledged verifies")
{
    TemporaryFolder const root;
    SmallDisk const disk{root.path() + "/recordings", "size=6m"};
    if (!disk.mounted()) SKIP("mounting a small tmpfs is not permitted here");
    RecorderProcess const recorder{
        root.path(),
        {"--warn-bytes",
         "3",
         "--refuse-bytes",
         "2",
         "--end-bytes",
         "1",
         "--reserve-bytes",
         "262144"}};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    std::string const block(500'000, 'x');
    std::uint64_t acknowledged = 0;
    for (int i = 0; i < 40; ++i) {
        intake.write(FrameKind::output, block);
        auto const count = intake.acknowledged(intake.written());
        if (!count) break;
        acknowledged = *count;
    }
    CHECK(acknowledged > 5);
    CHECK(acknowledged < 14);
    CHECK_FALSE(policyd.push("failed", session_id(1)).at("why").as_string().empty());
    auto const sealed = policyd.push("sealed", session_id(1));
    CHECK(sealed.at("end_reason").as_string() == "recorder_failed");
    auto const folder = folder_of(root.path(), session_id(1));
    check_intact(folder);
    CHECK(frames_in(folder) == acknowledged);
}

TEST_CASE(
    "the disk ladder warns, then refuses new recordings, then ends those that run", "[CHM:8.5]"
)
{
    TemporaryFolder const root;
    SmallDisk const disk{root.path() + "/recordings", "size=8m"};
    if (!disk.mounted()) SKIP("mounting a small tmpfs is not permitted here");
    RecorderProcess const recorder{
        root.path(),
        {"--warn-bytes",
         "6000000",
         "--refuse-bytes",
         "4000000",
         "--end-bytes",
         "2000000",
         "--reserve-bytes",
         "65536"}};
    PolicydSide policyd{recorder.socket()};
    CHECK(policyd.greeting().at("state").as_string() == "ok");
    auto intake = policyd.create(session_id(1));
    auto const fill = [&](char const* name, std::size_t bytes) {
        Fd const file{::open(
            (root.path() + "/recordings/" + name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600
        )};
        must(write_all(file.get(), std::string(bytes, 'x')));
    };
    fill("a", 2'500'000);
    CHECK(policyd.push("state").at("state").as_string() == "warn");
    (void)policyd.create(session_id(2));
    fill("b", 2'000'000);
    CHECK(policyd.push("state").at("state").as_string() == "refuse");
    json::object const more{
        {"do", "recorder.create"}, {"session", session_id(3)}, {"header", json::object{}}};
    CHECK(policyd.ask(more).at("error").at("code").as_string() == "E-REC-02");
    intake.write(FrameKind::output, "still recorded");
    CHECK(intake.acknowledged(1) == 1);
    fill("c", 2'000'000);
    CHECK(policyd.push("state").at("state").as_string() == "end");
    (void)policyd.push("failed", session_id(1));
    CHECK(policyd.push("sealed", session_id(1)).at("end_reason").as_string() == "recorder_failed");
    check_intact(folder_of(root.path(), session_id(1)));
}

TEST_CASE("a flood is slowed down to the disk's pace and does not grow the recorder")
{
    TemporaryFolder const root;
    RecorderProcess const recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    std::string const block(1'000'000, 'x');
    std::uint64_t peak = 0;
    for (int i = 0; i < 150; ++i) {
        intake.write(FrameKind::bytes_down, block);
        peak = std::max(peak, recorder.memory_kib("VmRSS"));
    }
    CHECK(intake.acknowledged(150) == 150);
    if (!is_sanitized) CHECK(peak < 40 * 1024);
    intake.write(FrameKind::end, R"({"reason":"cut"})");
    CHECK(
        policyd.push("sealed", session_id(1)).at("bytes").to_number<std::uint64_t>() > 150'000'000
    );
    check_intact(folder_of(root.path(), session_id(1)));
}

TEST_CASE("two hundred sessions at once are acknowledged, small and all sealed")
{
    constexpr int sessions = 200;
    TemporaryFolder const root;
    RecorderProcess const recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto const before = recorder.memory_kib("Pss");
    std::vector<Intake> intakes;
    for (int i = 0; i < sessions; ++i)
        intakes.push_back(policyd.create(session_id(i)));
    for (auto& intake : intakes)
        intake.write(FrameKind::output, "hello");
    for (auto& intake : intakes)
        CHECK(intake.acknowledged(1) == 1);
    auto const each = (recorder.memory_kib("Pss") - before) / sessions;
    UNSCOPED_INFO("KiB per session: " << each);
    if (!is_sanitized) CHECK(each < 150);
    for (auto& intake : intakes)
        intake.write(FrameKind::end, R"({"reason":"window_end"})");
    for (int i = 0; i < sessions; ++i)
        CHECK(policyd.push("sealed", session_id(i)).at("end_reason").as_string() == "window_end");
    check_intact(folder_of(root.path(), session_id(sessions / 2)));
}
