#include "common/fd.h"
#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <cstring>
#include <filesystem>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace ecluse;
using namespace ecluse::test;
namespace fs = std::filesystem;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// Where the system's log would listen.
class SystemLog {
public:
    explicit SystemLog(std::string const& path)
        : fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_un place{};
        place.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof place.sun_path);
        std::memcpy(place.sun_path, path.c_str(), path.size() + 1);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
    }
    /// Waits for the next line.
    [[nodiscard]] std::string next() const
    {
        pollfd ready{fd_.get(), POLLIN, 0};
        REQUIRE(::poll(&ready, 1, 10'000) == 1);
        char text[1024];
        auto const got = ::recv(fd_.get(), text, sizeof text, 0);
        REQUIRE(got > 0);
        return {text, static_cast<std::size_t>(got)};
    }

private:
    Fd fd_;
};

/// A gateway with a witness on what stands for another disk.
struct Witnessed {
    FullStack stack;
    OperatorRig& people = stack.people();
    std::string disk = stack.path("autre-disque");
    SystemLog log{stack.path("log.sock")};

    Witnessed()
    {
        fs::create_directory(disk);
        fs::create_directories(stack.path("etc/ecluse.toml.d"));
        people.write(
            "etc/ecluse.toml.d/temoin.toml",
            "[witness]\nfolder = \"" + disk + "\"\nsyslog = \"" + stack.path("log.sock") + "\"\n"
        );
        restart();
    }
    void restart()
    {
        stack.reunite([&] { people.restart_policyd(); });
        // It leaves with the policyd it spoke to; systemd would start it again.
        stack.kill_listener();
        stack.start_listener();
    }
    [[nodiscard]] std::string heads() const
    {
        return must(read_file(disk + "/heads.log", 1 << 20));
    }
    [[nodiscard]] std::string last_head() const
    {
        auto const all = heads();
        auto const end = all.rfind('\n', all.size() - 2);
        return all.substr(end == all.npos ? 0 : end + 1);
    }
    void save(std::string const& to) const
    {
        for (auto const* const folder : {"state", "journal"})
            fs::copy(stack.path(folder), to + "/" + folder, fs::copy_options::recursive);
    }
    void restore(std::string const& from) const
    {
        for (auto const* const folder : {"state", "journal"}) {
            fs::remove_all(stack.path(folder));
            fs::copy(from + "/" + folder, stack.path(folder), fs::copy_options::recursive);
            fs::permissions(stack.path(folder), fs::perms::owner_all);
        }
    }
    [[nodiscard]] std::string doctor(std::string const& who)
    {
        return people.as(who, {"doctor"}).out;
    }
    /// The worker of this connection tells what the door says.
    Outcome try_ssh() { return stack.ssh({"echo fait-$((40+2))"}); }
};

} // namespace

TEST_CASE(
    "a state put back whole lets no vendor in until the RSSI answers for it",
    "[WEB:TR3][CLAUSIER:O-12.2.5.3]"
)
{
    Witnessed site;
    auto& people = site.people;
    site.stack.open_window();
    CHECK(contains(site.doctor("c.leroy"), "écrit et comparé"));

    auto const copy = site.stack.path("copie");
    fs::create_directory(copy);
    people.stop_policyd();
    site.save(copy);
    site.restart();
    CHECK(contains(site.try_ssh().out, "fait-42"));
    site.stack.wait_until_sealed(1);
    people.stop_policyd();
    auto const known = site.last_head();
    auto const heads_before = site.heads();

    // Journal and database come from one day: only what is outside knows better.
    site.restore(copy);
    site.restart();
    CHECK(site.heads() == heads_before); // the next start must see it again
    auto const refused = site.try_ssh();
    CHECK_FALSE(contains(refused.out, "fait-42"));
    CHECK(contains(refused.out + refused.err, "E-TEM-01"));
    CHECK(contains(refused.out + refused.err, "état ancien"));
    for (auto const* const who : {"c.leroy", "r.amrani"})
        CHECK(contains(site.doctor(who), "aucune session de titulaire"));
    auto const explained = people.as(
        "c.leroy", {"explain", "--person", "n.belkacem", "--from", "127.0.0.2", "--asset", "irm-1"}
    );
    CHECK(contains(explained.out, "E-TEM-01"));
    REQUIRE(site.stack.events("anomaly.rollback").size() == 1);

    site.restart();
    CHECK(contains(site.try_ssh().err, "E-TEM-01"));

    std::vector<std::string> const words{
        "journal", "acknowledge", "--reason", "sauvegarde du 20 novembre, incident 812"};
    CHECK(people.sign("c.leroy", words).code() == "E-DRT-01");
    CHECK(people.as("r.amrani", words).exit != 0); // two factors, again
    CHECK(contains(site.try_ssh().err, "E-TEM-01"));
    auto const done = people.sign("r.amrani", words);
    INFO(done.out << done.err);
    REQUIRE(done.exit == 0);
    CHECK(people.sign("r.amrani", words).code() == "E-ETA-01"); // nothing left to answer for

    CHECK(contains(site.try_ssh().out, "fait-42"));
    CHECK(contains(site.doctor("r.amrani"), "écrit et comparé"));
    auto const events = site.stack.events("anomaly.rollback");
    REQUIRE(!events.empty());
    auto const told = json::serialize(events);
    CHECK(contains(told, "incident 812"));
    CHECK(contains(told, known.substr(0, known.find('\n'))));
    CHECK(contains(told, "file_sequence"));
    site.stack.check_evidence();
    CHECK(site.heads().starts_with(heads_before)); // append only

    // The history that goes on is the one that is compared from now on.
    site.restart();
    CHECK(contains(site.try_ssh().out, "fait-42"));
}

TEST_CASE("a witness that is away is said and stops nobody; one that is lost is answered for")
{
    Witnessed site;
    auto& people = site.people;
    site.stack.open_window();
    CHECK(contains(site.try_ssh().out, "fait-42"));
    site.stack.wait_until_sealed(1);

    // The same head went to the system's log.
    people.stop_policyd();
    auto const last = site.last_head();
    std::string seen;
    do {
        seen = site.log.next();
        INFO(seen);
        REQUIRE(seen.starts_with("<38>ecluse-policyd: journal head J-"));
    } while (!contains(seen, last.substr(0, last.rfind(' '))));

    // An unmounted disk: its folder is empty. Nothing is begun in there.
    fs::rename(site.disk + "/heads.log", site.stack.path("heads.aside"));
    site.restart();
    CHECK(contains(site.doctor("r.amrani"), "sa liste n’est plus"));
    CHECK(contains(site.try_ssh().out, "fait-42"));
    site.stack.wait_until_sealed(2);
    CHECK_FALSE(fs::exists(site.disk + "/heads.log"));
    // Mounted again.
    people.stop_policyd();
    fs::rename(site.stack.path("heads.aside"), site.disk + "/heads.log");
    site.restart();
    CHECK(contains(site.doctor("r.amrani"), "écrit et comparé"));
    // Gone altogether.
    people.stop_policyd();
    fs::remove_all(site.disk);
    site.restart();
    CHECK(contains(site.doctor("r.amrani"), "injoignable"));
    CHECK(contains(site.try_ssh().out, "fait-42"));
    // Another disk: the RSSI says that its list begins here.
    people.stop_policyd();
    fs::create_directory(site.disk);
    site.restart();
    CHECK(contains(site.doctor("r.amrani"), "sa liste n’est plus"));
    auto const begun =
        people.sign("r.amrani", {"journal", "acknowledge", "--reason", "disque remplacé"});
    INFO(begun.out << begun.err);
    REQUIRE(begun.exit == 0);
    CHECK(contains(site.doctor("r.amrani"), "écrit et comparé"));
    people.stop_policyd();
    CHECK(fs::exists(site.disk + "/heads.log"));
}
