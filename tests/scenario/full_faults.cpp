#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <filesystem>
#include <sys/mount.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// Everything works again.
void check_session(FullStack& stack)
{
    auto const done = stack.ssh({"echo de-retour"});
    INFO(done.err << stack.people().log("policyd"));
    CHECK(done.out == "de-retour\n");
}

} // namespace

TEST_CASE("kill -9 of a worker ends its session and no other", "[CHM:8.5]")
{
    FullStack stack;
    stack.add_technician("t.garnier");
    stack.open_window(10min, "t.garnier");
    stack.open_window();
    auto const victim = stack.live_shell();
    auto const workers = stack.worker_pids();
    REQUIRE(workers.size() == 1);
    FullStack::Client other;
    other.login = "t.garnier";
    auto const undisturbed = stack.live_shell(other);
    REQUIRE(::kill(workers[0], SIGKILL) == 0);
    CHECK(victim->finish().status == 255);
    undisturbed->write("echo toujours-$((40+2)); exit 4\r");
    CHECK(undisturbed->finish().status == 4);
    stack.wait_until_sealed(2);
    CHECK(stack.end_reasons() == std::vector<std::string>{"client_left", "worker_lost"});
    stack.check_evidence();
}

TEST_CASE("kill -9 of the recorder ends the session; what it had kept verifies", "[CHM:8.5]")
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    stack.people().kill_recorder();
    shell->write("echo perdu\r");
    auto const cut = shell->finish();
    CHECK(contains(cut.out, "E-ENR-01"));
    auto const refused = stack.ssh({"true"});
    INFO(refused.err);
    CHECK(refused.status == 77);
    CHECK(contains(refused.err, "E-ENR-01"));
    stack.reunite([&] { stack.people().start_recorder(); });
    stack.wait_until_sealed(1);
    check_session(stack);
    stack.wait_until_sealed(2);
    stack.check_evidence();
}

TEST_CASE("a recorder that is stopped ends the session", "[CHM:8.5]")
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    REQUIRE(::kill(stack.people().recorder_pid(), SIGSTOP) == 0);
    shell->write("echo perdu\r");
    auto const cut = shell->finish();
    CHECK(contains(cut.out, "E-ENR-01"));
    REQUIRE(::kill(stack.people().recorder_pid(), SIGCONT) == 0);
    stack.wait_until_sealed(1);
    check_session(stack);
    stack.wait_until_sealed(2);
    stack.check_evidence();
}

TEST_CASE("kill -9 of policyd ends the sessions, and after its return everything is sealed")
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    stack.people().kill_policyd();
    auto const cut = shell->finish();
    CHECK(contains(cut.out, "Session fermée"));
    stack.kill_listener();
    stack.reunite([&] { stack.people().restart_policyd(); });
    stack.start_listener();
    stack.wait_until_sealed(1);
    CHECK(stack.end_reasons() == std::vector<std::string>{"policyd_lost"});
    check_session(stack);
    stack.wait_until_sealed(2);
    stack.check_evidence();
}

TEST_CASE("policyd stopped in order ends the sessions in order")
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    stack.reunite([&] { stack.people().restart_policyd(); });
    auto const cut = shell->finish();
    CHECK(contains(cut.out, "Arrêt du service"));
    CHECK(contains(cut.out, "(E-SYS-03)"));
    stack.kill_listener();
    stack.start_listener();
    stack.wait_until_sealed(1);
    CHECK(stack.end_reasons() == std::vector<std::string>{"shutdown"});
    check_session(stack);
    stack.wait_until_sealed(2);
    stack.check_evidence();
}

TEST_CASE("kill -9 of the listener closes the door, and a new one opens it")
{
    FullStack stack;
    stack.open_window();
    auto const shell = stack.live_shell();
    stack.kill_listener();
    shell->write("exit 6\r");
    auto const left = shell->finish();
    INFO(left.out << left.err);
    CHECK((left.status == 6 || left.status == 255));
    CHECK(stack.ssh({"true"}).status == 255);
    stack.wait_until_sealed(1);
    stack.start_listener();
    check_session(stack);
    stack.wait_until_sealed(2);
    stack.check_evidence();
}

TEST_CASE("a disk that fills ends the session, and nothing that was kept is lost", "[CHM:8.5]")
{
    FullStack stack;
    auto& people = stack.people();
    auto const disk = stack.path("recordings");
    people.kill_recorder();
    std::filesystem::remove_all(disk);
    std::filesystem::create_directories(disk);
    if (::mount("ecluse-test", disk.c_str(), "tmpfs", 0, "size=12m,mode=0700") != 0)
        SKIP("mounting a small file system needs privileges");
    struct Unmount {
        std::string path;
        ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
    } const unmount{disk};
    stack.reunite([&] {
        people.start_recorder(
            {"--warn-bytes",
             "0",
             "--refuse-bytes",
             "0",
             "--end-bytes",
             "0",
             "--reserve-bytes",
             "1048576"}
        );
    });
    stack.open_window();
    // On a terminal, where everything that is shown is kept.
    FullStack::Client client;
    client.options = {"-tt"};
    auto const flood = stack.ssh({"base64 /dev/urandom"}, client);
    INFO(flood.err << people.log("policyd") << people.log("recorder"));
    CHECK_FALSE(flood.timed_out);
    CHECK(flood.out.size() > 1024 * 1024);
    CHECK(contains(flood.out, "E-ENR-01"));
    stack.wait_until_sealed(1);
    stack.check_evidence();
}

TEST_CASE("policyd does not start on a key or a database that is not its own, and says so")
{
    OperatorRig rig;
    rig.people();
    rig.kill_policyd();
    auto const master = must(read_file(rig.root() + "/etc/master.key", 4096));
    auto const database = must(read_file(rig.root() + "/state/ecluse.db", 64 << 20));
    struct Row {
        char const* file;
        std::string content;
        char const* code;
    };
    auto other = master;
    other[0] = other[0] == '0' ? '1' : '0';
    auto torn = database;
    for (std::size_t at = 4096; at < torn.size(); at += 4096)
        torn[at] = static_cast<char>(~torn[at]);
    std::vector<Row> const rows{
        {"etc/master.key", "", "E-DEM-03"},
        {"etc/master.key", other, "E-DEM-06"},
        {"state/ecluse.db", database.substr(0, database.size() / 2), "E-DEM-05"},
        {"state/ecluse.db", torn, "E-DEM-05"}};
    auto const start = [&] {
        return run({ECLUSE_POLICYD_PROGRAM, "--root", rig.root()}, {}, {}, std::chrono::seconds{5});
    };
    for (auto const& row : rows) {
        CAPTURE(row.file, row.content.size());
        must(write_file_durably(rig.root() + "/etc/master.key", master, 0400));
        std::filesystem::remove(rig.root() + "/state/ecluse.db-wal");
        std::filesystem::remove(rig.root() + "/state/ecluse.db-shm");
        must(write_file_durably(rig.root() + "/state/ecluse.db", database, 0600));
        auto const path = rig.root() + "/" + row.file;
        must(write_file_durably(path, row.content, contains(row.file, "key") ? 0400 : 0600));
        auto const done = start();
        INFO(done.err);
        CHECK_FALSE(done.timed_out);
        CHECK(done.status == 1);
        CHECK(contains(done.err, row.code));
    }
}
