#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

std::string without_digits(std::string text)
{
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text;
}

/// Everything that the door sends to somebody who connects from there and says nothing.
std::string first_bytes(std::string const& from, std::string const& port)
{
    Fd const fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in place{};
    place.sin_family = AF_INET;
    REQUIRE(::inet_pton(AF_INET, from.c_str(), &place.sin_addr) == 1);
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
    place.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
    timeval const limit{5, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char bytes[256];
    auto const got = ::recv(fd.get(), bytes, sizeof bytes, 0);
    if (got < 0) REQUIRE(errno == ECONNRESET);
    return {bytes, got > 0 ? static_cast<std::size_t>(got) : 0};
}

} // namespace

TEST_CASE(
    "nobody approves an own request, and of two who approve at once exactly one does",
    "[CLAUSIER:O-12.2.5.3][CHM:8.4]"
)
{
    FullStack stack;
    auto& people = stack.people();
    auto const opens = to_seconds(utc_now()) + 1min;
    auto const asked = stack.request("n.belkacem", opens, opens + 10min);
    REQUIRE(asked.exit == 0);
    auto const window = asked.field("window");
    CHECK(people.as("n.belkacem", {"window", "approve", window}).code() == "E-DRT-01");
    auto const approve = [&](std::string const& who) {
        return std::make_unique<Program>(Program::Options{
            {ECLUSE_CTL_PROGRAM,
             "--root",
             stack.root(),
             "--json",
             "--as",
             who,
             "window",
             "approve",
             window},
            {},
            false,
            true});
    };
    auto const one = approve("c.leroy"), other = approve("d.roux");
    auto const first = one->finish(), second = other->finish();
    INFO(first.out << first.err << second.out << second.err);
    CHECK((first.status == 0) != (second.status == 0));
    CHECK(contains((first.status == 0 ? second : first).out, "E-CRE-01"));
    CHECK(stack.events("window.approved").size() == 1);
    stack.check_evidence();
}

TEST_CASE(
    "a code serves once, a key alone nothing, and a wrong answer tells nothing about the account",
    "[CLAUSIER:O-6.2][CLAUSIER:O-5.4][CHM:5.10][CHM:6.3][WEB:DT2]"
)
{
    FullStack stack;
    auto& people = stack.people();
    FullStack::Client client;
    client.options = {"-o", "NumberOfPasswordPrompts=1"};
    client.code = people.one_time_code("n.belkacem");
    // Both factors are right: only now the sentence says what is missing.
    auto const right = stack.ssh({"true"}, client);
    CHECK(right.status == 77);
    CHECK(contains(right.err, "E-FEN-01"));
    auto const replayed = stack.ssh({"true"}, client);
    CHECK(replayed.status == 255);
    CHECK_FALSE(contains(replayed.err, "E-"));
    CHECK(stack.events("credential.replayed").size() == 1);

    auto key_only = client;
    key_only.options = {"-o", "PreferredAuthentications=publickey"};
    auto const half = stack.ssh({"true"}, key_only);
    CHECK(half.status == 255);
    CHECK_FALSE(contains(half.err, "E-"));

    auto wrong = client;
    wrong.with_key = false;
    wrong.code = "000000";
    auto const known = stack.ssh({"true"}, wrong);
    wrong.login = "personne";
    auto const unknown = stack.ssh({"true"}, wrong);
    CHECK(known.status == 255);
    CHECK(unknown.status == 255);
    auto words = known.err;
    // OpenSSH itself repeats the name that was typed.
    for (auto at = words.find("n.belkacem"); at != words.npos; at = words.find("n.belkacem"))
        words.replace(at, std::string_view{"n.belkacem"}.size(), "personne");
    CHECK(without_digits(words) == without_digits(unknown.err));
    stack.check_evidence();
}

TEST_CASE(
    "an undeclared address gets no byte, and one that is removed loses its session",
    "[CLAUSIER:O-12.2.5.3][CHM:8.1]"
)
{
    FullStack stack;
    auto& people = stack.people();
    CHECK(first_bytes("127.0.0.2", stack.port()).starts_with("SSH-2.0-"));
    CHECK(first_bytes("127.0.0.3", stack.port()).empty());
    stack.open_window();
    auto const shell = stack.live_shell();
    auto const source = people.as("c.leroy", {"source", "list"}).json();
    auto const id =
        std::string{source.at("rows").as_array().at(0).as_object().at("source").as_string()};
    REQUIRE(people.as("c.leroy", {"source", "remove", id, "--reason", "départ"}).exit == 0);
    auto const cut = shell->finish();
    INFO(cut.out << cut.err);
    CHECK(contains(cut.out, "(E-RET-01)"));
    CHECK(first_bytes("127.0.0.2", stack.port()).empty());
    stack.wait_until_sealed(1);
    stack.check_evidence();
}

TEST_CASE(
    "suspending the person, the role, the vendor or the asset cuts the live session and shuts the "
    "door until it is given back",
    "[CLAUSIER:O-9.14][WEB:AA1]"
)
{
    FullStack stack;
    auto& people = stack.people();
    stack.open_window();
    struct Row {
        std::vector<std::string> cut, undo;
        std::string code; // empty: the address is not declared any more, so no byte answers
    };
    std::vector<Row> const rows{
        {{"role", "revoke", "n.belkacem", "technician"},
         {"role", "grant", "n.belkacem", "technician"},
         "E-CPT-06"},
        {{"asset", "disable", "irm-1"}, {"asset", "enable", "irm-1"}, "E-CIB-05"},
        {{"vendor", "suspend", "Imagelec"}, {"vendor", "reactivate", "Imagelec"}, ""},
        {{"person", "suspend", "n.belkacem"}, {"person", "reactivate", "n.belkacem"}, "E-CPT-01"}};
    auto const act = [&](std::vector<std::string> words) {
        if (words[1] != "grant") words.insert(words.end(), {"--reason", "essai"});
        auto const ran = people.as("c.leroy", words);
        INFO(words[0] << " " << words[1] << ": " << ran.out << ran.err);
        REQUIRE(ran.exit == 0);
    };
    std::size_t ended = 0;
    for (auto const& row : rows) {
        CAPTURE(row.cut[0], row.cut[1]);
        auto const shell = stack.live_shell();
        act(row.cut);
        auto const cut = shell->finish();
        INFO(cut.out << cut.err);
        CHECK(contains(cut.out, "(E-RET-01)"));
        auto const refused = stack.ssh({"true"});
        INFO(refused.err);
        CHECK(refused.status != 0);
        CHECK(contains(refused.err, row.code));
        auto const explained = people.as(
            "c.leroy",
            {"explain", "--person", "n.belkacem", "--from", "127.0.0.2", "--asset", "irm-1"}
        );
        CHECK(contains(explained.out, row.code));
        act(row.undo);
        stack.wait_until_sealed(++ended);
    }
    stack.check_evidence();
}

TEST_CASE("a role that ends cuts the session, however long the window is made", "[WEB:AA1]")
{
    FullStack stack;
    auto& people = stack.people();
    auto const window = stack.open_window();
    auto const end = to_seconds(utc_now()) + 15s;
    stack.kill_listener();
    stack.reunite([&] {
        people.sql(
            "UPDATE person_role SET valid_to = " + std::to_string(end.time_since_epoch().count()) +
            " WHERE role = 'technician'"
        );
    });
    stack.start_listener();
    auto const shell = stack.live_shell();
    auto const extended = people.as(
        "c.leroy", {"window", "extend", window.id, "--closes", "+1h", "--reason", "encore"}
    );
    INFO(extended.out << extended.err);
    REQUIRE(extended.exit == 0);
    auto const cut = shell->finish();
    INFO(cut.out << cut.err);
    CHECK(utc_now() >= end);
    CHECK(contains(stack.ssh({"true"}).err, "E-CPT-06"));
    stack.wait_until_sealed(1);
    stack.check_evidence();
}

TEST_CASE("a session that is cut by hand says who cut it and why", "[CLAUSIER:O-9.14]")
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    auto const live = stack.sessions();
    REQUIRE(live.size() == 1);
    auto const id = std::string{live[0].as_object().at("session").as_string()};
    auto const ran =
        stack.people().as("c.leroy", {"session", "cut", id, "--reason", "action non prévue"});
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    auto const cut = shell->finish();
    INFO(cut.out << cut.err);
    CHECK(contains(cut.out, "action non prévue"));
    CHECK(contains(cut.out, "(E-SES-03)"));
    stack.wait_until_sealed(1);
    stack.check_evidence();
}

TEST_CASE(
    "a tunnel asked for before any session is refused and journaled", "[CLAUSIER:O-9.2][CHM:8.20]"
)
{
    FullStack stack;
    stack.open_window();
    FullStack::Client client;
    client.options = {"-W", "127.0.0.1:22"};
    CHECK(stack.ssh({}, client).status != 0);
    CHECK(stack.ssh({"true"}).status == 0);
    stack.wait_until_sealed(1);
    CHECK(stack.events("session.forward_refused").size() == 1);
    CHECK(stack.events("protocol.violation").empty());
    stack.check_evidence();
}
