#include "tests/support/must.h"
#include "tests/support/operator_rig.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace ecluse::test;

namespace {

std::vector<std::string> const request_words{
    "window",
    "request",
    "--asset",
    "scanner-1",
    "--opens",
    "+1m",
    "--closes",
    "+2h",
    "--function",
    "shell,file_up",
    "--nature",
    "corrective",
    "--reason",
    "panne"};

std::string requested(OperatorRig& rig)
{
    auto const ran = rig.as("n.belkacem", request_words);
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return ran.field("window");
}

} // namespace

TEST_CASE("nobody exists after the installation, and it happens once")
{
    OperatorRig rig;
    auto const nobody = rig.ctl({"person", "list"});
    CHECK(nobody.exit == 5);
    CHECK(nobody.code() == "E-AUT-02");
    rig.people();
    auto const again = rig.ctl(
        {"setup",
         "--admin",
         "A;B;a.b;a.b@ch.example",
         "--dsi",
         "C;D;c.d;c.d@ch.example",
         "--rssi",
         "E;F;e.f;e.f@ch.example"}
    );
    CHECK(again.code() == "E-INS-02");
}

TEST_CASE("a window is requested by the technician and approved once by somebody else")
{
    OperatorRig rig;
    rig.people();
    auto const window = requested(rig);
    CHECK(rig.as("n.belkacem", {"window", "approve", window}).code() == "E-DRT-01");
    auto const approved =
        rig.as("c.leroy", {"window", "approve", window, "--remove-function", "file_up"});
    INFO(approved.out << approved.err);
    CHECK(approved.exit == 0);
    CHECK(rig.as("d.roux", {"window", "approve", window}).code() == "E-CRE-01");
    CHECK(rig.as("d.roux", {"window", "refuse", window, "--reason", "non"}).code() == "E-CRE-01");
    auto const shown = rig.as("c.leroy", {"window", "show", window}).json();
    CHECK(shown.at("state").as_string() == "approved");
    CHECK(shown.at("functions").as_array() == json::array{"shell"});
    CHECK(shown.at("decided_by").as_string() == "c.leroy");
    CHECK(
        rig.as("c.leroy", {"window", "extend", window, "--closes", "+1h", "--reason", "t"})
            .code() == "E-CRE-11"
    );
    CHECK(
        rig.as("c.leroy", {"window", "extend", window, "--closes", "+3h", "--reason", "t"}).exit ==
        0
    );
    CHECK(rig.as("c.leroy", {"window", "show", "W-inconnu"}).exit == 4);
    auto const events = rig.as("r.amrani", {"journal", "show", "--object", window}).json();
    CHECK(events.at("rows").as_array().size() == 3); // requested, approved, extended
}

TEST_CASE("care hours need an override and a window ends after it starts")
{
    OperatorRig rig;
    rig.people();
    REQUIRE(
        rig.as("c.leroy",
               {"asset", "usage-hours", "scanner-1", "--usage-hours", "mon-sun 00:00-24:00"})
            .exit == 0
    );
    auto const window = requested(rig);
    CHECK(rig.as("c.leroy", {"window", "approve", window}).code() == "E-CRE-10");
    CHECK(
        rig.as("c.leroy", {"window", "approve", window, "--override-reason", "panne totale"})
            .exit == 0
    );
    auto backwards = request_words;
    backwards[7] = "now";
    CHECK(rig.as("n.belkacem", backwards).code() == "E-CRE-06");
    auto outside = request_words;
    outside[3] = "autre-cible";
    CHECK(rig.as("n.belkacem", outside).code() == "E-CTR-02");
}

TEST_CASE("an address is declared by one and approved by another, ranges are judged")
{
    OperatorRig rig;
    rig.people();
    auto const declare =
        [&](std::string const& who, std::string const& range, std::string const& kind) {
            return rig.as(
                who,
                {"source",
                 "declare",
                 range,
                 "--vendor",
                 "Imagelec",
                 "--reason",
                 "siège",
                 "--kind",
                 kind}
            );
        };
    CHECK(declare("o.haddad", "0.0.0.0/0", "public").code() == "E-DEC-01");
    CHECK(declare("o.haddad", "203.0.0.0/16", "public").code() == "E-DEC-02");
    CHECK(declare("o.haddad", "10.1.2.0/24", "public").code() == "E-DEC-03");
    CHECK(declare("o.haddad", "10.1.2.0/24", "vpn").exit == 0);
    auto const own = declare("c.leroy", "203.0.113.24", "public");
    REQUIRE(own.exit == 0);
    CHECK(declare("c.leroy", "203.0.113.24/32", "public").code() == "E-DEJ-01");
    CHECK(rig.as("c.leroy", {"source", "approve", own.field("source")}).code() == "E-QUA-01");
    CHECK(rig.as("d.roux", {"source", "approve", own.field("source")}).exit == 0);
    CHECK(rig.as("d.roux", {"source", "approve", own.field("source")}).code() == "E-ETA-01");
    CHECK(
        rig.as("o.haddad", {"source", "remove", own.field("source"), "--reason", "départ"}).exit ==
        0
    );
}

TEST_CASE("invitations serve once, and not after three days")
{
    OperatorRig rig;
    rig.people();
    auto const create = rig.as(
        "c.leroy",
        {"person",
         "create",
         "--first-name",
         "Lina",
         "--last-name",
         "Morel",
         "--login",
         "l.morel",
         "--mail",
         "l.morel@example.fr",
         "--vendor",
         "Imagelec",
         "--role",
         "technician"}
    );
    REQUIRE(create.exit == 0);
    auto const late = rig.invite("c.leroy", "l.morel");
    auto const begin = [&](std::string const& token) {
        return rig.ctl({"enrol", token, "--password-file", rig.root() + "/password"});
    };
    CHECK(begin("0123456789").code() == "E-INV-01");
    rig.restart_policyd("+73h");
    CHECK(begin(late).code() == "E-INV-01");
    // The logins of before are over too: idle for 73 hours.
    CHECK(rig.as("c.leroy", {"whoami"}).code() == "E-AUT-02");
    rig.restart_policyd("+74h");
}

TEST_CASE("a token and a code serve once; suspension takes effect at once")
{
    OperatorRig rig;
    rig.people();
    auto const code = rig.next_recovery("n.belkacem");
    auto const login = [&] {
        return rig.ctl(
            {"login", "n.belkacem", "--password-file", rig.root() + "/password", "--code", code}
        );
    };
    CHECK(login().exit == 0);
    CHECK(login().code() == "E-AUT-01");
    CHECK(rig.as("n.belkacem", {"whoami"}).exit == 0);
    CHECK(rig.as("o.haddad", {"person", "suspend", "n.belkacem", "--reason", "départ"}).exit == 0);
    CHECK(rig.as("n.belkacem", {"whoami"}).code() == "E-AUT-02");
    CHECK(
        rig.as("c.leroy", {"person", "suspend", "c.leroy", "--reason", "x"}).code() == "E-QUA-01"
    );
    CHECK(rig.as("o.haddad", {"person", "show", "c.leroy"}).exit == 4);
}

TEST_CASE("functions are not people and roles that control each other do not meet")
{
    OperatorRig rig;
    rig.people();
    auto const create = [&](std::string const& login, std::string const& role) {
        return rig.as(
            "c.leroy",
            {"person",
             "create",
             "--first-name",
             "X",
             "--last-name",
             "Y",
             "--login",
             login,
             "--mail",
             "x.y@example.fr",
             "--vendor",
             "Imagelec",
             "--role",
             role}
        );
    };
    for (auto const* generic : {"support", "admin", "maintenance2", "tech.sav"})
        CHECK(create(generic, "technician").code() == "E-NOM-01");
    CHECK(create("x.y", "dsi").code() == "E-ROL-02");
    CHECK(rig.as("r.amrani", {"role", "grant", "c.leroy", "log_manager"}).code() == "E-ROL-01");
    CHECK(rig.as("r.amrani", {"role", "grant", "d.roux", "dsi"}).code() == "E-ROL-03");
    CHECK(rig.as("r.amrani", {"role", "grant", "a.petit", "auditor"}).code() == "E-SAI-01");
}

TEST_CASE("the DSI clears the delay of somebody who mistyped, and the journal says so")
{
    OperatorRig rig;
    rig.people();
    // The longest delay, as many failures would bring it: it cannot pass by itself in this test.
    rig.sql("INSERT OR REPLACE INTO throttle (account, address, failures, last_failure_at) "
            "SELECT account, address, 1000, CAST(strftime('%s', 'now') AS INTEGER) FROM "
            "(SELECT 'n.belkacem' AS account UNION SELECT '' UNION SELECT 'o.haddad'), "
            "(SELECT DISTINCT address FROM operator_session)");
    auto const words = [&](std::string const& login) {
        return std::vector<std::string>{
            "login",
            login,
            "--password-file",
            rig.root() + "/password",
            "--code",
            rig.next_recovery(login)};
    };
    REQUIRE(rig.ctl(words("n.belkacem")).code() == "E-AUT-01");
    auto const events = rig.as("r.amrani", {"journal", "show", "--type", "auth.throttled"}).json();
    REQUIRE(events.at("rows").as_array().size() == 1);
    auto const source =
        std::string{events.at("rows").as_array().front().as_object().at("source").as_string()};
    auto const clear = [&](std::string const& by) {
        return rig.as(
            by, {"throttle", "clear", "n.belkacem", "--address", source, "--reason", "rappelé"}
        );
    };
    CHECK(clear("o.haddad").code() == "E-DRT-01");
    CHECK(rig.ctl(words("n.belkacem")).code() == "E-AUT-01");
    auto const cleared = clear("c.leroy");
    INFO(cleared.out << cleared.err);
    REQUIRE(cleared.exit == 0);
    CHECK(rig.ctl(words("n.belkacem")).exit == 0);
    // Nobody else's delay was touched, and there is nothing left to clear.
    CHECK(rig.ctl(words("o.haddad")).code() == "E-AUT-01");
    CHECK(clear("c.leroy").code() == "E-ETA-01");
    auto const kept =
        rig.as("r.amrani", {"journal", "show", "--type", "auth.delay_cleared"}).json();
    CHECK(kept.at("rows").as_array().size() == 1);
}

TEST_CASE("a key is one person's, strong, and added only after signing again")
{
    OperatorRig rig;
    rig.people();
    auto const key = rig.write(
        "k.pub",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMZ3UkkSEBTjHZp8gEOpmKLMvyGFbC8ltySwLkrAhIcY essai\n"
    );
    CHECK(rig.sign("n.belkacem", {"key", "add", key}).exit == 0);
    CHECK(rig.sign("o.haddad", {"key", "add", key}).code() == "E-DEJ-01");
    auto const unsigned_one = rig.as(
        "n.belkacem",
        {"key", "add", key, "--password-file", rig.root() + "/password", "--code", "000000"}
    );
    CHECK(unsigned_one.code() == "E-AUT-01");
}

TEST_CASE("the escort of a window is told at the next login", "[CHM:8.4]")
{
    OperatorRig rig;
    rig.people();
    auto const window = requested(rig);
    REQUIRE(rig.as("c.leroy", {"window", "approve", window}).exit == 0);
    CHECK(rig.as("c.leroy", {"escort", "set", window, "n.belkacem"}).exit != 0);
    REQUIRE(rig.as("c.leroy", {"escort", "set", window, "d.roux"}).exit == 0);
    auto const told = [&](std::string const& login) {
        auto const ran = rig.ctl(
            {"login",
             login,
             "--password-file",
             rig.root() + "/password",
             "--code",
             rig.next_recovery(login)}
        );
        return ran.out.find(window) != std::string::npos;
    };
    CHECK(told("d.roux"));
    CHECK_FALSE(told("c.leroy"));
    REQUIRE(rig.as("c.leroy", {"window", "cancel", window, "--reason", "essai"}).exit == 0);
    CHECK_FALSE(told("d.roux"));
}

TEST_CASE("mistyped words are answered with the nearest one")
{
    OperatorRig rig;
    auto const near = rig.ctl({"window", "aprove", "W-1"});
    CHECK(near.exit == 2);
    CHECK(near.err.find("window approve") != std::string::npos);
    CHECK(rig.ctl({"window", "list", "--stat", "open"}).err.find("--state") != std::string::npos);
    CHECK(rig.ctl({"config", "check"}).exit == 0);
}

TEST_CASE("a late report comes before the next window, in an emergency too unless it is lifted")
{
    OperatorRig rig;
    rig.people();
    auto const window = requested(rig);
    rig.sql(
        "INSERT INTO report (id, access_window, state, due_at, created_at) VALUES ('I-retard', '" +
        window + "', 'due', 1000000000, 999999999)"
    );
    auto const refused = rig.as("n.belkacem", request_words);
    CHECK(refused.exit == 5);
    CHECK(refused.code() == "E-CR-01");
    auto const noted = rig.as("c.leroy", {"refusal", "list", "--login", "n.belkacem"});
    INFO(noted.out);
    CHECK(noted.json().at("rows").as_array().size() == 1);
    auto urgent = request_words;
    urgent.emplace_back("--emergency");
    // It may be asked for, and the late report stops its approval until somebody lifts it in
    // writing.
    auto const asked = rig.as("n.belkacem", urgent);
    REQUIRE(asked.exit == 0);
    auto const id = asked.field("window");
    CHECK(rig.as("c.leroy", {"window", "approve", id}).code() == "E-URG-02");
    CHECK(rig.as("c.leroy", {"window", "approve", id, "--report-lift", "  "}).code() == "E-SAI-01");
    CHECK(
        rig.as("c.leroy", {"window", "approve", window, "--report-lift", "vite"}).code() ==
        "E-URG-03"
    );
    auto const lifted =
        rig.as("c.leroy", {"window", "approve", id, "--report-lift", "scanner du bloc arrêté"});
    INFO(lifted.out << lifted.err);
    REQUIRE(lifted.exit == 0);
    auto const acts = rig.as("r.amrani", {"journal", "show", "--object", id}).json();
    std::vector<std::string> types;
    for (auto const& row : acts.at("rows").as_array())
        types.emplace_back(row.as_object().at("type").as_string());
    CHECK(std::count(types.begin(), types.end(), "window.overridden") == 1);
    CHECK(
        rig.as("c.leroy", {"window", "show", id}).field("report_lifted_reason") ==
        "scanner du bloc arrêté"
    );
    auto const seen = rig.as("c.leroy", {"report", "list", "--late"});
    INFO(seen.out << seen.err);
    CHECK(seen.exit == 0);
}

TEST_CASE(
    "a password that is too old opens its own change and nothing else", "[CLAUSIER:O-5.1][CHM:5.5]"
)
{
    OperatorRig rig;
    rig.people();
    auto const log_in = [&](std::string const& file) {
        auto const ran = rig.ctl(
            {"login",
             "c.leroy",
             "--password-file",
             rig.root() + "/" + file,
             "--code",
             rig.next_recovery("c.leroy")}
        );
        INFO(ran.out << ran.err);
        REQUIRE(ran.exit == 0);
        return ran.out.find("eclusectl password change") != std::string::npos;
    };
    CHECK_FALSE(log_in("password"));

    rig.restart_policyd("+350d");
    CHECK(log_in("password"));
    CHECK(rig.as("c.leroy", {"window", "list"}).exit == 0);

    rig.restart_policyd("+366d");
    (void)log_in("password");
    CHECK(rig.as("c.leroy", {"window", "list"}).code() == "E-CPT-07");
    CHECK(rig.as("c.leroy", {"key", "list"}).code() == "E-CPT-07");
    CHECK(rig.as("c.leroy", {"whoami"}).exit == 0);
    auto const change = [&](std::string const& text) {
        rig.write("new", text + "\n");
        return rig.sign(
            "c.leroy", {"password", "change", "--new-password-file", rig.root() + "/new"}
        );
    };
    CHECK(change(OperatorRig::password).code() == "E-MDP-07");
    CHECK(change("court-7!").code() == "E-MDP-01");
    CHECK(change("sans-majuscule-42!").code() == "E-MDP-04");
    CHECK(change("Six-canards-bavards-9!").exit == 0);
    CHECK_FALSE(log_in("new"));
    CHECK(rig.as("c.leroy", {"window", "list"}).exit == 0);
    CHECK(rig.as("c.leroy", {"logout"}).exit == 0);
}
