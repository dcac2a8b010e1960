#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

using namespace ecluse;
using namespace ecluse::test;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// Resident memory of a process, in KiB.
std::uint64_t resident_kib(int pid)
{
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    std::string word;
    while (status >> word)
        if (word == "VmRSS:") {
            std::uint64_t kib = 0;
            status >> kib;
            return kib;
        }
    return 0;
}

} // namespace

TEST_CASE(
    "a target whose key changed is refused until it is pinned again, one that is down is named",
    "[WEB:GP2]"
)
{
    FullStack stack;
    auto& people = stack.people();
    stack.open_window();
    CHECK(stack.ssh({"echo avant"}).out == "avant\n");
    stack.change_target_key();
    auto const changed = stack.ssh({"echo jamais"});
    CHECK(changed.out.empty());
    CHECK(changed.status == 77);
    CHECK(contains(changed.err, "E-CIB-03"));
    REQUIRE(
        people
            .as("c.leroy",
                {"asset",
                 "pin",
                 "irm-1",
                 "--key",
                 stack.path("target_key.pub"),
                 "--fingerprint",
                 stack.target_fingerprint()})
            .exit == 0
    );
    CHECK(stack.ssh({"echo ensuite"}).out == "ensuite\n");
    stack.stop_target();
    auto const down = stack.ssh({"echo jamais"});
    CHECK(down.status == 77);
    CHECK(contains(down.err, "E-CIB-02"));
    stack.check_evidence();
}

TEST_CASE("giant terminals, binary output, long commands and hostile names do no harm", "[CHM:8.5]")
{
    FullStack stack;
    stack.open_window();
    FullStack::Client first;
    first.options = {
        "-o",
        "ControlMaster=auto",
        "-o",
        "ControlPath=" + stack.path("master"),
        "-o",
        "ControlPersist=60"};
    auto shared = first;
    shared.code = "";
    auto const kept = stack.path("binary");
    auto const binary = stack.ssh({"head -c 2000000 /dev/urandom | tee " + kept}, first);
    CHECK(binary.status == 0);
    CHECK(binary.out == must(read_file(kept, 4 << 20)));

    std::string const long_text(100'000, 'a');
    CHECK(stack.ssh({"printf %s " + long_text + " | wc -c"}, shared).out == "100000\n");
    // Longer than one argument of a program may be: the target's own system cannot run it.
    CHECK(stack.ssh({": " + long_text, long_text}, shared).status != 0);
    // Names of files need not be UTF-8.
    CHECK(stack.ssh({"printf %s caf\xe9"}, shared).out == "caf\xe9");

    auto giant = stack.client_words("ssh", shared);
    std::string line = "stty rows 65535 cols 65535; exec";
    for (auto const& word : giant)
        line += " '" + word + "'";
    line += " -tt 127.0.0.1 'stty size; echo fin-$((40+2))'";
    auto const terminal = run({"script", "-qec", line, "/dev/null"}, {}, stack.askpass(""));
    INFO(terminal.out << terminal.err);
    CHECK(contains(terminal.out, "fin-42"));

    for (std::string const& name :
         {std::string{"n.belkacem+irm-1+irm-1"},
          std::string{"../../etc/passwd"},
          std::string{"\x1b[31mrouge"},
          std::string(1000, 'a'),
          std::string{"n.belkacem+$(id)"}}) {
        FullStack::Client hostile;
        hostile.code = "";
        hostile.options = {"-o", "PreferredAuthentications=publickey", "-l", name};
        CAPTURE(name);
        CHECK(stack.ssh({"true"}, hostile).status == 255);
    }
    CHECK(stack.ssh({"echo encore"}, shared).out == "encore\n");
    CHECK(
        stack
            .ssh(
                {},
                [&] {
                    auto leaving = shared;
                    leaving.options.insert(leaving.options.end(), {"-O", "exit"});
                    return leaving;
                }()
            )
            .status == 0
    );
    stack.wait_until_sealed(1);
    stack.check_evidence();
}

TEST_CASE("a target that floods a client which does not read is slowed down and can be cut")
{
    FullStack stack;
    stack.open_window();
    auto const flood = stack.start_ssh({"echo debut >&2; cat /dev/zero"});
    stack.await(*flood, std::string(1000, '\0'));
    auto const workers = stack.worker_pids();
    REQUIRE(workers.size() == 1);
    // From here on nobody reads; the other session goes on.
    CHECK(stack.ssh({"echo vite"}).out == "vite\n");
    CHECK(resident_kib(workers[0]) < 32 * 1024);
    for (auto const& row : stack.sessions())
        if (row.as_object().at("ended_at").is_null()) {
            auto const id = std::string{row.as_object().at("session").as_string()};
            CHECK(
                stack.people().as("c.leroy", {"session", "cut", id, "--reason", "essai"}).exit == 0
            );
        }
    CHECK(flood->finish().status != 0);
    stack.wait_until_sealed(2);
    stack.check_evidence();
}
