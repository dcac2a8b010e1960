#include "policies/policyd/agent.h"
#include "policies/policyd/ssh_wire.h"
#include "tests/support/must.h"

#include <catch2/generators/catch_generators.hpp>

using namespace ecluse;
using namespace ecluse::policyd;

namespace {

std::string const key_blob = ssh_text("ssh-ed25519") + ssh_text(std::string(32, 'k'));
std::string const rsa_blob = ssh_text("ssh-rsa") + ssh_text("e") + ssh_text("n");
std::string const session_id(32, 's');
std::string const failure = ssh_text(std::string(1, 5));

struct Signed {
    int count = 0;
    std::uint32_t flags = 0;
};

Agent agent_for(Signed& signatures, std::string blob = key_blob)
{
    return Agent{
        {std::move(blob), "root", {"host-key"}},
        [&signatures](std::string_view, std::uint32_t flags) -> Result<std::string> {
            ++signatures.count;
            signatures.flags = flags;
            return std::string{"signature"};
        }};
}

struct Data {
    std::string session = session_id, user = "root", service = "ssh-connection",
                method = "publickey";
    std::string algorithm = "ssh-ed25519", blob = key_blob, after = {};
    char message = 50, with_signature = 1;
};

std::string bytes_of(Data const& data)
{
    return ssh_text(data.session) + data.message + ssh_text(data.user) + ssh_text(data.service) +
           ssh_text(data.method) + data.with_signature + ssh_text(data.algorithm) +
           ssh_text(data.blob) + data.after;
}

std::string
sign_request(Data const& data, std::uint32_t flags = 0, std::string const& blob = key_blob)
{
    return ssh_text(char{13} + ssh_text(blob) + ssh_text(bytes_of(data)) + ssh_number(flags));
}

std::string const signature = ssh_text(char{14} + ssh_text("signature"));

} // namespace

TEST_CASE("the agent shows one identity and signs this user's authentication with it")
{
    Signed signatures;
    auto agent = agent_for(signatures);
    auto const identities = must(agent.feed(ssh_text(std::string(1, 11))));
    CHECK(
        identities == ssh_text(char{12} + ssh_number(1) + ssh_text(key_blob) + ssh_text("ecluse"))
    );
    CHECK(must(agent.feed(sign_request({}))) == signature);
}

TEST_CASE("the agent reads byte by byte")
{
    Signed signatures;
    auto agent = agent_for(signatures);
    std::string answers;
    for (char const c : sign_request({}))
        answers += must(agent.feed({&c, 1}));
    CHECK(answers == signature);
}

TEST_CASE("the agent signs nothing else")
{
    struct Row {
        char const* what;
        Data data;
    };
    auto const row = GENERATE(values<Row>({
        {"another user", {.user = "admin"}},
        {"another service", {.service = "ssh-userauth"}},
        {"another method", {.method = "password"}},
        {"a question instead of a signature", {.with_signature = 0}},
        {"another message", {.message = 51}},
        {"another key inside", {.blob = rsa_blob}},
        {"another algorithm", {.algorithm = "rsa-sha2-256"}},
        {"no session", {.session = ""}},
        {"a session too short", {.session = std::string(31, 's')}},
        {"a session too long", {.session = std::string(65, 's')}},
        {"something after it", {.after = "x"}},
        {"a host that is not pinned",
         {.method = "publickey-hostbound-v00@openssh.com", .after = ssh_text("other-host")}},
    }));
    CAPTURE(row.what);
    Signed signatures;
    auto agent = agent_for(signatures);
    CHECK(must(agent.feed(sign_request(row.data))) == failure);
    CHECK(signatures.count == 0);
}

TEST_CASE("the agent signs for a pinned host when the client names it")
{
    Signed signatures;
    auto agent = agent_for(signatures);
    Data const data{.method = "publickey-hostbound-v00@openssh.com", .after = ssh_text("host-key")};
    CHECK(must(agent.feed(sign_request(data))) == signature);
}

TEST_CASE("the agent gives three signatures, for one session only")
{
    Signed signatures;
    auto agent = agent_for(signatures);
    CHECK(must(agent.feed(sign_request({}))) == signature);
    CHECK(must(agent.feed(sign_request({.session = std::string(32, 'o')}))) == failure);
    CHECK(must(agent.feed(sign_request({}))) == signature);
    CHECK(must(agent.feed(sign_request({}))) == signature);
    CHECK(must(agent.feed(sign_request({}))) == failure);
    CHECK(signatures.count == Agent::signatures_max);
}

TEST_CASE("an RSA key signs with SHA-2 and never with SHA-1")
{
    Signed signatures;
    auto agent = agent_for(signatures, rsa_blob);
    CHECK(
        must(agent.feed(sign_request({.algorithm = "ssh-rsa", .blob = rsa_blob}, 0, rsa_blob))) ==
        failure
    );
    CHECK(
        must(agent.feed(sign_request({.algorithm = "rsa-sha2-256", .blob = rsa_blob}, 4, rsa_blob))
        ) == failure
    );
    CHECK(
        must(agent.feed(sign_request({.algorithm = "rsa-sha2-512", .blob = rsa_blob}, 4, rsa_blob))
        ) == signature
    );
    CHECK(signatures.flags == 4);
}

TEST_CASE("a message without bytes or beyond the limit is not an agent's client")
{
    Signed signatures;
    auto agent = agent_for(signatures);
    CHECK_FALSE(agent.feed(ssh_number(0)));
    auto other = agent_for(signatures);
    CHECK_FALSE(other.feed(ssh_number(Agent::message_bytes_max + 1)));
    auto third = agent_for(signatures);
    CHECK(must(third.feed(ssh_text(std::string(1, 27)))) == failure);
}
