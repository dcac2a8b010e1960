#include "common/bytes.h"
#include "policies/store/database.h"
#include "policies/vault/door_key.h"
#include "tests/support/must.h"
#include "tests/support/policyd_rig.h"
#include "tests/support/recorder_process.h"

#include <catch2/generators/catch_generators.hpp>

#include <csignal>

/// The real policyd with a worker of the RDP door, played by the test on its socket.
using namespace ecluse;
using namespace ecluse::test;

namespace {

json::object hello(char const* protocol = "rdp")
{
    return {{"do", "worker.hello"}, {"protocol", protocol}};
}

json::object open_desktop()
{
    return {{"do", "open"}, {"channel", 0}, {"kind", "desktop"}};
}

std::string text_at(json::object const& object, std::string_view name)
{
    return std::string{object.at(name).as_string()};
}

std::string refused_code(json::object const& answer)
{
    INFO(json::serialize(answer));
    REQUIRE_FALSE(answer.at("granted").as_bool());
    return text_at(answer.at("refusal").as_object(), "code");
}

/// The technician at eclusectl: logged in, asking for tickets.
class Technician {
public:
    explicit Technician(PolicydRig& rig) : rig_{rig}, peer_{connected(rig)}
    {
        (void)peer_.ask({{"do", "operator.hello"}, {"version", "test"}, {"language", "fr"}});
        auto request = rig_.login_request();
        request["do"] = "login";
        auto const answer = peer_.ask(std::move(request));
        INFO(json::serialize(answer) << rig_.log());
        REQUIRE(answer.at("ok").as_bool());
        token_ = text_at(answer, "token");
    }

    json::object ask(json::object fields)
    {
        auto request = rig_.login_request();
        request.erase("login");
        request["do"] = "rdp.ticket";
        request["token"] = token_;
        for (auto& field : fields)
            request[field.key()] = std::move(field.value());
        return peer_.ask(std::move(request));
    }
    std::string ticket(std::string const& from = "127.0.0.1")
    {
        auto const answer = ask({{"window", "W-1"}, {"from", from}});
        INFO(json::serialize(answer));
        REQUIRE(answer.at("ok").as_bool());
        return text_at(answer, "ticket");
    }
    std::string refused(json::object fields)
    {
        auto const answer = ask(std::move(fields));
        INFO(json::serialize(answer));
        REQUIRE_FALSE(answer.at("ok").as_bool());
        return text_at(answer.at("error").as_object(), "code");
    }

private:
    static PacketSocket connected(PolicydRig& rig)
    {
        (void)rig.listener(); // policyd answers by now
        return must(PacketSocket::connect(rig.root() + "/run/operator.sock"));
    }

    PolicydRig& rig_;
    Peer peer_;
    std::string token_;
};

json::object redeem(std::string const& ticket)
{
    return {{"do", "ticket.redeem"}, {"ticket", ticket}};
}

Peer greeted(PolicydRig& rig, std::string const& from = "127.0.0.1")
{
    auto worker = rig.worker(from);
    REQUIRE(worker.ask(hello()).at("ok").as_bool());
    return worker;
}

void stop(PolicydRig& rig)
{
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
}

} // namespace

TEST_CASE(
    "a technician with everything in order reaches a recorded desktop",
    "[CLAUSIER:O-9.9][CLAUSIER:O-12.2.5.3]"
)
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.worker();
    auto const greeting = worker.ask(hello());
    INFO(json::serialize(greeting));
    CHECK(greeting.at("frames_per_second").as_int64() == 8);
    CHECK(greeting.at("keyboard_mask_rules").as_bool());
    CHECK(greeting.at("auth_timeout_s").as_int64() == 120);
    CHECK_FALSE(greeting.contains("algorithms"));
    // Certificate and key, which belong together.
    REQUIRE(worker.descriptors.size() == 2);
    auto chain = must(read_all(worker.descriptors[0].get(), 1 << 16));
    auto const key = must(read_all(worker.descriptors[1].get(), 1 << 16));
    must(DoorKey::load(key, chain));

    REQUIRE(worker.ask(rig.login_request()).at("accepted").as_bool());
    auto const menu = worker.ask({{"do", "menu"}});
    INFO(json::serialize(menu));
    REQUIRE(menu.at("windows").as_array().size() == 1);
    auto const& entry = menu.at("windows").as_array()[0].as_object();
    CHECK(text_at(entry, "protocol") == "rdp");
    CHECK(entry.at("functions").as_array() == json::array{"desktop", "clipboard_in"});

    auto const granted = worker.ask(open_desktop());
    INFO(json::serialize(granted) << rig.log());
    REQUIRE(granted.at("granted").as_bool());
    REQUIRE(worker.descriptors.size() == 2); // target and intake: no agent here
    Intake intake{std::move(worker.descriptors[1])};
    CHECK(rig.target.accept(5s));
    CHECK_FALSE(granted.contains("record"));
    CHECK(granted.at("functions").as_array() == json::array{"desktop", "clipboard_in"});
    auto const& target = granted.at("target").as_object();
    CHECK(text_at(target, "user") == "maint");
    CHECK(text_at(target, "domain") == "CHU");
    CHECK(text_at(target, "password") == PolicydRig::desktop_password);
    CHECK(text_at(target, "security") == "nla");
    CHECK(target.at("certificates").as_array() == json::array{PolicydRig::desktop_pin});

    auto const digest = to_hex(sha256("texte"));
    worker.tell(
        {{"do", "event"},
         {"type", "target_connected"},
         {"fingerprint", digest},
         {"security", "nla"},
         {"width", 1920},
         {"height", 1080}}
    );
    worker.tell(
        {{"do", "event"},
         {"type", "clipboard"},
         {"direction", "in"},
         {"bytes", 5},
         {"sha256", digest}}
    );
    worker.tell(
        {{"do", "event"},
         {"type", "transfer"},
         {"channel", 0},
         {"protocol", "rdp_clipboard"},
         {"direction", "up"},
         {"name", "notice.pdf"},
         {"bytes", 12},
         {"sha256", nullptr},
         {"sequential", true},
         {"complete", false}}
    );
    worker.tell({{"do", "ended"}, {"reason", "client_left"}, {"bytes_in", 1}, {"bytes_out", 2}});
    intake.write(FrameKind::end, R"({"reason":"client_left"})");
    rig.wait_for_log("recording sealed");
    worker.close();
    stop(rig);
    CHECK(rig.journal("clipboard.in").size() == 1);
    CHECK(rig.journal("transfer.up").size() == 1);
    CHECK(rig.journal("session.target_connected").size() == 1);
    CHECK(text_at(rig.journal("session.ended").at(0), "outcome") == "client_left");
    CHECK(text_at(rig.journal("session.started").at(0), "protocol") == "rdp");
    CHECK(text_at(rig.journal("auth.success").at(0), "door") == "rdp");
    rig.with_database([](Database& database) {
        CHECK(must(database.row("SELECT protocol FROM session"))->text("protocol") == "rdp");
    });
}

TEST_CASE("each door sees its own windows only", "[WEB:AA2]")
{
    struct Row {
        char const* door;
        json::object open;
    };
    auto const row = GENERATE(values<Row>({
        {"ssh", {{"do", "open"}, {"channel", 0}, {"kind", "shell"}, {"asset", "scanner"}}},
        {"rdp", {{"do", "open"}, {"channel", 0}, {"kind", "desktop"}, {"asset", "scanner"}}},
    }));
    CAPTURE(row.door);
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    if (row.door == std::string_view{"ssh"}) rig.make_desktop();
    // The other door's worker, with every function granted: only the protocol keeps it out.
    rig.door = row.door;
    for (auto const* function : {"shell", "desktop"})
        rig.sql(
            std::string{"INSERT OR IGNORE INTO window_function VALUES ('W-1', '"} + function + "')"
        );
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    auto const menu = worker.ask({{"do", "menu"}});
    CHECK(menu.at("windows").as_array().empty());
    CHECK(text_at(menu.at("refusal").as_object(), "code") == "E-FEN-01");
    CHECK(refused_code(worker.ask(row.open)) == "E-CIB-01");
    CHECK_FALSE(rig.target.accept(0ms));
    stop(rig);
    CHECK(text_at(rig.journal("access.denied").at(0), "door") == row.door);
}

TEST_CASE("a worker that asks for what its door has not is ended and journaled", "[WEB:DT1]")
{
    struct Row {
        char const* what;
        bool login;
        json::object request;
    };
    auto const row = GENERATE(values<Row>({
        {"a key", false, {{"do", "auth.probe"}, {"login", "a"}, {"key", "b"}}},
        {"a key to log in with",
         false,
         {{"do", "auth.finish"}, {"login", "a"}, {"key", "b"}, {"code", "1"}}},
        {"a shell", true, {{"do", "open"}, {"channel", 0}, {"kind", "shell"}}},
        {"a second channel", true, {{"do", "open"}, {"channel", 1}, {"kind", "desktop"}}},
        {"a ticket after the login", true, {{"do", "ticket.redeem"}, {"ticket", "x"}}},
    }));
    CAPTURE(row.what);
    PolicydRig rig;
    rig.make_desktop();
    rig.start();
    auto worker = greeted(rig);
    if (row.login) REQUIRE(worker.ask(rig.login_request()).at("accepted").as_bool());
    worker.tell(row.request);
    CHECK(worker.closed(5s));
    stop(rig);
    CHECK(rig.journal("protocol.violation").size() == 1);
}

TEST_CASE("a worker of one door cannot greet as the other's")
{
    auto const door = GENERATE("ssh", "rdp");
    PolicydRig rig;
    rig.door = door;
    rig.start();
    auto worker = rig.worker();
    worker.tell(hello(std::string_view{door} == "ssh" ? "rdp" : "ssh"));
    CHECK(worker.closed(5s));
}

TEST_CASE("events out of their bounds end the worker", "[WEB:DT1]")
{
    auto const event = GENERATE(values<json::object>({
        {{"type", "exec"}, {"channel", 0}, {"command", "x"}, {"exit", 0}},
        {{"type", "clipboard"}, {"direction", "up"}, {"bytes", 1}},
        {{"type", "clipboard"}, {"direction", "in"}, {"bytes", -1}},
        {{"type", "clipboard"}, {"direction", "in"}, {"bytes", 1}, {"text", "secret"}},
        {{"type", "forward_refused"}, {"what", "x11"}, {"detail", ""}},
        {{"type", "function_refused"}, {"what", "shell"}, {"detail", ""}},
        {{"type", "target_connected"},
         {"fingerprint", "a"},
         {"security", "rdp"},
         {"width", 1},
         {"height", 1}},
        {{"type", "target_connected"},
         {"fingerprint", "a"},
         {"security", "tls"},
         {"width", 0},
         {"height", 1}},
    }));
    CAPTURE(json::serialize(event));
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_desktop()).at("granted").as_bool());
    auto told = event;
    told["do"] = "event";
    worker.tell(told);
    CHECK(worker.closed(5s));
}

TEST_CASE("a desktop fails with the code of its reason")
{
    auto const code = GENERATE("E-CIB-02", "E-CIB-03", "E-CIB-07");
    CAPTURE(code);
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_desktop()).at("granted").as_bool());
    auto const answer = worker.ask({{"do", "target.failed"}, {"code", code}, {"detail", "essai"}});
    auto const& refusal = answer.at("refusal").as_object();
    CHECK(text_at(refusal, "code") == code);
    CHECK(text_at(refusal, "reason").find("scanner") != std::string::npos);
    stop(rig);
    CHECK(text_at(rig.journal("session.ended").at(0), "outcome") == "target_failed");
}

TEST_CASE("without the function desktop nothing of RDP opens")
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    rig.sql("DELETE FROM window_function WHERE function = 'desktop'");
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    CHECK(refused_code(worker.ask(open_desktop())) == "E-FON-01");
    CHECK_FALSE(rig.target.accept(0ms));
}

TEST_CASE("the end of the window ends a desktop", "[CLAUSIER:O-9.13]")
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    auto const closes = to_seconds(utc_now()) + 8s;
    rig.sql(
        "UPDATE access_window SET closes_at = " + std::to_string(closes.time_since_epoch().count())
    );
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    REQUIRE(worker.ask(open_desktop()).at("granted").as_bool());
    auto const end = worker.push("end", 12s);
    REQUIRE(end);
    CHECK(text_at(*end, "reason") == "window_end");
}

TEST_CASE(
    "a ticket stands once for both factors, and opens what it was asked for",
    "[CLAUSIER:O-5.4][CHM:5.10]"
)
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    rig.start();
    rig.wait_for_log("recorder ready");
    Technician technician{rig};
    auto const ticket = technician.ticket();
    CHECK(ticket.size() == 48);
    auto worker = greeted(rig);
    auto const accepted = worker.ask(redeem(ticket));
    INFO(json::serialize(accepted));
    REQUIRE(accepted.at("accepted").as_bool());
    CHECK(text_at(accepted, "window") == "W-1");
    CHECK(text_at(accepted, "asset") == "scanner");
    CHECK(text_at(accepted, "account") == "maint");
    auto other = open_desktop();
    other["window"] = "W-2";
    CHECK(refused_code(worker.ask(other)) == "E-CIB-06");
    auto open = open_desktop();
    for (auto const* name : {"window", "asset", "account"})
        open[name] = accepted.at(name);
    auto const granted = worker.ask(open);
    INFO(json::serialize(granted) << rig.log());
    REQUIRE(granted.at("granted").as_bool());

    auto again = greeted(rig);
    CHECK_FALSE(again.ask(redeem(ticket)).at("accepted").as_bool());
    stop(rig);
    auto const minted = rig.journal("ticket.minted");
    auto const redeemed = rig.journal("ticket.redeemed");
    REQUIRE(minted.size() == 1);
    REQUIRE(redeemed.size() == 1);
    CHECK(text_at(minted[0], "object") == ticket.substr(0, 16));
    CHECK(text_at(redeemed[0], "factors") == "password+recovery+ticket");
    CHECK(rig.journal("ticket.refused").size() == 1);
    // The secret is nowhere: not in the log, not in the journal's text nor in the database.
    auto const secret = ticket.substr(16);
    CHECK(rig.log().find(secret) == std::string::npos);
    CHECK(
        must(read_file(rig.root() + "/state/ecluse.db", 1 << 24)).find(secret) == std::string::npos
    );
    rig.with_database([](Database& database) {
        CHECK(
            must(database.row("SELECT factors FROM session"))->text("factors") ==
            "password+recovery+ticket"
        );
    });
}

TEST_CASE("a ticket is refused elsewhere, guessed, and after a restart")
{
    struct Row {
        char const* what;
        char const* why; // in the journal
    };
    auto const row = GENERATE(values<Row>({
        {"elsewhere", "wrong_address"},
        {"guessed", "wrong_secret"},
        {"restart", "unknown"},
        {"no ticket", "unknown"},
    }));
    CAPTURE(row.what);
    std::string_view const what{row.what};
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    rig.sql("UPDATE authorized_source SET range = '127.0.0.0/24'");
    rig.start();
    rig.wait_for_log("recorder ready");
    std::string ticket;
    {
        Technician technician{rig};
        ticket = technician.ticket();
    }
    if (what == "guessed") ticket.back() = ticket.back() == 'A' ? 'B' : 'A';
    if (what == "no ticket") ticket = "pas un ticket";
    if (what == "restart") {
        rig.signal(SIGKILL);
        CHECK(rig.wait() == -SIGKILL);
        rig.start();
    }
    auto worker = greeted(rig, what == "elsewhere" ? "127.0.0.2" : "127.0.0.1");
    auto const answer = worker.ask(redeem(ticket));
    INFO(json::serialize(answer));
    CHECK_FALSE(answer.at("accepted").as_bool());
    CHECK_FALSE(answer.contains("window"));
    stop(rig);
    auto const refused = rig.journal("ticket.refused");
    REQUIRE(refused.size() == 1);
    CHECK(text_at(refused[0], "outcome") == row.why);
}

TEST_CASE("wrong tickets delay their address, and end the connection that tries them")
{
    PolicydRig rig;
    rig.make_desktop();
    rig.write("etc/ecluse.toml", "[rdp]\nattempts_max = 5\n");
    rig.start();
    for (int connection = 0; connection < 2; ++connection) {
        auto worker = greeted(rig);
        json::object last;
        for (int i = 0; i < 5; ++i)
            last = worker.ask(redeem(std::string(48, 'A')));
        CHECK(last.at("give_up").as_bool());
        if (connection == 1) CHECK(last.at("wait_s").as_int64() > 0);
        worker.tell(redeem(std::string(48, 'A')));
        CHECK(worker.closed(5s));
    }
    stop(rig);
    // Eight are free for the colleagues behind one address; the ninth starts the delay.
    CHECK(rig.journal("ticket.refused").size() == 9);
    CHECK(rig.journal("auth.throttled").size() == 1);
}

TEST_CASE("a ticket is only for who could open the desktop now, from there")
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    rig.start();
    rig.wait_for_log("recorder ready");
    Technician technician{rig};
    CHECK(technician.refused({{"window", "W-1"}, {"from", "203.0.113.9"}}) == "E-IP-01");
    CHECK(technician.refused({{"window", "W-9"}, {"from", "127.0.0.1"}}) == "E-FEN-01");
    CHECK(technician.refused({{"asset", "autre"}, {"from", "127.0.0.1"}}) == "E-CIB-01");
    CHECK(
        technician.refused({{"window", "W-1"}, {"account", "root"}, {"from", "127.0.0.1"}}) ==
        "E-CIB-04"
    );
    CHECK(technician.refused({{"window", "W-1"}, {"from", "ici"}}) == "E-SAI-01");
    CHECK(technician.refused({{"from", "127.0.0.1"}}) == "E-SAI-01");
    for (int i = 0; i < 3; ++i)
        CHECK(technician.ticket().size() == 48);
    CHECK(technician.refused({{"window", "W-1"}, {"from", "127.0.0.1"}}) == "E-TIC-01");
    CHECK(
        technician.refused({{"window", "W-1"}, {"from", "127.0.0.1"}, {"password", "faux"}}) ==
        "E-AUT-01"
    );
    stop(rig);
    CHECK(rig.journal("ticket.minted").size() == 3);
}

TEST_CASE("the listener of each door has the limits of its section")
{
    PolicydRig rig;
    rig.door = "rdp";
    rig.write("etc/ecluse.toml", "[rdp]\nper_source_max = 3\nconnections_max = 7\n");
    rig.start();
    auto& listener = rig.listener();
    auto second = Peer{must(PacketSocket::connect(rig.root() + "/run/listen.sock"))};
    auto const answer =
        second.ask({{"do", "listen.hello"}, {"door", "rdp"}, {"address", "::"}, {"port", 3389}});
    CHECK(answer.at("per_source_max").as_int64() == 3);
    CHECK(answer.at("connections_max").as_int64() == 7);
    auto ssh = Peer{must(PacketSocket::connect(rig.root() + "/run/listen.sock"))};
    auto const other =
        ssh.ask({{"do", "listen.hello"}, {"door", "ssh"}, {"address", "::"}, {"port", 2222}});
    CHECK(other.at("per_source_max").as_int64() == 10);
    auto unknown = Peer{must(PacketSocket::connect(rig.root() + "/run/listen.sock"))};
    unknown.tell({{"do", "listen.hello"}, {"door", "vnc"}, {"address", "::"}, {"port", 1}});
    CHECK(unknown.closed(5s));
    (void)listener;
}
