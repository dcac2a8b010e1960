#include "common/json.h"
#include "recorder/verify/verify.h"
#include "tests/support/must.h"
#include "tests/support/recorder_process.h"

#include <algorithm>
#include <csignal>
#include <filesystem>

using namespace ecluse;
using namespace ecluse::test;
using namespace std::chrono_literals;

namespace {

recording::Verdict verdict_of(std::string const& folder, bool countersigned = true)
{
    auto const files = must(recording::RecordingFiles::from_folder(folder));
    return recording::verify(
        files,
        {.evidence_certificate =
             countersigned ? std::optional{identity(KeyKind::p256).certificate} : std::nullopt,
         .allow_not_countersigned = !countersigned}
    );
}

void check_good(recording::Verdict const& verdict)
{
    for (auto const& fault : verdict.faults)
        FAIL_CHECK(describe(fault, Language::french));
}

} // namespace

TEST_CASE("a session is recorded, acknowledged, sealed, countersigned and verified", "[CHM:8.5]")
{
    TemporaryFolder const root;
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto intake = policyd.create(session_id(1));
    intake.write(FrameKind::resize, "80x24");
    intake.write(FrameKind::output, "bonjour\r\n");
    CHECK(intake.acknowledged(2, 1s) == 2);
    intake.write(FrameKind::input, "exit\r");
    intake.write(FrameKind::end, R"({"reason":"client_left"})");
    CHECK(intake.acknowledged(4) == 4);
    CHECK(intake.closed(2s));
    auto const sealed = policyd.push("sealed", session_id(1));
    CHECK(sealed.at("end_reason").as_string() == "client_left");
    CHECK_FALSE(sealed.at("interrupted").as_bool());

    auto const folder = folder_of(root.path(), session_id(1));
    check_good(verdict_of(folder, false));
    CHECK_FALSE(verdict_of(folder, true).good());
    policyd.countersign(folder, session_id(1));
    check_good(verdict_of(folder));
    recorder.signal(SIGTERM);
    CHECK(recorder.wait() == 0);
}

TEST_CASE("after kill -9 the recording is sealed as interrupted and what was acknowledged is there")
{
    TemporaryFolder const root;
    {
        RecorderProcess recorder{root.path()};
        PolicydSide policyd{recorder.socket()};
        auto intake = policyd.create(session_id(1));
        for (int i = 0; i < 50; ++i)
            intake.write(FrameKind::output, std::string(1000, 'x'));
        CHECK(intake.acknowledged(50, 1s) == 50);
        intake.write(FrameKind::output, "not acknowledged");
        recorder.signal(SIGKILL);
        CHECK(recorder.wait() == -SIGKILL);
    }
    RecorderProcess recorder{root.path()};
    PolicydSide policyd{recorder.socket()};
    auto const& interrupted = policyd.greeting().at("interrupted").as_array();
    REQUIRE(interrupted.size() == 1);
    CHECK(interrupted[0].at("end_reason").as_string() == "interrupted");
    auto const folder = folder_of(root.path(), session_id(1));
    policyd.countersign(folder, session_id(1));
    auto const verdict = verdict_of(folder);
    check_good(verdict);
    REQUIRE(verdict.seal);
    CHECK(verdict.seal->record_bytes > 50 * 1000);
    CHECK(std::ranges::count(verdict.notes, recording::NoteKind::interrupted) == 1);

    // Countersigned: the next life has nothing to tell.
    recorder.signal(SIGTERM);
    CHECK(recorder.wait() == 0);
    RecorderProcess again{root.path()};
    PolicydSide later{again.socket()};
    CHECK(later.greeting().at("interrupted").as_array().empty());
}
