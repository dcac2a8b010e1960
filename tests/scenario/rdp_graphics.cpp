#include "tests/support/rdp_rig.h"
#include "tests/support/scripted_target.h"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

using namespace ecluse::test;
using namespace std::chrono_literals;

/// Every way a target has to draw, through the gateway: the client shows it, and the recording
/// shows what the client does.

namespace {

constexpr auto start_limit = 60s;
/// Two codecs with losses one after the other.
constexpr double alike_db = 30;

/// The gateway's banner lies over the upper edge, where the target has its empty root.
bool notice_shown(Picture const& picture)
{
    return RdpTarget::desktop_shown(picture) && picture.part(500, 0, 280, 30).colours() > 1;
}

/// The last picture of what has been recorded so far.
Picture film(RdpRig& rig)
{
    auto const path = rig.desk().folder() + "/film.mp4";
    std::ofstream{path, std::ios::binary} << rig.policy().recorded('v');
    return read_picture(path, -1);
}

/// Until the recording has what the client shows; the mouse pointer is drawn by each in its own
/// way.
double likeness(RdpRig& rig)
{
    double best = 0;
    (void)rig.desk().wait_until_seen(
        [&](Picture const& shown) {
            best = std::max(best, psnr(shown, film(rig)));
            return best >= alike_db;
        },
        start_limit
    );
    return best;
}

void type_and_compare(RdpRig& rig)
{
    REQUIRE(rig.desk().desktop_comes(start_limit));
    rig.desk().click(300, 300);
    // The gateway's notice is no part of the film; dismissed, it leaves the desktop as it was.
    REQUIRE(rig.desk().wait_until_seen(notice_shown));
    rig.desk().key("ctrl+alt+Escape");
    REQUIRE(rig.desk().wait_until_seen([](Picture const& now) { return !notice_shown(now); }));
    rig.desk().type("seq 2000 2019; cp /etc/passwd fait");
    rig.desk().key("Return");
    CHECK(rig.target().wait_for_file("desk1", "fait", "root", start_limit));
    CHECK(likeness(rig) >= alike_db);
}

void draw_by_pipeline(std::string const& mode)
{
    RdpRig rig{RdpTarget::Kind::shadow_nla};
    auto const client = rig.connect(ScriptedPolicy::Script{}.ticket, {mode});
    type_and_compare(rig);
    CHECK(rig.policy().recorded('e').find(R"("drawn":"pipeline")") != std::string::npos);
}

} // namespace

TEST_CASE("RemoteFX surface commands reach the client and the recording", "[rdp]")
{
    RdpRig rig;
    auto const client =
        rig.connect(ScriptedPolicy::Script{}.ticket, {"/rfx", "-gfx", "/network:lan"});
    type_and_compare(rig);
    CHECK(rig.policy().recorded('e').find(R"("drawn":"surfaces")") != std::string::npos);
}

// One case each: together they would not fit the time of a test on a busy machine.
TEST_CASE("the graphics pipeline with progressive pictures reaches client and recording", "[rdp]")
{
    draw_by_pipeline("/gfx:progressive");
}

TEST_CASE("the graphics pipeline with AVC420 reaches client and recording", "[rdp]")
{
    draw_by_pipeline("/gfx:AVC420");
}

TEST_CASE("the graphics pipeline with AVC444 reaches client and recording", "[rdp]")
{
    draw_by_pipeline("/gfx:AVC444");
}

TEST_CASE("the graphics pipeline with RemoteFX reaches client and recording", "[rdp]")
{
    draw_by_pipeline("/gfx:RFX");
}

TEST_CASE("the graphics pipeline as the client chooses it reaches client and recording", "[rdp]")
{
    draw_by_pipeline("/gfx");
}

TEST_CASE("a target whose pictures no codec takes ends its own session", "[rdp]")
{
    ScriptedTarget target{ScriptedTarget::Act::bad_codec};
    RdpRig rig;
    rig.use_target(target.port(), target.fingerprint());
    auto const client = rig.connect(ScriptedPolicy::Script{}.ticket, {"/rfx", "-gfx"});
    auto const reason = rig.ended(start_limit);
    CAPTURE(reason);
    CHECK((reason == "recorder_stalled" || reason == "client_left"));
    CHECK(rig.wait_gone("ecluse-encode", 5s));
    CHECK(rig.wait_gone("ecluse-rdp-worker", 5s));
    // The door still serves.
    CHECK(rig.knock());
}
