#include "tests/support/eventually.h"
#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>

using namespace ecluse;
using namespace ecluse::test;

namespace {

constexpr std::string_view round_line = "terms looked at";

bool is_purged(FullStack& stack, std::string const& session)
{
    return stack.people().as("r.amrani", {"recording", "show", session}).field("recording") ==
           "purged";
}

/// Both daemons again, this far from now; those who act log in anew.
void move_to(FullStack& stack, std::string const& moved)
{
    auto& people = stack.people();
    people.kill_recorder();
    people.start_recorder({}, moved);
    people.restart_policyd(moved);
    for (auto const* login : {"r.amrani", "c.leroy"})
        people.login(login);
}

/// Rounds of looking for what has passed its term, over all lives of the daemon.
std::size_t rounds(FullStack& stack)
{
    return times_said(stack.people().log("policyd"), round_line);
}

/// Until the daemons, this far from now, have looked once.
void look_at(FullStack& stack, std::string const& moved)
{
    auto const before = rounds(stack);
    move_to(stack, moved);
    eventually([&] { return rounds(stack) > before; });
}

} // namespace

TEST_CASE(
    "at its term a recording is destroyed with a certificate, unless it is held, and never before",
    "[CLAUSIER:O-6.5]"
)
{
    FullStack stack;
    auto& people = stack.people();
    auto const window = stack.open_window();
    CHECK(stack.ssh({"echo premiere"}).status == 0);
    CHECK(stack.ssh({"echo seconde"}).status == 0);
    stack.wait_until_sealed(2);
    CHECK(people.as("c.leroy", {"window", "close", window.id, "--reason", "fini"}).exit == 0);
    auto const id = [&](std::size_t index) {
        return std::string{stack.sessions()[index].as_object().at("session").as_string()};
    };
    auto const held = id(0), free = id(1);
    CHECK(
        people.as("c.leroy", {"hold", "place", held, "--reason", "plainte"}).code() == "E-DRT-01"
    );
    CHECK(people.as("r.amrani", {"hold", "place", held, "--reason", " "}).exit != 0);
    CHECK(people.as("r.amrani", {"hold", "place", held, "--reason", "plainte"}).exit == 0);
    CHECK(people.as("r.amrani", {"hold", "place", held, "--reason", "bis"}).code() == "E-DEJ-01");
    CHECK(people.as("r.amrani", {"hold", "place", "S-NONE", "--reason", "x"}).code() == "E-ENR-02");
    CHECK(people.sign("r.amrani", {"hold", "lift", free, "--reason", "x"}).code() == "E-ETA-01");

    std::filesystem::create_directories(stack.path("etc/ecluse.toml.d"));
    people.write("etc/ecluse.toml.d/retention.toml", "[recording]\nretention_days = 90\n");
    people.sql("UPDATE asset SET recording_days = 90");
    people.sql("UPDATE report SET state = 'accepted'");
    auto const announced = [&] { return stack.events("recording.purge_announced").size(); };
    look_at(stack, "+82d");
    CHECK(announced() == 0);
    // A week before its term its end is announced; the held one's is not.
    look_at(stack, "+84d");
    CHECK(announced() == 1);
    // A clock that jumps to the term and past it destroys nothing: the week begins anew.
    people.move_clock("+92d");
    eventually([&] { return people.log("policyd").find("announced anew") != std::string::npos; });
    look_at(stack, "+92d");
    CHECK(stack.events("recording.purge_withdrawn").size() == 1);
    CHECK(announced() == 2);
    CHECK_FALSE(is_purged(stack, free));
    // Past its term, while its report still needs it.
    people.sql("UPDATE report SET state = 'submitted'");
    look_at(stack, "+100d");
    CHECK_FALSE(is_purged(stack, free));
    people.sql("UPDATE report SET state = 'accepted'");
    look_at(stack, "+100d");
    eventually([&] { return is_purged(stack, free); });
    CHECK_FALSE(is_purged(stack, held));
    auto const folder = std::filesystem::canonical(stack.path("recordings/by-id/" + free));
    CHECK_FALSE(std::filesystem::exists(folder / "record.bin"));
    CHECK(std::filesystem::exists(folder / "purge.json"));
    auto const verified = people.as("r.amrani", {"recording", "verify", free});
    INFO(verified.out << verified.err);
    CHECK(verified.exit == 0);
    CHECK(
        people
            .as("r.amrani",
                {"recording",
                 "play",
                 free,
                 "--reason",
                 "x",
                 "--key-file",
                 stack.path("remise/rssi.p12"),
                 "--passphrase-file",
                 stack.path("passphrase")})
            .code() == "E-ENR-02"
    );
    CHECK(stack.events("recording.purge_decided").size() == 1);
    CHECK(stack.events("recording.purged").size() == 1);

    CHECK(people.sign("r.amrani", {"hold", "lift", held, "--reason", "classée"}).exit == 0);
    look_at(stack, "+101d");
    CHECK(announced() == 3);
    CHECK_FALSE(is_purged(stack, held));
    look_at(stack, "+109d");
    eventually([&] { return is_purged(stack, held); });
    CHECK(people.as("r.amrani", {"journal", "verify"}).exit == 0);
}

TEST_CASE(
    "what the journal says of people goes at its term, and the chain still verifies",
    "[CLAUSIER:O-6.5][CHM:8.15]"
)
{
    FullStack stack;
    auto& people = stack.people();
    std::filesystem::create_directories(stack.path("etc/ecluse.toml.d"));
    people.write("etc/ecluse.toml.d/retention.toml", "[recording]\njournal_days = 549\n");
    // Passwords are older than their year by then.
    people.write("etc/ecluse.toml.d/passwords.toml", "[passwords]\nrenew_days = 0\n");
    look_at(stack, "+548d");
    auto const before = stack.events("person.created").size();
    CHECK(before > 0);
    CHECK(stack.events("person.created").size() == before);
    CHECK(stack.events("journal.purged").empty());

    look_at(stack, "+550d");
    CHECK(stack.events("journal.purged").size() == 1);
    for (auto const& event : stack.events("person.created"))
        CHECK_FALSE(event.as_object().contains("object"));
    auto const verified = people.as("r.amrani", {"journal", "verify"});
    INFO(verified.out << verified.err);
    CHECK(verified.exit == 0);
    // A start compares the file with the rows, erased ones by number, time and type.
    people.restart_policyd("+550d");
    people.login("r.amrani");
    CHECK(people.as("r.amrani", {"journal", "verify"}).exit == 0);
}
