#include "common/bytes.h"
#include "tests/support/gateway_rig.h"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <sstream>

using namespace ecluse;
using namespace ecluse::test;

namespace {

std::string slurp(std::string const& path)
{
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void fill(std::string const& path, std::size_t bytes)
{
    auto const block = random_bytes(65536);
    std::ofstream file{path, std::ios::binary};
    for (std::size_t done = 0; done < bytes; done += block.size())
        file.write(
            block.data(), static_cast<std::streamsize>(std::min(block.size(), bytes - done))
        );
}

std::vector<std::string>
client(GatewayRig const& rig, std::string const& program, std::vector<std::string> const& more)
{
    std::vector<std::string> words{program};
    auto const options = rig.client_options();
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"-P", rig.port()});
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

std::string const there = "alice+cible-1@127.0.0.1:";

std::string text_at(boost::json::object const& object, std::string_view name)
{
    auto const& value = object.at(name);
    return value.is_string() ? std::string{value.get_string()} : "(not a text)";
}

/// The transfer event of this direction, checked against the file.
void check_transfer(
    GatewayRig& rig, std::string_view protocol, std::string_view direction, std::string const& path
)
{
    REQUIRE(rig.policy().wait_for("ended"));
    std::vector<boost::json::object> found;
    for (auto const& event : rig.policy().events("transfer"))
        if (text_at(event, "direction") == direction) found.push_back(event);
    REQUIRE(found.size() == 1);
    INFO(boost::json::serialize(found[0]));
    auto const content = slurp(path);
    CHECK(text_at(found[0], "protocol") == protocol);
    CHECK(found[0].at("complete").as_bool());
    if (protocol == "rsync") return;
    CHECK(found[0].at("bytes").to_number<std::uint64_t>() == content.size());
    CHECK(text_at(found[0], "sha256") == to_hex(sha256(content)));
    CHECK(text_at(found[0], "name").find("copy") != std::string::npos);
}

} // namespace

TEST_CASE(
    "files go both ways by sftp, scp, old scp and rsync, named and hashed", "[CLAUSIER:O-9.9]"
)
{
    GatewayRig rig;
    auto const file = rig.path("copy.bin");
    auto const remote = rig.path("remote-copy.bin");
    fill(file, 3 * 1024 * 1024 + 17);
    struct Row {
        std::string protocol;
        std::vector<std::string> up;
        std::vector<std::string> down;
    };
    auto const back = rig.path("back-copy.bin");
    std::string shell = "ssh";
    for (auto const& option : rig.client_options())
        shell += " " + option;
    shell += " -p " + rig.port();
    std::vector<Row> const rows{
        {"sftp",
         client(rig, "scp", {file, there + remote}),
         client(rig, "scp", {there + remote, back})},
        {"scp",
         client(rig, "scp", {"-O", file, there + remote}),
         client(rig, "scp", {"-O", there + remote, back})},
        {"rsync",
         {"rsync", "-e", shell, file, there + remote},
         {"rsync", "-I", "-W", "-e", shell, there + remote, back}},
    };
    for (auto const& row : rows) {
        INFO(row.protocol);
        ::unlink(remote.c_str());
        ::unlink(back.c_str());
        rig.policy().forget();
        auto const up = run(row.up, {}, rig.environment());
        INFO(up.err);
        REQUIRE(up.status == 0);
        CHECK(slurp(remote) == slurp(file));
        check_transfer(rig, row.protocol, "up", file);
        // File contents never go into the record.
        std::size_t recorded = 0;
        for (auto const& frame : rig.policy().frames())
            recorded += frame.payload.size();
        CHECK(recorded < 20'000);
        rig.policy().forget();
        auto const down = run(row.down, {}, rig.environment());
        INFO(down.err);
        REQUIRE(down.status == 0);
        CHECK(slurp(back) == slurp(file));
        check_transfer(rig, row.protocol, "down", file);
    }
}

TEST_CASE("a window without file transfer refuses each way in", "[CLAUSIER:O-3.3]")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.functions = {"exec", "sftp_down"}; });
    auto const file = rig.path("copy.bin");
    fill(file, 100'000);
    auto const batch = rig.path("batch");
    std::ofstream{batch} << "put " << file << " " << rig.path("stolen") << "\n";
    auto const put =
        run(client(rig, "sftp", {"-o", "BatchMode=no", "-b", batch, "alice+cible-1@127.0.0.1"}),
            {},
            rig.environment());
    CHECK(put.status != 0);
    CHECK(put.err.find("Permission denied") != std::string::npos);
    CHECK(slurp(rig.path("stolen")).empty());
    REQUIRE(rig.policy().wait_for("ended"));
    auto const refused = rig.policy().events("function_refused");
    REQUIRE(!refused.empty());
    CHECK(text_at(refused[0], "what") == "sftp_up");

    std::ofstream{batch} << "rm " << file << "\nrename " << file << " " << file << "2\n";
    auto const removed =
        run(client(rig, "sftp", {"-o", "BatchMode=no", "-b", batch, "alice+cible-1@127.0.0.1"}),
            {},
            rig.environment());
    CHECK(removed.status != 0);
    CHECK(slurp(file).size() == 100'000);
}

TEST_CASE("file operations by sftp are told with their outcome")
{
    GatewayRig rig;
    auto const file = rig.path("copy.bin");
    fill(file, 1000);
    auto const batch = rig.path("batch");
    std::ofstream{batch} << "mkdir " << rig.path("d") << "\nrename " << file << " "
                         << rig.path("d/x") << "\nrm " << rig.path("d/x") << "\nrmdir "
                         << rig.path("d") << "\n-rm " << rig.path("absent") << "\n";
    auto const done =
        run(client(rig, "sftp", {"-o", "BatchMode=no", "-b", batch, "alice+cible-1@127.0.0.1"}),
            {},
            rig.environment());
    INFO(done.err);
    CHECK(done.status == 0);
    REQUIRE(rig.policy().wait_for("ended"));
    std::vector<std::string> operations;
    for (auto const& event : rig.policy().events("file"))
        operations.push_back(
            text_at(event, "operation") + " " + std::to_string(event.at("outcome").to_number<int>())
        );
    // OpenSSH looks before it removes what is absent, so that never becomes a request.
    CHECK(
        operations ==
        std::vector<std::string>{"mkdir 0", "rename 0", "remove 0", "rmdir 0", "remove 2"}
    );
}

TEST_CASE("fifty megabytes both ways survive key exchanges every megabyte")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.rekey_bytes = 4 * 1024 * 1024; });
    auto const file = rig.path("copy.bin");
    fill(file, 50 * 1024 * 1024);
    auto const remote = rig.path("remote-copy.bin");
    for (auto const* const cipher : {"aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
        rig.policy().forget();
        std::vector<std::string> const more{"-o", "RekeyLimit=1M", "-c", cipher};
        auto const shell = rig.start_ssh({"cat"}, more);
        std::thread writer{[&] {
            shell->write(slurp(file));
            shell->close_input();
        }};
        auto const echoed = shell->finish(std::chrono::seconds{60});
        writer.join();
        INFO(cipher << echoed.err.substr(0, 2000));
        CHECK(!echoed.timed_out);
        CHECK(echoed.status == 0);
        CHECK(sha256(echoed.out) == sha256(slurp(file)));
        REQUIRE(rig.policy().wait_for("ended"));
        auto const transfers = rig.policy().events("transfer");
        REQUIRE(transfers.size() == 2);
        for (auto const& event : transfers)
            CHECK(text_at(event, "sha256") == to_hex(sha256(slurp(file))));
        auto words = client(rig, "scp", more);
        words.insert(words.end(), {file, there + remote});
        auto const up = run(words, {}, rig.environment(), std::chrono::seconds{60});
        CHECK(up.status == 0);
        CHECK(sha256(slurp(remote)) == sha256(slurp(file)));
    }
}

TEST_CASE("bulk data of a command ends where the window grants no transfer")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) {
        script.functions = {"exec"};
        script.exec_budget_bytes = 1024 * 1024;
    });
    auto const done = rig.ssh({"head -c 20000000 /dev/zero"});
    CHECK(done.status == 77);
    CHECK(done.out.size() < 4 * 1024 * 1024);
    CHECK(done.err.find("E-FON-01") != std::string::npos);
    REQUIRE(rig.policy().wait_for("ended"));
    // INVARIANT: what was delivered was recorded.
    CHECK(rig.policy().recorded('b').size() >= done.out.size());
}
