#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/packet.h"
#include "common/sandbox.h"
#include "recorder/timestamp/exchange.h"
#include "recorder/timestamp/timestamp.h"

#include <openssl/ssl.h>

#include <exception>
#include <fcntl.h>

/// ecluse-timestamp: descriptor 3 is a packet socket to policyd. One request with a socket to the
/// authority and the certificates to believe, one answer, the end. What the authority sends is read
/// here only, by a process that holds nothing else.
namespace {

using namespace ecluse;

constexpr int parent_descriptor = 3;
constexpr std::size_t certificates_bytes_max = 2 * 1024 * 1024;

struct Asked {
    std::string digest, policy;
    UtcTime now{};
    timestamp::Authority authority;
    std::string believed; // PEM of those who may sign tokens
};

Result<Asked> read_request(Packet& packet)
{
    auto const object = ECLUSE_TRY(parse_object(packet.json));
    Fields fields{object};
    Asked asked;
    if (fields.text("do", 32) != "timestamp") fields.fault("do", "unknown");
    auto const digest = fields.text("digest", 64);
    asked.policy = fields.optional_text("policy", 128).value_or("");
    asked.now = UtcTime{std::chrono::seconds{fields.number("now", 0)}};
    asked.authority.host = fields.text("host", 255);
    asked.authority.path = fields.text("path", 2048);
    asked.authority.tls = fields.flag("tls");
    asked.authority.timeout = std::chrono::seconds{fields.number("timeout_s", 1)};
    if (auto const done = fields.finish(); !done) return done.error();
    asked.digest = ECLUSE_TRY(from_hex(digest));
    if (packet.descriptors.size() != 3)
        return Error{Errc::malformed, "a socket and two files are expected"};
    asked.believed = ECLUSE_TRY(read_all(packet.descriptors[1].get(), certificates_bytes_max));
    asked.authority.tls_authorities =
        ECLUSE_TRY(read_all(packet.descriptors[2].get(), certificates_bytes_max));
    asked.authority.socket = std::move(packet.descriptors[0]);
    return asked;
}

timestamp::Outcome obtain(Asked const& asked)
{
    auto const query = timestamp::make_query(asked.digest, asked.policy);
    if (!query) return timestamp::Refused{timestamp::Fault::malformed, query.error().what};
    auto const answer = timestamp::exchange(asked.authority, query->der);
    if (!answer) return timestamp::Refused{timestamp::Fault::unavailable, answer.error().what};
    return timestamp::check_answer(*query, *answer, asked.believed, asked.now);
}

Result<> serve(PacketSocket const& parent)
{
    auto packet = ECLUSE_TRY(parent.receive());
    if (!packet) return {};
    ECLUSE_TRY(confine(ProcessRole::timestamp));
    auto const outcome = obtain(ECLUSE_TRY(read_request(*packet)));
    if (auto const* const refused = std::get_if<timestamp::Refused>(&outcome))
        return parent.send(json::object{
            {"ok", false},
            {"code", timestamp::code(refused->fault)},
            {"why", printable(refused->why)}});
    auto const& token = std::get<timestamp::Token>(outcome);
    return parent.send(json::object{
        {"ok", true}, {"token", to_base64(token.der)}, {"at", token.at.time_since_epoch().count()}}
    );
}

} // namespace

int main()
{
    set_log_name("ecluse-timestamp");
    // Before the confinement: OpenSSL looks for its configuration and providers once.
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);
    try {
        PacketSocket const parent{Fd{parent_descriptor}};
        ::fcntl(parent_descriptor, F_SETFD, FD_CLOEXEC);
        auto const done = serve(parent);
        if (done) return 0;
        log(LogLevel::error, done.error().what);
    } catch (std::exception const& fault) {
        log(LogLevel::error, fault.what());
    }
    return 1;
}
