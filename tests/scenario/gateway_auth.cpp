#include "tests/support/gateway_rig.h"

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ecluse;
using namespace ecluse::test;

namespace {

bool contains(std::string const& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// ssh without a key: password and code in the same dialogue.
Outcome with_password(
    GatewayRig& rig,
    std::vector<std::string> const& answers,
    std::vector<std::string> const& more = {},
    std::string const& destination = "alice+cible-1"
)
{
    std::vector<std::string> options{"-o", "PubkeyAuthentication=no"};
    options.insert(options.end(), more.begin(), more.end());
    auto const program = rig.start_ssh({"echo", "in"}, options, destination, answers);
    program->close_input();
    return program->finish();
}

std::string prompts(GatewayRig const& rig)
{
    return run({"sh", "-c", "cat " + rig.path("ask-*.prompts")}).out;
}

Fd raw_connection(GatewayRig const& rig)
{
    Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(rig.port())));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

/// Everything the other side says until it closes; false when it does not close in time.
bool read_to_end(int fd, std::string& all, int limit_ms = 10'000)
{
    char buffer[4096];
    for (;;) {
        pollfd waiting{fd, POLLIN, 0};
        if (::poll(&waiting, 1, limit_ms) <= 0) return false;
        auto const got = ::read(fd, buffer, sizeof buffer);
        if (got <= 0) return true;
        all.append(buffer, static_cast<std::size_t>(got));
    }
}

} // namespace

TEST_CASE("a password and a code are asked in one dialogue", "[CLAUSIER:O-5.4][CHM:5.10]")
{
    GatewayRig rig;
    auto const done = with_password(rig, {"correct horse", "123456"});
    INFO(done.err);
    CHECK(done.status == 0);
    CHECK(done.out == "in\n");
    CHECK(contains(prompts(rig), "Mot de passe"));
    CHECK(contains(prompts(rig), "Code à 6 chiffres"));
    // Pure ASCII: OpenSSH would show escapes instead.
    CHECK(!contains(done.err, "\\303"));
}

TEST_CASE("the password method is followed by the code, and judged with it")
{
    GatewayRig rig;
    auto const done = with_password(
        rig,
        {"correct horse", "123456"},
        {"-o", "PreferredAuthentications=password,keyboard-interactive"}
    );
    INFO(done.err);
    CHECK(done.status == 0);
    auto const finished = rig.policy().requests("auth.finish");
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].at("password") == "correct horse");
}

TEST_CASE("a wrong password and a wrong code look the same", "[WEB:DT2]")
{
    GatewayRig rig;
    auto const wrong_code = with_password(rig, {"correct horse", "000000"});
    auto const prompts_code = prompts(rig);
    auto const wrong_password = with_password(rig, {"incorrect", "123456"});
    auto const unknown = with_password(rig, {"correct horse", "123456"}, {}, "nobody+cible-1");
    auto const odd = with_password(rig, {"correct horse", "123456"}, {}, "alice+cible-1+root+more");
    CHECK(wrong_code.status == 255);
    CHECK(wrong_password.status == 255);
    CHECK(unknown.status == 255);
    CHECK(odd.status == 255);
    auto const last_line = [](std::string const& text) {
        auto const end = text.find("Permission denied");
        return end == std::string::npos ? text : text.substr(end);
    };
    CHECK(last_line(wrong_code.err) == last_line(wrong_password.err));
    CHECK(last_line(wrong_code.err) == last_line(unknown.err).replace(0, 0, ""));
    // Both factors were always asked for before the answer.
    for (auto const& finished : rig.policy().requests("auth.finish"))
        CHECK(finished.contains("code"));
    CHECK(rig.dials() == 0);
}

TEST_CASE("a wrong code is answered with the sentence, and the next one may be right")
{
    GatewayRig rig;
    auto const program = rig.start_ssh({"echo", "in"}, {}, "alice+cible-1", {"000000", "123456"});
    program->close_input();
    auto const done = program->finish();
    INFO(done.err);
    CHECK(done.status == 0);
    CHECK(rig.policy().requests("auth.finish").size() == 2);
    CHECK(contains(
        done.err + prompts(rig), "Identifiant ou code incorrect. Nouvel essai possible dans 0 s."
    ));
}

TEST_CASE("a key alone opens nothing", "[CLAUSIER:O-5.4][CHM:5.10]")
{
    GatewayRig rig;
    auto const program =
        rig.start_ssh({"echo", "in"}, {"-o", "PreferredAuthentications=publickey"});
    program->close_input();
    auto const done = program->finish();
    CHECK(done.status == 255);
    CHECK(done.out.empty());
    REQUIRE(rig.policy().wait_for("auth.incomplete"));
    CHECK(rig.policy().requests("auth.finish").empty());
    CHECK(rig.dials() == 0);
}

TEST_CASE("attempts are counted across the whole connection")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.attempts_max = 3; });
    auto const done = with_password(rig, {"bad", "000000"}, {"-o", "NumberOfPasswordPrompts=9"});
    CHECK(done.status == 255);
    CHECK(contains(done.err, "Trop d'essais"));
    CHECK(rig.policy().requests("auth.finish").size() == 3);
}

TEST_CASE("the wait that policyd asks for is kept before the next attempt")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.wait_s = 1; });
    auto const start = std::chrono::steady_clock::now();
    auto const program = rig.start_ssh({"echo", "in"}, {}, "alice+cible-1", {"000000", "123456"});
    program->close_input();
    auto const done = program->finish();
    CHECK(done.status == 0);
    CHECK(std::chrono::steady_clock::now() - start >= std::chrono::seconds{1});
}

TEST_CASE("a client that never authenticates is told to leave in time", "[WEB:DT2]")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.auth_timeout_s = 1; });
    auto const client = raw_connection(rig);
    std::string all;
    CHECK(read_to_end(client.get(), all));
    CHECK(all.starts_with("SSH-2.0-Ecluse\r\n"));
    CHECK(!contains(all, "libssh"));
}

TEST_CASE("garbage and giant banners end the connection without harm")
{
    GatewayRig rig;
    for (auto const& garbage :
         {std::string(200'000, 'A'),
          std::string("GET / HTTP/1.0\r\n\r\n"),
          std::string(4096, '\0'),
          std::string("SSH-2.0-x\r\n") + std::string(70'000, '\xff'),
          std::string("SSH-1.5-old\r\n")}) {
        auto const client = raw_connection(rig);
        (void)::send(client.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL);
        ::shutdown(client.get(), SHUT_WR);
        std::string all;
        CHECK(read_to_end(client.get(), all));
    }
    CHECK(rig.ssh({"echo", "fine"}).out == "fine\n");
}

TEST_CASE("PuTTY's plink opens a command with key and code")
{
    GatewayRig rig;
    auto const converted =
        run({"puttygen", rig.path("user"), "-O", "private", "-o", rig.path("user.ppk")});
    if (converted.status == 127) SKIP("puttygen is not installed");
    auto const print = run({"ssh-keygen", "-lf", rig.path("front.pub")}).out;
    auto const hash = print.substr(
        print.find("SHA256"), print.find(' ', print.find("SHA256")) - print.find("SHA256")
    );
    auto const done =
        run({"plink",
             "-ssh",
             "-P",
             rig.port(),
             "-i",
             rig.path("user.ppk"),
             "-pw",
             "123456",
             "-hostkey",
             hash,
             "-l",
             "alice+cible-1",
             "127.0.0.1",
             "echo in; exit 4"},
            "\n",
            {"HOME=" + rig.folder()});
    INFO(done.err);
    CHECK(done.out == "in\n");
    CHECK(done.status == 4);
}

TEST_CASE(
    "an undeclared address gets not one byte, and is told once", "[CLAUSIER:O-12.2.5.3][CHM:8.1]"
)
{
    GatewayRig rig;
    rig.policy().push_sources("192.0.2.0/24\n");
    // The push and a connection race; the listener reads policyd first once it has the push.
    for (int i = 0; i < 200 && rig.policy().requests("listen.dropped").empty(); ++i) {
        auto const client = raw_connection(rig);
        std::string all;
        (void)read_to_end(client.get(), all, 200);
    }
    REQUIRE(rig.policy().wait_for("listen.dropped"));
    std::size_t const connections = rig.policy().requests("listen.connection").size();
    for (int i = 0; i < 50; ++i) {
        auto const client = raw_connection(rig);
        std::string all;
        CHECK(read_to_end(client.get(), all));
        CHECK(all.empty());
    }
    CHECK(rig.policy().requests("listen.connection").size() == connections);
    CHECK(rig.policy().requests("listen.dropped").size() == 1);
    CHECK(rig.policy().requests("listen.dropped")[0].at("reason") == "undeclared");
}

TEST_CASE("the listener leaves when policyd does")
{
    GatewayRig rig;
    rig.policy().drop_listener();
    CHECK(rig.wait_for_listener().status == 1);
}
