#include "common/bytes.h"
#include "common/helper_program.h"
#include "common/json.h"
#include "common/time.h"
#include "recorder/timestamp/timestamp.h"
#include "tests/support/gateway_rig.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace ecluse;
using namespace ecluse::test;
using namespace std::chrono_literals;

namespace {

constexpr char const* environment = "ECLUSE_FAKETIME=" ECLUSE_FAKETIME;

/// The authority that the tests bring, on a port of loopback.
class Authority {
public:
    explicit Authority(std::string const& folder, bool tls = false) : folder_{folder}
    {
        std::vector<std::string> words{"python3", "-B", ECLUSE_AUTHORITY, folder, "0"};
        if (tls) words.emplace_back("--tls");
        program_ = std::make_unique<Program>(Program::Options{words, {environment}, false, true});
        REQUIRE(program_->wait_for_output("\n", 60s));
        port_ = static_cast<std::uint16_t>(std::stoi(program_->out()));
    }
    void set(std::string const& mode) const { std::ofstream{folder_ + "/mode"} << mode; }
    [[nodiscard]] Fd connect() const
    {
        Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_port = htons(port_);
        place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
        return fd;
    }
    [[nodiscard]] std::string file(std::string const& name) const
    {
        return must(read_file(folder_ + "/" + name, 65536));
    }

private:
    std::string folder_;
    std::unique_ptr<Program> program_;
    std::uint16_t port_ = 0;
};

struct Question {
    std::string digest = to_hex(sha256("le sceau"));
    std::string policy = {}, host = "localhost";
    bool tls = false;
    std::string believed = "ca.pem", tls_believed = "ca.pem";
};

/// What the real program answers, as policyd would ask it.
json::object ask(Authority const& authority, Question const& question = {})
{
    auto const program = must(HelperProgram::start("ecluse-timestamp"));
    auto const socket = authority.connect();
    auto const believed = must(memory_file("ca", authority.file(question.believed)));
    auto const tls = must(memory_file("ca", authority.file(question.tls_believed)));
    must(program.socket().send(
        json::object{
            {"do", "timestamp"},
            {"digest", question.digest},
            {"policy", question.policy},
            {"now", to_seconds(utc_now()).time_since_epoch().count()},
            {"host", question.host},
            {"path", "/tsr"},
            {"tls", question.tls},
            {"timeout_s", 3}},
        {socket.get(), believed.get(), tls.get()}
    ));
    auto const packet = must(program.socket().receive(30s));
    REQUIRE(packet);
    return must(parse_object(packet->json));
}

std::string code_of(json::object const& answer)
{
    INFO(json::serialize(answer));
    if (answer.at("ok").as_bool()) return "token";
    return std::string{answer.at("code").as_string()};
}

} // namespace

TEST_CASE(
    "a timestamp authority that answers well is believed, and each lie is refused by its name",
    "[WEB:TR3]"
)
{
    TempFolder folder;
    Authority const authority{folder / "tsa"};
    auto const answer = ask(authority);
    REQUIRE(code_of(answer) == "token");
    auto const token = must(from_base64(std::string{answer.at("token").as_string()}));

    struct Row {
        char const* mode;
        char const* code;
    };
    for (auto const& row : std::vector<Row>{
             {"wrong_digest", "E-HDT-05"},
             {"wrong_nonce", "E-HDT-06"},
             {"no_nonce", "E-HDT-06"},
             {"untrusted", "E-HDT-04"},
             {"wrong_usage", "E-HDT-04"},
             {"flipped", "E-HDT-04"},
             {"no_certificate", "E-HDT-04"},
             {"wrong_time", "E-HDT-08"},
             {"refused", "E-HDT-02"},
             {"malformed", "E-HDT-03"},
             {"page", "E-HDT-01"},
             {"not_found", "E-HDT-01"},
             {"huge", "E-HDT-01"},
             {"silent", "E-HDT-01"}}) {
        CAPTURE(row.mode);
        authority.set(row.mode);
        CHECK(code_of(ask(authority)) == row.code);
    }
    authority.set("good");
    Question asked;
    asked.policy = "1.2.3.4.5";
    CHECK(code_of(ask(authority, asked)) == "token");
    asked.policy = "1.2.3.4.9"; // not one of its own
    CHECK(code_of(ask(authority, asked)) == "E-HDT-02");
    authority.set("wrong_nonce"); // and it answers with another policy
    CHECK(code_of(ask(authority, asked)) == "E-HDT-07");

    // The token, later, by our own verifier.
    auto const digest = sha256("le sceau");
    auto const judge = [&](std::string_view bytes, std::string const& of) {
        auto const outcome = timestamp::check_token(bytes, of, authority.file("ca.pem"));
        auto const* const refused = std::get_if<timestamp::Refused>(&outcome);
        return refused ? std::string{timestamp::code(refused->fault)} : "token";
    };
    CHECK(judge(token, digest) == "token");
    CHECK(judge(token, sha256("un autre")) == "E-HDT-05");
    auto const stranger = timestamp::check_token(token, digest, authority.file("other-ca.pem"));
    CHECK(std::holds_alternative<timestamp::Refused>(stranger));
    // One bit of any byte. A few are outside of what is signed (the list of digests before the
    // certificates): they change nothing of what it says.
    auto const original =
        std::get<timestamp::Token>(timestamp::check_token(token, digest, authority.file("ca.pem")));
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto flipped = token;
        flipped[i] = static_cast<char>(flipped[i] ^ 1);
        CAPTURE(i);
        auto const outcome = timestamp::check_token(flipped, digest, authority.file("ca.pem"));
        auto const* const still = std::get_if<timestamp::Token>(&outcome);
        if (still == nullptr) continue;
        ++accepted;
        CHECK(still->at == original.at);
    }
    CHECK(accepted < token.size() / 20);
}

TEST_CASE("over https the authority's name and certificate are checked before anything is asked")
{
    TempFolder folder;
    Authority const authority{folder / "tsa", true};
    Question asked;
    asked.tls = true;
    CHECK(code_of(ask(authority, asked)) == "token");
    asked.host = "127.0.0.1";
    CHECK(code_of(ask(authority, asked)) == "token");
    asked.host = "horodatage.example";
    CHECK(code_of(ask(authority, asked)) == "E-HDT-01");
    asked.host = "localhost";
    asked.tls_believed = "other-ca.pem";
    CHECK(code_of(ask(authority, asked)) == "E-HDT-01");
}
