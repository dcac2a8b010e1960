#include "common/fd.h"
#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>
#include <poll.h>

using namespace ecluse;
using namespace ecluse::test;
namespace fs = std::filesystem;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// A hospital with a timestamp authority that can be away, or lie.
struct Stamped {
    FullStack stack;
    OperatorRig& people = stack.people();
    std::string tsa = stack.path("tsa");
    std::string port = "0";
    std::unique_ptr<Program> authority;

    Stamped()
    {
        start_authority(); // once, for its certificates and its port
        authority.reset();
        fs::create_directories(stack.path("etc/ecluse.toml.d"));
        people.write(
            "etc/ecluse.toml.d/horodatage.toml",
            "[timestamp]\nurl = \"http://127.0.0.1:" + port + "/tsr\"\nca = \"" + tsa +
                "/ca.pem\"\ntimeout_s = 2\n"
        );
        restart();
    }
    void restart(std::string const& moved = "+0s")
    {
        stack.reunite([&] { people.restart_policyd(moved); });
        // It leaves with the policyd it spoke to; systemd would start it again.
        stack.kill_listener();
        stack.start_listener();
    }
    void start_authority()
    {
        authority = std::make_unique<Program>(Program::Options{
            {"python3", "-B", ECLUSE_AUTHORITY, tsa, port},
            {"ECLUSE_FAKETIME=" ECLUSE_FAKETIME_LIBRARY},
            false,
            true});
        REQUIRE(authority->wait_for_output("\n", 60s));
        port = authority->out().substr(0, authority->out().find('\n'));
    }
    void answer(std::string const& mode) const { std::ofstream{tsa + "/mode"} << mode; }
    [[nodiscard]] std::string doctor() { return people.as("c.leroy", {"doctor"}).out; }
    /// Waits until as many events of this type are in the journal.
    void await(std::string const& type, std::size_t count)
    {
        auto const until = std::chrono::steady_clock::now() + 60s;
        while (stack.events(type).size() < count) {
            if (std::chrono::steady_clock::now() > until)
                FAIL(type << "\n" << people.log("policyd"));
            ::poll(nullptr, 0, 100); // the journal is the event; this only paces it
        }
    }
};

} // namespace

TEST_CASE(
    "an authority that is down or lies stops nobody, and every seal has its token at last",
    "[WEB:TR3]"
)
{
    Stamped site;
    auto& people = site.people;
    auto const window = site.stack.open_window();
    // Down: sessions as ever, and the queue shows.
    CHECK(site.stack.ssh({"echo fait"}).status == 0);
    site.stack.wait_until_sealed(1);
    site.await("timestamp.unavailable", 1);
    CHECK(contains(site.doctor(), "1 en attente"));
    CHECK(contains(site.doctor(), "E-HDT-01"));
    // Lying: refused, told, and the request stays. Across a restart too.
    site.answer("wrong_digest");
    site.start_authority();
    site.await("timestamp.refused", 1);
    CHECK(contains(json::serialize(site.stack.events("timestamp.refused")), "E-HDT-05"));
    CHECK(contains(site.doctor(), "1 en attente"));
    CHECK(site.stack.ssh({"echo encore"}).status == 0);
    site.stack.wait_until_sealed(2);
    site.answer("good");
    site.restart();
    site.await("timestamp.obtained", 2);
    CHECK(contains(site.doctor(), "chaque sceau a son jeton"));
    CHECK(people.as("c.leroy", {"window", "close", window.id, "--reason", "fini"}).exit == 0);
    site.stack.check_evidence();

    // The head of the next day comes after all of it, and stands for the journal in the pack.
    site.answer("tomorrow");
    site.restart("+24h");
    for (auto const* const who : {"r.amrani", "c.leroy"})
        people.login(who);
    site.await("timestamp.obtained", 3);
    std::string sessions;
    std::string first;
    for (auto const& row : site.stack.sessions()) {
        first = row.as_object().at("session").as_string();
        sessions += (sessions.empty() ? "" : ",") + first;
    }
    auto const made = people.sign(
        "r.amrani",
        {"evidence", "export", sessions, "--output", site.stack.path("p.tar"), "--reason", "audit"}
    );
    INFO(made.out << made.err);
    REQUIRE(made.exit == 0);
    auto const folder = site.stack.path("dossier");
    fs::create_directory(folder);
    REQUIRE(
        run({"tar", "-xf", site.stack.path("p.tar"), "-C", folder, "--strip-components=1"})
            .status == 0
    );
    auto const verify = [&](std::vector<std::string> const& more = {}) {
        std::vector<std::string> words{"env", "-i", "PATH=/usr/bin:/bin", "sh"};
        words.push_back(folder + "/verifier.sh");
        words.insert(words.end(), more.begin(), more.end());
        words.push_back(folder);
        return run(words);
    };
    auto const good = verify({"-t", site.tsa + "/ca.pem"});
    INFO(good.out << good.err);
    CHECK(good.status == 0);
    CHECK(contains(good.out, "sessions/" + first + "/seal.json : horodaté le "));
    CHECK(contains(good.out, "journal, jusqu'au n° "));
    CHECK_FALSE(contains(good.out, "(-t)"));
    CHECK(contains(verify().out, "L'autorité d'horodatage n'a pas été comparée"));
    auto const stranger = verify({"-t", site.tsa + "/other-ca.pem"});
    CHECK(stranger.status == 7);
    CHECK(contains(stranger.out, "ALTÉRÉ. horodatages/" + first + ".tst"));

    // The same by hand, and by our own verifier.
    auto const token = folder + "/horodatages/" + first + ".tst";
    auto const seal = folder + "/sessions/" + first + "/seal.json";
    std::vector<std::string> const by_hand{
        "openssl",
        "ts",
        "-verify",
        "-token_in",
        "-in",
        token,
        "-data",
        seal,
        "-CAfile",
        site.tsa + "/ca.pem"};
    CHECK(run(by_hand).status == 0);
    std::vector<std::string> const ours{
        ECLUSE_VERIFY_PROGRAM,
        folder + "/sessions/" + first,
        "--timestamp",
        token,
        "--timestamp-authority",
        site.tsa + "/ca.pem"};
    auto const judged = run(ours);
    INFO(judged.out << judged.err);
    CHECK(judged.status == 0);
    CHECK(contains(judged.out, "horodaté"));

    // One flipped byte of the token is named, by the list and by the token itself.
    auto bytes = must(read_file(token, 1 << 20));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    fs::permissions(token, fs::perms::owner_all);
    std::ofstream{token, std::ios::binary | std::ios::trunc} << bytes;
    auto const flipped = verify();
    INFO(flipped.out);
    CHECK(flipped.status == 7);
    CHECK(contains(flipped.out, "horodatages/" + first + ".tst : ce fichier n'est pas celui"));
    CHECK(contains(flipped.out, "horodatages/" + first + ".tst : ce jeton n'horodate pas"));
    auto const found = run(ours);
    CHECK(found.status == 7);
    CHECK(contains(found.out, first + ".tst"));
}
