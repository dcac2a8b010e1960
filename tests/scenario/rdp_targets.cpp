#include "tests/support/rdp_rig.h"
#include "tests/support/scripted_target.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse::test;
using namespace std::chrono_literals;

/// What a target says beyond pictures: nothing of it leads anywhere else, and the person reads why.

namespace {

constexpr auto start_limit = 60s;

/// The gateway's own words are on the screen.
bool is_told(RdpRig& rig)
{
    return rig.desk().wait_until_seen(
        [](Picture const& picture) { return picture.colours() > 3; }, start_limit
    );
}

} // namespace

TEST_CASE("a target that sends its client elsewhere is not followed", "[rdp]")
{
    ScriptedTarget target{ScriptedTarget::Act::redirection};
    RdpRig rig;
    rig.use_target(target.port(), target.fingerprint());
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.policy().wait_for("target.failed", 1, start_limit));
    auto const failed = rig.policy().requests("target.failed")[0];
    CHECK(failed.at("code").as_string() == "E-CIB-02");
    CHECK(failed.at("detail").as_string() == "redirection refused");
    CHECK(is_told(rig));
    rig.desk().key("Return");
    CHECK(rig.ended() == "target_failed");
    CHECK(rig.dials() == 1);
    CHECK_FALSE(client->finish(5s).timed_out);
}

TEST_CASE("a TLS target that refuses the vault's password ends as one behind NLA does", "[rdp]")
{
    ScriptedTarget target{ScriptedTarget::Act::bad_password};
    RdpRig rig;
    rig.use_target(target.port(), target.fingerprint());
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.policy().wait_for("target.failed", 1, start_limit));
    CHECK(rig.policy().requests("target.failed")[0].at("code").as_string() == "E-CIB-07");
    CHECK(is_told(rig));
    rig.desk().key("Return");
    CHECK(rig.ended() == "target_failed");
    CHECK_FALSE(client->finish(5s).timed_out);
}

TEST_CASE("behind NLA a wrong password is told before there is a desktop", "[rdp]")
{
    RdpRig rig{RdpTarget::Kind::shadow_nla};
    rig.policy().change([](auto& script) { script.target_password = "pas-le-bon"; });
    auto const client = rig.connect_with_ticket();
    REQUIRE(rig.policy().wait_for("target.failed", 1, start_limit));
    CHECK(rig.policy().requests("target.failed")[0].at("code").as_string() == "E-CIB-07");
    CHECK(rig.policy().events("target_connected").empty());
    rig.desk().key("Return");
    CHECK(rig.ended() == "target_failed");
}

TEST_CASE("a desktop that nobody could record is not shown, and the person reads why", "[rdp]")
{
    ScriptedTarget target{ScriptedTarget::Act::large_desktop};
    RdpRig rig;
    rig.use_target(target.port(), target.fingerprint());
    auto const client = rig.connect_with_ticket();
    REQUIRE(is_told(rig));
    // Nothing of the target's is on the record, and it does not stay connected.
    rig.desk().key("Return");
    CHECK(rig.ended(start_limit) == "target_failed");
    CHECK(rig.policy().events("target_connected").empty());
    CHECK_FALSE(client->finish(5s).timed_out);
}
