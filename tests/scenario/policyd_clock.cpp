#include "tests/support/must.h"
#include "tests/support/policyd_rig.h"
#include "tests/support/recorder_process.h"

#include <csignal>

using namespace ecluse;
using namespace ecluse::test;

// The machine's wall clock is moved from outside by libfaketime; the monotonic clock is left alone.
// The product has no hook for this.
namespace {

std::vector<std::string> faked(PolicydRig& rig)
{
    rig.write("run/clock", "+0s\n");
    return {
        "LD_PRELOAD=" ECLUSE_FAKETIME,
        "FAKETIME_TIMESTAMP_FILE=" + rig.root() + "/run/clock",
        "FAKETIME_NO_CACHE=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1"};
}

json::object open_shell()
{
    return {{"do", "open"}, {"channel", 0}, {"kind", "shell"}};
}

} // namespace

TEST_CASE(
    "a clock that jumps past the window's end cuts the session, and jumping back opens nothing",
    "[CLAUSIER:O-12.2.5.3][WEB:HE7]"
)
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.start(faked(rig));
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_shell()).at("granted").as_bool());
    rig.write("run/clock", "+2h\n");
    auto const end = worker.push("end", 2s);
    REQUIRE(end);
    CHECK(end->at("reason").as_string() == "window_end");
    rig.write("run/clock", "+0s\n");
    rig.wait_for_log("jumped by -");
    auto next = rig.logged_in();
    auto const refused = next.ask(open_shell());
    INFO(json::serialize(refused));
    CHECK_FALSE(refused.at("granted").as_bool());
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
    INFO(rig.log());
    CHECK(rig.journal("anomaly.clock").size() == 2);
    CHECK(rig.journal("window.closed").size() == 1);
}

TEST_CASE("a clock that goes back lengthens no session", "[CLAUSIER:O-12.2.5.3]")
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    auto const closes = to_seconds(utc_now()) + 10s; // enough to log in on a busy machine
    rig.sql(
        "UPDATE access_window SET closes_at = " + std::to_string(closes.time_since_epoch().count())
    );
    rig.start(faked(rig));
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_shell()).at("granted").as_bool());
    rig.write("run/clock", "-5m\n");
    rig.wait_for_log("jumped by -");
    // A session begun after the jump ends with the first: the window is the same.
    auto const second = rig.logged_in().ask(open_shell());
    if (second.at("granted").as_bool()) CHECK(second.at("left_ms").as_int64() < 10'000);
    // Far less than the five minutes that the clock lost.
    REQUIRE(worker.push("end", 30s));
    auto next = rig.logged_in();
    auto const refused = next.ask(open_shell());
    INFO(json::serialize(refused));
    REQUIRE_FALSE(refused.at("granted").as_bool());
    CHECK(refused.at("refusal").as_object().at("code").as_string() == "E-FEN-03");
}
