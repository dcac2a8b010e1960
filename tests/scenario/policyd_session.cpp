#include "common/bytes.h"
#include "policies/core/totp.h"
#include "policies/store/database.h"
#include "tests/support/must.h"
#include "tests/support/policyd_rig.h"
#include "tests/support/recorder_process.h"

#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <sys/socket.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

json::object open_shell()
{
    return {{"do", "open"}, {"channel", 0}, {"kind", "shell"}, {"pty", true}};
}

/// Asks again until the recorder link is up: its loss and return are not this test's subject.
json::object open_when_ready(Peer& worker, json::object const& request = open_shell())
{
    auto const until = std::chrono::steady_clock::now() + 10s;
    for (;;) {
        auto answer = worker.ask(request);
        auto const* const refusal = answer.if_contains("refusal");
        bool const recorder = refusal && refusal->as_object().at("code").as_string() == "E-ENR-01";
        if (!recorder || std::chrono::steady_clock::now() > until) return answer;
    }
}

std::string refused_code(json::object const& answer)
{
    INFO(json::serialize(answer));
    REQUIRE_FALSE(answer.at("granted").as_bool());
    return std::string{answer.at("refusal").as_object().at("code").as_string()};
}

} // namespace

TEST_CASE(
    "a technician with everything in order reaches the recorded target",
    "[CLAUSIER:O-9.9][WEB:AA5]"
)
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.start();
    auto worker = rig.logged_in();
    auto const menu = worker.ask({{"do", "menu"}});
    INFO(json::serialize(menu));
    REQUIRE(menu.at("windows").as_array().size() == 1);
    CHECK(menu.at("windows").as_array()[0].as_object().at("asset_name").as_string() == "scanner");

    auto const granted = open_when_ready(worker);
    INFO(json::serialize(granted));
    INFO(rig.log());
    REQUIRE(granted.at("granted").as_bool());
    CHECK(granted.at("first").as_bool());
    REQUIRE(worker.descriptors.size() == 3);
    auto const intake = std::move(worker.descriptors[1]);
    auto const agent = std::move(worker.descriptors[2]);
    auto const target_side = rig.target.accept(5s);
    REQUIRE(target_side);
    CHECK(granted.at("target").as_object().at("auth").as_string() == "key");

    auto const again = worker.ask({{"do", "open"}, {"channel", 1}, {"kind", "exec"}, {"command", "id"}});
    INFO(json::serialize(again));
    CHECK(again.at("granted").as_bool());
    CHECK_FALSE(again.at("first").as_bool());
    CHECK(worker.descriptors.empty());
    CHECK(refused_code(worker.ask({{"do", "open"}, {"channel", 2}, {"kind", "scp_down"}})) == "E-FON-01");

    worker.tell({{"do", "event"}, {"type", "exec"}, {"channel", 1}, {"command", "id"},
                 {"command_sha256", to_hex(sha256("id"))}, {"exit", 0}});
    worker.tell({{"do", "ended"}, {"reason", "client_left"}, {"bytes_in", 12}, {"bytes_out", 34}});
    worker.close();
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
    auto const ended = rig.journal("session.ended");
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].at("outcome").as_string() == "client_left");
    CHECK(rig.journal("command.exec").size() == 1);
}
