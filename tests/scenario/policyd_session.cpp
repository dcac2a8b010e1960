#include "common/bytes.h"
#include "policies/core/totp.h"
#include "policies/store/database.h"
#include "tests/support/must.h"
#include "tests/support/policyd_rig.h"
#include "tests/support/recorder_process.h"

#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

json::object open_shell()
{
    return {{"do", "open"}, {"channel", 0}, {"kind", "shell"}, {"pty", true}};
}

std::string refused_code(json::object const& answer)
{
    INFO(json::serialize(answer));
    REQUIRE_FALSE(answer.at("granted").as_bool());
    return std::string{answer.at("refusal").as_object().at("code").as_string()};
}

} // namespace

TEST_CASE(
    "a technician with everything in order reaches the recorded target", "[CLAUSIER:O-9.9][WEB:AA5]"
)
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    auto const menu = worker.ask({{"do", "menu"}});
    INFO(json::serialize(menu));
    REQUIRE(menu.at("windows").as_array().size() == 1);
    CHECK(menu.at("windows").as_array()[0].as_object().at("asset_name").as_string() == "scanner");

    auto const granted = worker.ask(open_shell());
    INFO(json::serialize(granted));
    INFO(rig.log());
    REQUIRE(granted.at("granted").as_bool());
    CHECK(granted.at("first").as_bool());
    REQUIRE(worker.descriptors.size() == 3);
    Intake intake{std::move(worker.descriptors[1])};
    auto const agent = std::move(worker.descriptors[2]);
    auto const target_side = rig.target.accept(5s);
    REQUIRE(target_side);
    CHECK(granted.at("target").as_object().at("auth").as_string() == "key");

    auto const again =
        worker.ask({{"do", "open"}, {"channel", 1}, {"kind", "exec"}, {"command", "id"}});
    INFO(json::serialize(again));
    CHECK(again.at("granted").as_bool());
    CHECK_FALSE(again.at("first").as_bool());
    CHECK(worker.descriptors.empty());
    CHECK(
        refused_code(worker.ask({{"do", "open"}, {"channel", 2}, {"kind", "scp_down"}})) ==
        "E-FON-01"
    );

    CHECK(
        refused_code(
            worker.ask({{"do", "open"}, {"channel", 3}, {"kind", "shell"}, {"asset", "autre"}})
        ) == "E-CIB-06"
    );

    worker.tell(
        {{"do", "event"},
         {"type", "exec"},
         {"channel", 1},
         {"command", "id"},
         {"command_sha256", to_hex(sha256("id"))},
         {"exit", 0}}
    );
    worker.tell({{"do", "ended"}, {"reason", "client_left"}, {"bytes_in", 12}, {"bytes_out", 34}});
    intake.write(FrameKind::end, R"({"reason":"client_left"})");
    rig.wait_for_log("recording sealed");
    worker.close();
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
    auto const ended = rig.journal("session.ended");
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].at("outcome").as_string() == "client_left");
    CHECK(rig.journal("command.exec").size() == 1);
    CHECK(rig.journal("recording.sealed").size() == 1);
    rig.with_database([](Database& database) {
        auto const row = must(database.row("SELECT recording, bytes_in, seal_sha256 FROM session"));
        CHECK(row->text("recording") == "sealed");
        CHECK(row->number("bytes_in") == 12);
        CHECK(row->text("seal_sha256").size() == 64);
    });
}

TEST_CASE(
    "each condition that is missing refuses the session with its own code",
    "[CLAUSIER:O-12.2.5.3][WEB:GA2][WEB:HE7][CHM:8.15]"
)
{
    struct Row {
        char const* what;
        char const* spoil;
        char const* code;
    };
    auto const row = GENERATE(values<Row>({
        {"suspended person", "UPDATE person SET state = 'suspended' WHERE id = 'P-1'", "E-CPT-01"},
        {"identity", "UPDATE person SET identity_verified_at = NULL WHERE id = 'P-1'", "E-CPT-03"},
        {"role", "DELETE FROM person_role WHERE person = 'P-1'", "E-CPT-06"},
        {"old password",
         "UPDATE authenticator SET created_at = created_at - 365 * 86400 WHERE kind = 'password'",
         "E-CPT-07"},
        {"charter", "DELETE FROM charter_acceptance", "E-CPT-02"},
        {"no window", "DELETE FROM window_person", "E-FEN-01"},
        {"window to come",
         "UPDATE access_window SET opens_at = opens_at + 7200, closes_at = closes_at + 7200",
         "E-FEN-02"},
        {"window over",
         "UPDATE access_window SET opens_at = opens_at - 7200, closes_at = closes_at - 7200",
         "E-FEN-03"},
        {"window not opened by hand", "UPDATE access_window SET open_mode = 'manual'", "E-FEN-04"},
        {"disabled target", "UPDATE asset SET state = 'disabled'", "E-CIB-05"},
        {"target out of contract", "DELETE FROM vendor_asset", "E-CTR-02"},
        {"function not granted",
         "DELETE FROM window_function WHERE function = 'shell'",
         "E-FON-01"},
        {"late report",
         "INSERT INTO report (id, access_window, state, due_at, created_at) VALUES ('R-1', 'W-1', "
         "'due', 1, 1)",
         "E-CR-01"},
        {"target that does not answer", "UPDATE asset SET port = 1", "E-CIB-02"},
    }));
    CAPTURE(row.what);
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.sql(row.spoil);
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    auto const answer = worker.ask(open_shell());
    CHECK(refused_code(answer) == row.code);
    auto const& refusal = answer.at("refusal").as_object();
    CHECK(refusal.at("reference").as_string().starts_with("R-"));
    CHECK(refusal.at("text").as_string().find(row.code) != json::string::npos);
    CHECK(refusal.at("wait").as_bool() == (row.code == std::string_view{"E-FEN-04"}));
    CHECK(worker.descriptors.empty());
    CHECK_FALSE(rig.target.accept(0ms));
    rig.signal(SIGKILL);
    rig.wait();
    auto const denied = rig.journal("access.denied");
    REQUIRE(denied.size() == 1);
    CHECK(denied[0].at("object").as_string() == refusal.at("reference").as_string());
}

TEST_CASE("whoever must change the password soon is told on the terminal", "[CHM:5.5]")
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    auto const days = GENERATE(343, 345, 364);
    rig.sql(
        "UPDATE authenticator SET created_at = created_at - " + std::to_string(days * 86400) +
        " WHERE kind = 'password'"
    );
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    auto const answer = worker.ask(open_shell());
    REQUIRE(answer.at("granted").as_bool());
    auto const told = answer.at("start_text").as_string().find("mot de passe");
    CHECK((told != json::string::npos) == (days >= 344));
}

TEST_CASE("acts that can no longer be journaled end the session", "[CHM:8.5]")
{
    PolicydRig rig;
    auto const path = rig.root() + "/journal";
    if (::mount("ecluse-test", path.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0)
        SKIP("mounting a small file system needs privileges");
    struct Unmount {
        std::string path;
        ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
    } const unmount{path};
    RecorderProcess const recorder{rig.root()};
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_shell()).at("granted").as_bool());
    {
        Fd const filler{::open((path + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
        std::string const block(4096, 'x');
        while (::write(filler.get(), block.data(), block.size()) > 0) {
        }
    }
    // Lines until the page that the journal already holds is full.
    std::optional<json::object> end;
    for (int i = 0; i < 100 && !end; ++i) {
        worker.tell(
            {{"do", "event"},
             {"type", "exec"},
             {"channel", 0},
             {"command", "id"},
             {"command_sha256", to_hex(sha256("id"))},
             {"exit", 0}}
        );
        end = worker.push("end", 100ms);
    }
    REQUIRE(end);
    CHECK(end->at("code").as_string() == "E-JOU-01");
    rig.signal(SIGKILL);
    rig.wait();
}

TEST_CASE("without a recorder no target is dialled", "[CHM:8.5]")
{
    PolicydRig rig;
    rig.start();
    auto worker = rig.logged_in();
    CHECK(refused_code(worker.ask(open_shell())) == "E-ENR-01");
    CHECK_FALSE(rig.target.accept(200ms));
}

TEST_CASE(
    "at the end of the window the session is cut, and its report is due",
    "[CLAUSIER:O-9.13][CLAUSIER:O-9.14][CLAUSIER:O-12.2.5.3]"
)
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    auto const closes = to_seconds(utc_now()) + 8s;
    rig.sql(
        "UPDATE access_window SET closes_at = " + std::to_string(closes.time_since_epoch().count())
    );
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    auto const granted = worker.ask(open_shell());
    REQUIRE(granted.at("granted").as_bool());
    CHECK(granted.at("left_ms").as_int64() <= 8000);
    auto const end = worker.push("end", 20s);
    auto const late = utc_now() - closes;
    REQUIRE(end);
    CHECK(end->at("reason").as_string() == "window_end");
    CHECK(late >= 0ms);
    // This worker does not obey: its connection is closed for it.
    CHECK(worker.closed(10s));
    rig.wait_for_log("ended, window_end");
    auto next = rig.logged_in();
    CHECK(refused_code(next.ask(open_shell())) == "E-FEN-03");
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
    CHECK(rig.journal("window.opened").size() == 1);
    CHECK(rig.journal("window.closed").size() == 1);
    CHECK(rig.journal("report.due").size() == 1);
}

TEST_CASE("the end of a contract ends the session and closes the door")
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    auto const ends = to_seconds(utc_now()) + 9s;
    rig.sql("UPDATE vendor SET contract_to = " + std::to_string(ends.time_since_epoch().count()));
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_shell()).at("granted").as_bool());
    REQUIRE(rig.listener().push("sources", 30s));
    CHECK(must(read_all(rig.listener().descriptors.at(0).get(), 4096)).empty());
    CHECK(worker.push("end", 10s));
}

TEST_CASE("the loss of the recorder ends every session", "[CHM:8.5]")
{
    auto const how = GENERATE(SIGKILL, SIGSTOP);
    CAPTURE(how);
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_shell()).at("granted").as_bool());
    recorder.signal(how);
    auto const end = worker.push("end", 10s);
    REQUIRE(end);
    CHECK(end->at("reason").as_string() == "recorder_failed");
    worker.close();
    auto next = rig.logged_in();
    CHECK(refused_code(next.ask(open_shell())) == "E-ENR-01");
}

TEST_CASE("after kill -9 the worker sees its socket close and the session is written down as lost")
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_shell()).at("granted").as_bool());
    rig.signal(SIGKILL);
    CHECK(rig.wait() == -SIGKILL);
    CHECK(worker.closed());
    rig.start();
    (void)rig.listener();
    auto again = rig.logged_in();
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
    auto const ended = rig.journal("session.ended");
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].at("outcome").as_string() == "policyd_lost");
}

TEST_CASE("a worker that floods us with events loses its session")
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_shell()).at("granted").as_bool());
    for (int i = 0; i < 150; ++i)
        worker.tell({{"do", "event"}, {"type", "forward_refused"}, {"what", "x11"}, {"detail", ""}}
        );
    CHECK_FALSE(worker.push("end", 300ms));
    for (int i = 0; i < 700; ++i)
        worker.tell({{"do", "event"}, {"type", "forward_refused"}, {"what", "x11"}, {"detail", ""}}
        );
    auto const end = worker.push("end", 5s);
    REQUIRE(end);
    CHECK(end->at("code").as_string() == "E-FLX-01");
}
