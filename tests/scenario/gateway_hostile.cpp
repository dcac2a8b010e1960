#include "gateway/ssh/handle.h"
#include "tests/support/gateway_rig.h"

#include <catch2/catch_test_macros.hpp>

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

} // namespace

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
