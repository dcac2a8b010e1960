#include "tests/support/filled_form.h"
#include "tests/support/must.h"
#include "tests/support/operator_rig.h"

#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

/// RSA of 1024 bits.
char const* const weak_key =
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAAAgQC0FtP33nfnzVWxVU4e7/nnfYr10NcjZ3cQDaTC8KQnpC46eLunWPZwtRfcQvaIr"
    "Gy6z3K9IouPBJoQOQnlbIJiKceEUqaIAlt36WL80J/M1kimdz4g80zyDOAWylf+zy9Gz5MhZ4dqj3U6h3NYvSgwbgSSBS"
    "pUEfgPiPXUZmNIxQ==";

std::vector<std::string> request_with(std::vector<std::string> const& more)
{
    std::vector<std::string> words{
        "window",
        "request",
        "--asset",
        "scanner-1",
        "--opens",
        "+1m",
        "--closes",
        "+2h",
        "--function",
        "shell",
        "--nature",
        "corrective",
        "--reason",
        "panne"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

} // namespace

TEST_CASE("each act that is refused has its own code", "[HDS:EXI-13][WEB:DT11]")
{
    OperatorRig rig;
    rig.people();
    auto const key_file = rig.write("weak.pub", std::string{weak_key} + "\n");
    auto const password_file = rig.write("factory", "admin\n");
    REQUIRE(
        rig.as("c.leroy",
               {"vendor",
                "create",
                "Autre",
                "--contract-reference",
                "M-2",
                "--contract-from",
                "2020-01-01",
                "--contract-to",
                "2090-12-31"})
            .exit == 0
    );
    REQUIRE(
        rig.as("c.leroy",
               {"person",
                "create",
                "--first-name",
                "Zoé",
                "--last-name",
                "Petit",
                "--login",
                "z.petit",
                "--mail",
                "z.petit@example.fr",
                "--role",
                "technician",
                "--vendor",
                "Imagelec"})
            .exit == 0
    );
    auto const invitation = rig.invite("c.leroy", "z.petit");
    struct Row {
        std::string code, who;
        std::vector<std::string> words;
        bool signs = false;
    };
    std::vector<Row> const rows{
        {"E-CLE-01", "n.belkacem", {"key", "add", key_file}, true},
        {"E-CRE-14", "n.belkacem", request_with({"--person", "o.haddad"})},
        {"E-CRE-15", "n.belkacem", request_with({"--account", "inconnu"})},
        {"E-DEC-04",
         "c.leroy",
         {"source", "declare", "224.0.0.0/24", "--vendor", "Imagelec", "--reason", "essai"}},
        {"E-EMP-01",
         "c.leroy",
         {"asset", "pin", "scanner-1", "--key", key_file, "--fingerprint", "SHA256:autre"}},
        {"E-ENR-02", "r.amrani", {"recording", "show", "S-INCONNU"}},
        {"E-MDP-08",
         "c.leroy",
         {"account",
          "add",
          "scanner-1",
          "root",
          "--method",
          "password",
          "--secret-file",
          password_file}},
        {"E-PER-01", "o.haddad", {"person", "list", "--vendor", "Autre"}},
        {"E-RAP-00", "c.leroy", {"report", "show", "I-INCONNU"}},
        {"E-REF-01", "c.leroy", {"refusal", "show", "R-INCONNU"}},
        {"E-SEC-01", "r.amrani", {"secret", "rotate", "evidence_key"}, true},
        {"E-SES-04",
         "c.leroy",
         {"session", "cut", "--all", "--reason", "essai", "--confirm", "non"}}};
    for (auto const& row : rows) {
        auto const ran = row.signs ? rig.sign(row.who, row.words) : rig.as(row.who, row.words);
        INFO(row.code << ": " << ran.out << ran.err);
        CHECK(ran.exit != 0);
        CHECK(ran.code() == row.code);
    }
    // The second half of an enrolment before its first.
    CHECK(rig.ctl({"enrol", invitation, "--code", "123456"}).code() == "E-INV-02");
}

TEST_CASE("what we cannot read is our fault, and says so", "[HDS:EXI-13]")
{
    OperatorRig rig;
    rig.people();
    rig.sql("UPDATE vendor SET state = 'great'");
    rig.login("c.leroy");
    auto const ran = rig.as(
        "c.leroy",
        {"explain", "--person", "n.belkacem", "--from", "203.0.113.24", "--asset", "scanner-1"}
    );
    INFO(ran.out << ran.err);
    CHECK(ran.exit == 1);
    CHECK(ran.code() == "E-SYS-01");
}

TEST_CASE("only the service's own account or root installs the first people", "[CHM:5.8]")
{
    if (::geteuid() != 0) SKIP("asking as somebody else needs privileges");
    OperatorRig rig;
    ::chmod(rig.root().c_str(), 0711);
    ::chmod((rig.root() + "/run").c_str(), 0711);
    ::chmod((rig.root() + "/run/operator.sock").c_str(), 0666);
    constexpr uid_t nobody = 65534;
    REQUIRE(::seteuid(nobody) == 0);
    auto socket = PacketSocket::connect(rig.root() + "/run/operator.sock");
    REQUIRE(::seteuid(0) == 0);
    REQUIRE(socket);
    auto const ask = [&](json::object const& request) {
        must(socket->send(request));
        // The first start makes the gateway's own keys, which takes a slow machine its time.
        auto const packet = must(socket->receive(std::chrono::seconds{60}));
        REQUIRE(packet);
        return must(parse_object(packet->json));
    };
    (void)ask({{"do", "operator.hello"}, {"id", 1}, {"version", "test"}, {"language", "fr"}});
    auto const person = [](char const* login) {
        return json::object{
            {"login", login},
            {"first_name", "A"},
            {"last_name", "B"},
            {"mail", std::string{login} + "@ch.example"}};
    };
    auto const answer = ask(
        {{"do", "setup.people"},
         {"id", 2},
         {"admin", person("a.b")},
         {"dsi", person("c.d")},
         {"rssi", person("e.f")}}
    );
    INFO(json::serialize(answer));
    CHECK(answer.at("error").at("code").as_string() == "E-INS-01");
}

TEST_CASE("a report is submitted whole, by its own form, once its recordings are closed")
{
    OperatorRig rig;
    rig.people();
    auto const asked = rig.as("n.belkacem", request_with({}));
    REQUIRE(asked.exit == 0);
    auto const window = asked.field("window");
    rig.sql(
        "INSERT INTO report (id, access_window, state, due_at, created_at) VALUES ('I-essai', '" +
        window + "', 'due', 4000000000, 999999999)"
    );
    rig.sql(
        "INSERT INTO session (id, connection, access_window, person, asset, account, protocol, "
        "source, source_port, factors, started_ms, ended_ms, recording) SELECT 'S-essai', 'C', '" +
        window +
        "', p.id, a.id, 'maintenance', 'ssh', '203.0.113.24', 1, 'f', 1000, 2000, 'open' "
        "FROM person p, asset a WHERE p.login = 'n.belkacem'"
    );
    auto const path = rig.root() + "/form.toml";
    auto const form = rig.as("n.belkacem", {"report", "form", "I-essai", "--output", path});
    INFO(form.out << form.err);
    REQUIRE(form.exit == 0);
    auto const blank = must(read_file(path, 1 << 20));
    auto const submit = [&](std::string const& text) {
        rig.write("form.toml", text);
        auto const ran = rig.sign("n.belkacem", {"report", "submit", "I-essai", "--form", path});
        UNSCOPED_INFO(ran.out << ran.err);
        return ran.code();
    };
    CHECK(submit(blank) == "E-RAP-10");
    auto other = filled_form(blank);
    for (auto at = other.find("I-essai"); at != other.npos; at = other.find("I-essai"))
        other.replace(at, 7, "I-autre");
    CHECK(submit(other) == "E-RAP-11");
    CHECK(submit(filled_form(blank)) == "E-RAP-12");
}
