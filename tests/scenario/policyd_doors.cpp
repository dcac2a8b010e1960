#include "common/bytes.h"
#include "policies/core/totp.h"
#include "tests/support/must.h"
#include "tests/support/policyd_rig.h"

#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

json::object hello()
{
    return {{"do", "worker.hello"}, {"protocol", "ssh"}};
}

Peer greeted(PolicydRig& rig)
{
    auto worker = rig.worker();
    auto const answer = worker.ask(hello());
    REQUIRE(answer.at("ok").as_bool());
    CHECK(answer.at("source").as_string() == "127.0.0.1");
    CHECK(worker.descriptors.size() == 2);
    return worker;
}

/// What a person could tell apart.
std::string shape(json::object const& answer)
{
    std::set<std::string> fields;
    for (auto const& [name, value] : answer)
        if (name != "re") fields.insert(std::string{name} + "=" + json::serialize(value) + " ");
    std::string all;
    for (auto const& field : fields)
        all += field;
    return all;
}

} // namespace

TEST_CASE(
    "every wrong factor gets the same answer, and nothing tells whether the account exists",
    "[WEB:DT2]"
)
{
    PolicydRig rig;
    rig.sql("UPDATE authorized_source SET range = '127.0.0.0/24'");
    rig.start();
    auto const totp = totp_code(rig.world.totp_secret, totp_step(to_seconds(utc_now())));
    struct Row {
        std::string login, password, code;
    };
    std::vector<Row> const wrong{
        {"jmartin", rig.world.password, "000000"},
        {"jmartin", "faux", totp},
        {"jmartin", "faux", "000000"},
        {"personne", rig.world.password, totp}};
    std::set<std::string> answers;
    for (std::size_t i = 0; i < wrong.size(); ++i) {
        // Another loopback address each, so that no delay of the first hides the others.
        auto const from = "127.0.0." + std::to_string(10 + i);
        auto worker = rig.worker(from);
        REQUIRE(worker.ask(hello()).at("ok").as_bool());
        auto const& row = wrong[i];
        answers.insert(shape(worker.ask(
            {{"do", "auth.finish"},
             {"login", row.login},
             {"password", row.password},
             {"code", row.code}}
        )));
    }
    CHECK(answers == std::set<std::string>{"accepted=false give_up=false ok=true wait_s=2 "});
}

TEST_CASE("an unknown account takes as long as a wrong password", "[WEB:DT2]")
{
    PolicydRig rig;
    rig.sql("UPDATE authorized_source SET range = '127.0.0.0/24'");
    rig.start();
    int host = 10;
    auto const shortest = [&](std::string const& login) {
        auto best = std::chrono::steady_clock::duration::max();
        for (int i = 0; i < 5; ++i) {
            // Another address each: no delay of the one before.
            auto worker = rig.worker("127.0.0." + std::to_string(host++));
            REQUIRE(worker.ask(hello()).at("ok").as_bool());
            auto const start = std::chrono::steady_clock::now();
            auto const answer = worker.ask(
                {{"do", "auth.finish"}, {"login", login}, {"password", "faux"}, {"code", "000000"}}
            );
            best = std::min(best, std::chrono::steady_clock::now() - start);
            CHECK_FALSE(answer.at("accepted").as_bool());
        }
        return best;
    };
    auto const known = shortest("jmartin");
    auto const unknown = shortest("personne");
    // One password hash each, and nothing else that counts.
    CHECK(unknown < known * 2);
    CHECK(known < unknown * 2);
}

TEST_CASE("a code serves once", "[CLAUSIER:O-6.2][CHM:6.3][WEB:AA4]")
{
    PolicydRig rig;
    rig.start();
    auto const code = totp_code(rig.world.totp_secret, totp_step(to_seconds(utc_now())));
    json::object const request{
        {"do", "auth.finish"},
        {"login", "jmartin"},
        {"password", rig.world.password},
        {"code", code}};
    auto first = greeted(rig);
    auto const accepted = first.ask(request);
    REQUIRE(accepted.at("accepted").as_bool());
    CHECK(accepted.at("name").as_string() == "Jeanne Martin");
    CHECK(accepted.at("last_login").is_null());
    auto second = greeted(rig);
    CHECK_FALSE(second.ask(request).at("accepted").as_bool());
    rig.signal(SIGTERM);
    rig.wait();
    CHECK(rig.journal("auth.success").size() == 1);
    CHECK(rig.journal("credential.replayed").size() == 1);
}

TEST_CASE("a key stands for the password, and never for the code", "[CLAUSIER:O-5.4][CHM:5.10]")
{
    PolicydRig rig;
    rig.start();
    auto worker = greeted(rig);
    CHECK(worker.ask({{"do", "auth.probe"}, {"login", "jmartin"}, {"key", rig.world.ssh_key}})
              .at("acceptable")
              .as_bool());
    CHECK_FALSE(worker
                    .ask({{"do", "auth.probe"}, {"login", "personne"}, {"key", rig.world.ssh_key}})
                    .at("acceptable")
                    .as_bool());
    auto const code = totp_code(rig.world.totp_secret, totp_step(to_seconds(utc_now())));
    auto const answer = worker.ask(
        {{"do", "auth.finish"}, {"login", "jmartin"}, {"key", rig.world.ssh_key}, {"code", code}}
    );
    CHECK(answer.at("accepted").as_bool());
    auto other = greeted(rig);
    CHECK_FALSE(other
                    .ask(
                        {{"do", "auth.finish"},
                         {"login", "jmartin"},
                         {"key", rig.world.ssh_key},
                         {"code", ""}}
                    )
                    .at("accepted")
                    .as_bool());
}

TEST_CASE(
    "failures slow the address down, also across a restart, and never lock the person", "[WEB:AA7]"
)
{
    PolicydRig rig;
    rig.sql("UPDATE authorized_source SET range = '127.0.0.0/24'");
    rig.start();
    auto worker = greeted(rig);
    json::object const wrong{
        {"do", "auth.finish"}, {"login", "jmartin"}, {"password", "faux"}, {"code", "000000"}};
    CHECK(worker.ask(wrong).at("wait_s").as_int64() == 2);
    // Asked again at once: not judged, so the delay does not grow.
    CHECK(worker.ask(rig.login_request()).at("wait_s").as_int64() <= 2);
    rig.signal(SIGKILL);
    rig.wait();
    rig.start();
    auto same = greeted(rig);
    auto const delayed = same.ask(rig.login_request());
    CHECK_FALSE(delayed.at("accepted").as_bool());
    auto elsewhere = rig.worker("127.0.0.2");
    REQUIRE(elsewhere.ask(hello()).at("ok").as_bool());
    CHECK(elsewhere.ask(rig.login_request()).at("accepted").as_bool());
}

TEST_CASE("a worker that asks out of order is ended and journaled", "[WEB:DT1][CHM:5.8]")
{
    struct Row {
        char const* what;
        bool greet, login;
        json::object request;
    };
    auto const row = GENERATE(values<Row>({
        {"before its greeting", false, false, {{"do", "menu"}}},
        {"before both factors", true, false, {{"do", "open"}, {"channel", 0}, {"kind", "shell"}}},
        {"an event without session", true, true, {{"do", "event"}, {"type", "exec"}}},
        {"a second greeting", true, false, {{"do", "worker.hello"}, {"protocol", "ssh"}}},
        {"logging in twice",
         true,
         true,
         {{"do", "auth.finish"}, {"login", "jmartin"}, {"password", "x"}, {"code", "1"}}},
        {"an unknown request", true, false, {{"do", "give.shell"}}},
        {"an unknown field",
         true,
         false,
         {{"do", "auth.probe"}, {"login", "a"}, {"key", "b"}, {"please", true}}},
        {"the operator's request", true, true, {{"do", "login"}, {"login", "a"}}},
        {"a wrong type", true, true, {{"do", "open"}, {"channel", "0"}, {"kind", "shell"}}},
    }));
    CAPTURE(row.what);
    PolicydRig rig;
    rig.start();
    auto worker = rig.worker();
    if (row.greet) REQUIRE(worker.ask(hello()).at("ok").as_bool());
    if (row.login) REQUIRE(worker.ask(rig.login_request()).at("accepted").as_bool());
    worker.tell(row.request);
    CHECK(worker.closed(5s));
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
    CHECK(rig.journal("protocol.violation").size() == 1);
}

TEST_CASE("a tunnel asked for before any session is journaled, a few times", "[CHM:8.20]")
{
    PolicydRig rig;
    rig.start();
    auto worker = greeted(rig);
    REQUIRE(worker.ask(rig.login_request()).at("accepted").as_bool());
    for (int i = 0; i < 60; ++i)
        worker.tell(
            {{"do", "event"},
             {"type", "forward_refused"},
             {"what", "direct-tcpip"},
             {"detail", "10.0.0.9:22"}}
        );
    // Still in order, and everything before was read.
    CHECK(worker.ask({{"do", "menu"}}).at("ok").as_bool());
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
    auto const told = rig.journal("session.forward_refused");
    REQUIRE(told.size() == 50);
    CHECK(told[0].at("outcome").as_string() == "direct-tcpip");
    CHECK(told[0].at("detail").as_string() == "10.0.0.9:22");
    CHECK(rig.journal("protocol.violation").empty());
}

TEST_CASE(
    "an undeclared address is dropped without a byte, and journaled once with its count",
    "[CHM:8.1][CHM:8.15]"
)
{
    PolicydRig rig;
    rig.start();
    CHECK(must(read_all(rig.listener().descriptors.at(0).get(), 4096)) == "127.0.0.1/32\n");
    auto worker = rig.worker("127.0.0.9");
    CHECK(worker.closed(5s));
    for (int i = 0; i < 30; ++i)
        rig.listener().tell(
            {{"do", "listen.dropped"},
             {"address", "203.0.113.5"},
             {"reason", "undeclared"},
             {"count", 100},
             {"since", "2026-11-21T08:00:00Z"}}
        );
    // An answered request behind the notices: all of them were read.
    CHECK(rig.worker().ask(hello()).at("ok").as_bool());
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
    auto const dropped = rig.journal("connection.dropped");
    CHECK(dropped.size() >= 2);
    CHECK(dropped.size() <= 4);
}

TEST_CASE("policyd refuses to start on what it cannot trust, and says what to do")
{
    PolicydRig rig;
    struct Row {
        char const* what;
        std::function<void(PolicydRig&)> spoil;
        char const* code;
        int status;
    };
    std::vector<Row> const rows{
        {"unknown key",
         [](PolicydRig& r) { r.write("etc/ecluse.toml", "[ssh]\nidle_minute = 5\n"); },
         "E-DEM-02",
         2},
        {"open master key",
         [](PolicydRig& r) { ::chmod((r.root() + "/etc/master.key").c_str(), 0644); },
         "E-DEM-03",
         1},
        {"no RSSI",
         [](PolicydRig& r) { ::unlink((r.root() + "/etc/rssi.pem").c_str()); },
         "E-DEM-04",
         1},
        {"damaged database",
         [](PolicydRig& r) { r.write("state/ecluse.db", std::string(8192, 'x')); },
         "E-DEM-05",
         1},
    };
    for (auto const& row : rows) {
        CAPTURE(row.what);
        PolicydRig one;
        row.spoil(one);
        one.start();
        CHECK(one.wait() == row.status);
        CHECK(one.log().find(row.code) != std::string::npos);
        if (row.status == 2) CHECK(one.log().find("ecluse.toml:2") != std::string::npos);
        if (row.status == 2) CHECK(one.log().find("ssh.idle_minutes") != std::string::npos);
    }
}
