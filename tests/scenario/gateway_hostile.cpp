#include "gateway/ssh/handle.h"
#include "gateway/ssh/wire.h"
#include "tests/support/gateway_rig.h"

#include <catch2/catch_test_macros.hpp>
#include <libssh/callbacks.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

using namespace ecluse;
using namespace ecluse::test;
using ecluse::ssh::KeyHandle;
using ecluse::ssh::SessionHandle;

namespace {

/// A client that does what OpenSSH's would not.
struct Client {
    explicit Client(GatewayRig& rig) : session{ssh_new()}
    {
        bool const no = false;
        int const port = std::stoi(rig.port());
        ssh_options_set(session.get(), SSH_OPTIONS_PROCESS_CONFIG, &no);
        ssh_options_set(session.get(), SSH_OPTIONS_SSH_DIR, rig.folder().c_str());
        long const seconds = 10;
        ssh_options_set(session.get(), SSH_OPTIONS_TIMEOUT, &seconds);
        ssh_options_set(session.get(), SSH_OPTIONS_HOST, "127.0.0.1");
        ssh_options_set(session.get(), SSH_OPTIONS_PORT, &port);
        ssh_options_set(session.get(), SSH_OPTIONS_USER, "alice+cible-1");
        REQUIRE(ssh_connect(session.get()) == SSH_OK);
        ssh_key raw = nullptr;
        REQUIRE(
            ssh_pki_import_privkey_file(
                rig.path("user").c_str(), nullptr, nullptr, nullptr, &raw
            ) == SSH_OK
        );
        key.reset(raw);
    }

    int send_key() { return ssh_userauth_publickey(session.get(), nullptr, key.get()); }
    int send_code(std::string const& code, char const* user = nullptr)
    {
        int rc = ssh_userauth_kbdint(session.get(), user, nullptr);
        for (int round = 0; rc == SSH_AUTH_INFO && round < 5; ++round) {
            if (ssh_userauth_kbdint_getnprompts(session.get()) > 0)
                ssh_userauth_kbdint_setanswer(session.get(), 0, code.c_str());
            rc = ssh_userauth_kbdint(session.get(), user, nullptr);
        }
        return rc;
    }
    void log_in()
    {
        REQUIRE(send_key() == SSH_AUTH_PARTIAL);
        REQUIRE(send_code("123456") == SSH_AUTH_SUCCESS);
    }
    /// nullptr when refused.
    ssh_channel open()
    {
        auto* const channel = ssh_channel_new(session.get());
        if (ssh_channel_open_session(channel) == SSH_OK) return channel;
        ssh_channel_free(channel);
        return nullptr;
    }

    SessionHandle session;
    KeyHandle key;
};

/// A first packet with this list of key exchanges, as it goes over the wire before any cipher.
std::string kexinit(std::string const& kex)
{
    std::string payload(1, 20);
    payload += std::string(16, 'c');
    ssh::put_text(payload, kex);
    for (int list = 0; list < 9; ++list)
        ssh::put_text(payload, list < 7 ? "none" : "");
    payload += std::string(5, '\0');
    std::string packet;
    auto const padding = 8 + 8 - (payload.size() + 5) % 8;
    ssh::put_u32(packet, static_cast<std::uint32_t>(payload.size() + padding + 1));
    return packet + static_cast<char>(padding) + payload + std::string(padding, '\0');
}

/// What the gateway offers to a client that begins like this.
std::string ciphers_offered(GatewayRig const& rig, std::string const& hello)
{
    Fd const fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    timeval const limit{5, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(std::stoi(rig.port())));
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
    std::string seen;
    char buffer[4096];
    auto const read_until = [&](auto const& enough) {
        while (!enough()) {
            auto const got = ::recv(fd.get(), buffer, sizeof buffer, 0);
            REQUIRE(got > 0);
            seen.append(buffer, static_cast<std::size_t>(got));
        }
    };
    read_until([&] { return seen.find("\r\n") != seen.npos; });
    CHECK(seen.starts_with("SSH-2.0-Ecluse\r\n"));
    REQUIRE(
        ::send(fd.get(), hello.data(), hello.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(hello.size())
    );
    seen.erase(0, seen.find("\r\n") + 2);
    read_until([&] { return seen.size() >= 4 && seen.size() >= 4 + ssh::get_u32(seen); });
    ssh::WireReader reader{std::string_view{seen}.substr(4 + 1 + 1 + 16)};
    (void)reader.text();
    (void)reader.text();
    auto const ciphers = std::string{reader.text()};
    REQUIRE(reader.good());
    CHECK(ciphers.find("aes256-gcm@openssh.com") != ciphers.npos);
    return ciphers;
}

} // namespace

TEST_CASE("what Terrapin breaks is offered only to a client with strict key exchange")
{
    GatewayRig rig;
    std::string const line = "SSH-2.0-essai\r\n";
    auto const offers_chacha = [&](std::string const& hello) {
        return ciphers_offered(rig, hello).find("chacha20") != std::string::npos;
    };
    CHECK(offers_chacha(line + kexinit("curve25519-sha256,kex-strict-c-v00@openssh.com")));
    CHECK_FALSE(offers_chacha(line + kexinit("curve25519-sha256")));
    // One that waits for our packet before its own.
    CHECK_FALSE(offers_chacha(line));
}

TEST_CASE("a factor proven for one name does not serve another")
{
    GatewayRig rig;
    Client client{rig};
    REQUIRE(client.send_key() == SSH_AUTH_PARTIAL);
    CHECK(client.send_code("123456", "bob+cible-1") != SSH_AUTH_SUCCESS);
    REQUIRE(rig.policy().wait_for("ended"));
    CHECK(rig.policy().requests("auth.finish").empty());
    CHECK(rig.dials() == 0);
}

TEST_CASE("nothing opens before both factors")
{
    GatewayRig rig;
    {
        Client client{rig};
        CHECK(client.open() == nullptr);
    }
    {
        Client client{rig};
        CHECK(ssh_userauth_none(client.session.get(), nullptr) == SSH_AUTH_DENIED);
        REQUIRE(client.send_key() == SSH_AUTH_PARTIAL);
        // The first factor again is not a second one.
        CHECK(client.send_key() == SSH_AUTH_DENIED);
        CHECK(
            ssh_userauth_password(client.session.get(), nullptr, "correct horse") == SSH_AUTH_DENIED
        );
        CHECK(client.open() == nullptr);
    }
    CHECK(rig.policy().requests("open").empty());
    CHECK(rig.dials() == 0);
}

TEST_CASE("passwords are never judged without a code")
{
    GatewayRig rig;
    Client client{rig};
    CHECK(ssh_userauth_password(client.session.get(), nullptr, "wrong") == SSH_AUTH_PARTIAL);
    CHECK(client.send_code("123456") == SSH_AUTH_DENIED);
    CHECK(
        ssh_userauth_password(client.session.get(), nullptr, "correct horse") == SSH_AUTH_PARTIAL
    );
    CHECK(client.send_code("123456") == SSH_AUTH_SUCCESS);
    CHECK(rig.policy().requests("auth.finish").size() == 2);
}

TEST_CASE("giant terminals are recorded as screens, giant commands are refused")
{
    GatewayRig rig;
    Client client{rig};
    client.log_in();
    auto* const shell = client.open();
    REQUIRE(shell);
    CHECK(ssh_channel_request_pty_size(shell, "xterm", 65535, 65535) == SSH_OK);
    CHECK(ssh_channel_request_pty_size(shell, "xterm", 80, 24) != SSH_OK);
    CHECK(ssh_channel_request_exec(shell, "stty size") == SSH_OK);
    char buffer[256];
    std::string shown;
    for (int got = 0;
         (got = ssh_channel_read_timeout(shell, buffer, sizeof buffer, 0, 10'000)) > 0;)
        shown.append(buffer, static_cast<std::size_t>(got));
    CHECK(shown.find("500 1000") != std::string::npos);
    CHECK(rig.policy().recorded('r') == "1000x500");
    auto* const command = client.open();
    REQUIRE(command);
    CHECK(ssh_channel_request_exec(command, std::string(40'000, 'x').c_str()) != SSH_OK);
    CHECK(ssh_channel_request_subsystem(command, "netconf") != SSH_OK);
    CHECK(ssh_channel_request_env(command, "LD_PRELOAD", "x") != SSH_OK);
    CHECK(ssh_channel_request_x11(command, 0, nullptr, nullptr, 0) != SSH_OK);
    // Five megabytes at once are more than a packet may hold: the end of that client alone.
    (void)ssh_channel_request_exec(command, std::string(5'000'000, 'x').c_str());
    CHECK(rig.ssh({"echo", "fine"}).out == "fine\n");
}

TEST_CASE("channels are capped, and a closed one makes room")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.channels_max = 4; });
    Client client{rig};
    client.log_in();
    std::vector<ssh_channel> open;
    for (int i = 0; i < 4; ++i) {
        open.push_back(client.open());
        REQUIRE(open.back());
    }
    CHECK(client.open() == nullptr);
    ssh_channel_close(open.back());
    ssh_channel_free(open.back());
    ssh_channel again = nullptr;
    for (int i = 0; i < 100 && !again; ++i)
        again = client.open();
    CHECK(again != nullptr);
}

TEST_CASE("a channel reset in the middle of a flood leaves the others alone")
{
    GatewayRig rig;
    Client client{rig};
    client.log_in();
    for (int round = 0; round < 10; ++round) {
        auto* const flood = client.open();
        REQUIRE(flood);
        REQUIRE(ssh_channel_request_exec(flood, "cat /dev/zero") == SSH_OK);
        char buffer[65536];
        CHECK(ssh_channel_read_timeout(flood, buffer, sizeof buffer, 0, 10'000) > 0);
        ssh_channel_close(flood);
        ssh_channel_free(flood);
    }
    auto* const last = client.open();
    REQUIRE(last);
    REQUIRE(ssh_channel_request_exec(last, "echo alive") == SSH_OK);
    char buffer[64];
    int const got = ssh_channel_read_timeout(last, buffer, sizeof buffer, 0, 10'000);
    REQUIRE(got > 0);
    CHECK(std::string(buffer, static_cast<std::size_t>(got)) == "alive\n");
}

TEST_CASE("a client that logs in and asks for nothing is shown out")
{
    GatewayRig rig;
    rig.policy().change([](auto& script) { script.first_channel_s = 1; });
    Client client{rig};
    client.log_in();
    REQUIRE(rig.policy().wait_for("ended"));
    CHECK(rig.policy().requests("ended")[0].at("reason") == "client_left");
    CHECK(rig.dials() == 0);
}

TEST_CASE("the status comes before the end of the output, also when the client's input has ended")
{
    GatewayRig rig;
    Client client{rig};
    client.log_in();
    for (int round = 0; round < 20; ++round) {
        // Told in the order in which the packets came.
        std::string order;
        ssh_channel_callbacks_struct callbacks{};
        callbacks.userdata = &order;
        callbacks.channel_eof_function = [](ssh_session, ssh_channel, void* told) {
            *static_cast<std::string*>(told) += "end ";
        };
        callbacks.channel_exit_status_function = [](ssh_session, ssh_channel, int status, void* told
                                                 ) {
            *static_cast<std::string*>(told) += "status " + std::to_string(status) + " ";
        };
        ssh_callbacks_init(&callbacks);
        auto* const channel = client.open();
        REQUIRE(channel);
        REQUIRE(ssh_set_channel_callbacks(channel, &callbacks) == SSH_OK);
        REQUIRE(ssh_channel_request_exec(channel, "cat; exit 7") == SSH_OK);
        REQUIRE(ssh_channel_send_eof(channel) == SSH_OK);
        char byte = 0;
        CHECK(ssh_channel_read_timeout(channel, &byte, 1, 0, 10'000) == 0);
        CHECK(order == "status 7 end ");
        ssh_remove_channel_callbacks(channel, &callbacks);
        ssh_channel_close(channel);
        ssh_channel_free(channel);
    }
}

TEST_CASE("a client that floods with requests and reads nothing is held back")
{
    GatewayRig rig;
    Client client{rig};
    client.log_in();
    auto* const channel = client.open();
    REQUIRE(channel);
    REQUIRE(ssh_channel_request_exec(channel, "sleep 60") == SSH_OK);
    // Each wants an answer; libssh reads none of them in between, and a full socket stops it.
    ssh_set_blocking(client.session.get(), 0);
    auto const until = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    std::string const block(32768, 'x');
    for (int i = 0; i < 200'000 && std::chrono::steady_clock::now() < until; ++i) {
        if (ssh_send_keepalive(client.session.get()) != SSH_OK) break;
        (void)ssh_channel_write(channel, block.data(), static_cast<std::uint32_t>(block.size()));
    }
    // Somebody else's session does not notice.
    CHECK(rig.ssh({"echo", "fine"}).out == "fine\n");
    auto const memory = run({"sh",
                             "-c",
                             "for p in $(cat /proc/" + std::to_string(rig.listener_pid()) +
                                 "/task/*/children); do grep VmRSS /proc/$p/status; done"})
                            .out;
    INFO(memory);
    auto const digits = memory.find_first_of("0123456789");
    REQUIRE(digits != std::string::npos);
#ifndef ECLUSE_SANITIZED // whose own memory is larger than ours
    CHECK(std::stol(memory.substr(digits)) < 40'000);
#endif
}

TEST_CASE("an agent and a Unix socket are refused and told", "[CHM:8.20]")
{
    GatewayRig rig;
    // libssh's client asks for Unix sockets only where it believes to meet OpenSSH.
    rig.policy().change([](auto& script) { script.version_string = "OpenSSH_9.9"; });
    Client client{rig};
    client.log_in();
    auto* const channel = client.open();
    REQUIRE(channel);
    REQUIRE(ssh_channel_request_auth_agent(channel) == SSH_OK);
    REQUIRE(rig.policy().wait_for("forward_refused"));
    CHECK(rig.policy().events("forward_refused")[0].at("what") == "agent");
    rig.policy().forget();
    auto* const tunnel = ssh_channel_new(client.session.get());
    CHECK(ssh_channel_open_forward_unix(tunnel, "/run/x.sock", "localhost", 0) != SSH_OK);
    REQUIRE(rig.policy().wait_for("forward_refused"));
    CHECK(rig.policy().events("forward_refused")[0].at("what") == "tunnel");
    // Neither disturbs the session.
    REQUIRE(ssh_channel_request_exec(channel, "test -z \"$SSH_AUTH_SOCK\" && echo none") == SSH_OK);
    char buffer[64];
    int const got = ssh_channel_read_timeout(channel, buffer, sizeof buffer, 0, 10'000);
    REQUIRE(got > 0);
    CHECK(std::string(buffer, static_cast<std::size_t>(got)) == "none\n");
}
