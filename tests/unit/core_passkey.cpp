#include "common/bytes.h"
#include "common/json.h"
#include "policies/core/passkey.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

using namespace ecluse;

namespace {

constexpr char const* origin = "https://portal.valmont.example:8443";
constexpr char const* rp_id = "portal.valmont.example";

std::string url_base64(std::string_view bytes)
{
    auto text = to_base64(bytes);
    for (auto& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    while (text.ends_with('='))
        text.pop_back();
    return text;
}

/// An authenticator made of OpenSSL: the same steps as a real one, each of which a test may spoil.
struct SoftKey {
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{nullptr, &EVP_PKEY_free};
    std::string id = "credential-1";
    std::string site = rp_id;
    unsigned char flags = 0x05;
    std::uint32_t counter = 7;

    explicit SoftKey(std::string const& kind)
    {
        if (kind == "ES256") key.reset(EVP_EC_gen("P-256"));
        if (kind == "P-384") key.reset(EVP_EC_gen("P-384"));
        if (kind == "RS256") key.reset(EVP_RSA_gen(2048));
        if (kind == "RS1024") key.reset(EVP_RSA_gen(1024));
        if (kind == "EdDSA") key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
        REQUIRE(key);
    }
    [[nodiscard]] std::string public_key() const
    {
        unsigned char* der = nullptr;
        auto const size = i2d_PUBKEY(key.get(), &der);
        REQUIRE(size > 0);
        std::string bytes{reinterpret_cast<char*>(der), static_cast<std::size_t>(size)};
        OPENSSL_free(der);
        return bytes;
    }
    [[nodiscard]] std::string data(bool with_key = false) const
    {
        auto bytes = sha256(site);
        bytes += static_cast<char>(with_key ? flags | 0x40 : flags);
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes += static_cast<char>(counter >> shift & 0xff);
        if (!with_key) return bytes;
        bytes += std::string(16, '\0');
        bytes += static_cast<char>(id.size() >> 8);
        bytes += static_cast<char>(id.size() & 0xff);
        return bytes + id + "the key in COSE form, which nobody reads";
    }
    [[nodiscard]] std::string sign(std::string const& message) const
    {
        std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> const context{
            EVP_MD_CTX_new(), &EVP_MD_CTX_free};
        auto const* const hash = EVP_PKEY_is_a(key.get(), "ED25519") ? nullptr : EVP_sha256();
        REQUIRE(EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key.get()) == 1);
        std::size_t size = 4096;
        std::string signature(size, '\0');
        REQUIRE(
            EVP_DigestSign(
                context.get(),
                reinterpret_cast<unsigned char*>(signature.data()),
                &size,
                reinterpret_cast<unsigned char const*>(message.data()),
                message.size()
            ) == 1
        );
        signature.resize(size);
        return signature;
    }
    [[nodiscard]] PasskeyAssertion answer(std::string const& client_data) const
    {
        return {id, client_data, data(), sign(data() + sha256(client_data))};
    }
    [[nodiscard]] Passkey kept(std::uint32_t before = 6) const
    {
        return {public_key(), rp_id, before};
    }
};

std::string client_data(
    std::string const& type = "webauthn.get",
    std::string const& from = origin,
    json::object more = {{"crossOrigin", false}, {"other_keys_can_be_added_here", "x"}}
)
{
    more["type"] = type;
    more["origin"] = from;
    more["challenge"] = url_base64("a challenge of 32 random bytes..");
    return json::serialize(more);
}

} // namespace

TEST_CASE(
    "a passkey's use is accepted from every kind of key, once its counter goes on",
    "[CLAUSIER:O-5.4][CLAUSIER:O-12.3.5]"
)
{
    for (auto const* const kind : {"ES256", "RS256", "EdDSA"}) {
        CAPTURE(kind);
        SoftKey key{kind};
        auto const verdict = judge_assertion(key.answer(client_data()), key.kept(), origin);
        CHECK(verdict.fault == PasskeyFault::none);
        CHECK(verdict.use.counter == 7);
        CHECK(verdict.use.verified);
        CHECK(
            judge_assertion(key.answer(client_data()), key.kept(7), origin).fault ==
            PasskeyFault::copied
        );
        key.counter = 0;
        CHECK(
            judge_assertion(key.answer(client_data()), key.kept(7), origin).fault ==
            PasskeyFault::copied
        );
        // One that never counted.
        CHECK(
            judge_assertion(key.answer(client_data()), key.kept(0), origin).fault ==
            PasskeyFault::none
        );
    }
}

TEST_CASE("a passkey's use is refused when anything is not as it was asked", "[CLAUSIER:O-5.4]")
{
    SoftKey key{"ES256"};
    auto const refused = [&](PasskeyAssertion const& use, std::string_view place = origin) {
        return judge_assertion(use, key.kept(), place).fault == PasskeyFault::wrong;
    };
    auto const good = key.answer(client_data());
    REQUIRE_FALSE(refused(good));
    // Another page, another site, a creation, a frame, a missing field.
    CHECK(refused(good, "https://portal.valmont.example"));
    CHECK(refused(key.answer(client_data("webauthn.get", "https://evil.example"))));
    CHECK(refused(key.answer(client_data("webauthn.get", "http://portal.valmont.example:8443"))));
    CHECK(refused(key.answer(client_data("webauthn.create"))));
    CHECK(refused(key.answer(client_data("webauthn.get", origin, {{"crossOrigin", true}}))));
    CHECK(refused(key.answer(client_data("webauthn.get", origin, {{"crossOrigin", "no"}}))));
    CHECK(refused(key.answer(R"({"type":"webauthn.get","challenge":"AAAA"})")));
    CHECK(refused(key.answer("not json")));
    // Made for a page at an address.
    CHECK(refused(key.answer(client_data("webauthn.get", "https://10.0.0.1")), "https://10.0.0.1"));
    // What was signed is another thing.
    auto other = good;
    other.client_data += " ";
    CHECK(refused(other));
    other = good;
    other.authenticator_data[36] ^= 1;
    CHECK(refused(other));
    other = good;
    other.signature.back() ^= 1;
    CHECK(refused(other));
    other.signature.clear();
    CHECK(refused(other));
    for (std::size_t size = 0; size < good.authenticator_data.size(); ++size) {
        other = good;
        other.authenticator_data.resize(size);
        CHECK(refused(other));
    }
    // Another's key, and another site's.
    SoftKey const stranger{"ES256"};
    CHECK(refused(stranger.answer(client_data())));
    key.site = "valmont.example";
    CHECK(refused(key.answer(client_data())));
    key.site = rp_id;
    // Nobody there.
    key.flags = 0x04;
    CHECK(refused(key.answer(client_data())));
}

TEST_CASE("a new passkey is taken from this page only, and of an accepted kind")
{
    auto const made = [](SoftKey const& key, std::string const& words, std::string const& data) {
        return judge_creation(words, data, key.public_key(), origin);
    };
    auto const words = client_data("webauthn.create");
    for (auto const* const kind : {"ES256", "RS256", "EdDSA"}) {
        SoftKey const key{kind};
        auto const taken = must(made(key, words, key.data(true)));
        CHECK(taken.id == key.id);
        CHECK(taken.key.rp_id == rp_id);
        CHECK(taken.key.counter == 7);
    }
    for (auto const* const kind : {"P-384", "RS1024"}) {
        SoftKey const key{kind};
        CHECK_FALSE(made(key, words, key.data(true)));
    }
    SoftKey key{"ES256"};
    CHECK_FALSE(made(key, client_data("webauthn.get"), key.data(true)));
    CHECK_FALSE(made(key, words, key.data(false)));
    for (std::size_t size = 0; size < 55 + key.id.size(); ++size)
        CHECK_FALSE(made(key, words, key.data(true).substr(0, size)));
    CHECK_FALSE(judge_creation(words, key.data(true), key.public_key() + "x", origin));
    CHECK_FALSE(judge_creation(words, key.data(true), "", origin));
    key.id = std::string(1024, 'i');
    CHECK_FALSE(made(key, words, key.data(true)));
}

TEST_CASE("a passkey's use travels where a code would, and nothing else reads as one")
{
    auto const travels = [](json::object const& object) {
        return std::string{passkey_prefix} + url_base64(json::serialize(object));
    };
    json::object const good{
        {"id", url_base64("id\xff")},
        {"client_data", url_base64("{}")},
        {"authenticator_data", url_base64("data")},
        {"signature", url_base64("signature")}};
    auto const read = must(parse_assertion(travels(good)));
    CHECK(read.id == "id\xff");
    CHECK(read.signature == "signature");
    CHECK_FALSE(parse_assertion("123456"));
    CHECK_FALSE(parse_assertion("passkey."));
    CHECK_FALSE(parse_assertion(travels(good) + std::string(9000, 'A')));
    for (auto const* const name : {"id", "client_data", "authenticator_data", "signature"}) {
        auto without = good;
        without.erase(name);
        CHECK_FALSE(parse_assertion(travels(without)));
        without[name] = "*";
        CHECK_FALSE(parse_assertion(travels(without)));
    }
    auto more = good;
    more["more"] = 1;
    CHECK_FALSE(parse_assertion(travels(more)));
    auto empty = good;
    empty["id"] = "";
    CHECK_FALSE(parse_assertion(travels(empty)));
    CHECK(rp_id_of("https://a.example") == "a.example");
    CHECK(rp_id_of("https://a.example:1") == "a.example");
    for (auto const* const none :
         {"", "http://a.example", "https://", "https://192.0.2.1:8443", "https://[::1]:1"})
        CHECK(rp_id_of(none).empty());
}
