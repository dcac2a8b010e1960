#include "policies/core/passkey.h"

#include "common/bytes.h"
#include "common/json.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

namespace ecluse {
namespace {

constexpr std::size_t assertion_bytes_max = 8192;
constexpr std::size_t part_bytes_max = 4096;
constexpr std::size_t id_bytes_max = 1023; // WebAuthn §4
constexpr std::size_t challenge_bytes_max = 128;
constexpr std::size_t origin_bytes_max = 300;
constexpr int rsa_bits_min = 2048;

constexpr unsigned char user_present = 0x01;
constexpr unsigned char user_verified = 0x04;
constexpr unsigned char key_attached = 0x40;

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
    void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Error malformed(char const* why)
{
    return {Errc::malformed, std::string{"passkey: "} + why};
}

/// Browsers write base64 for addresses, without padding.
Result<std::string> from_base64url(std::string text)
{
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return from_base64(text);
}

Result<std::string> bytes_of(Fields& fields, std::string_view name, std::size_t bytes_max)
{
    // Four letters for three bytes.
    return from_base64url(fields.text(name, bytes_max / 3 * 4 + 4));
}

unsigned char byte_at(std::string_view bytes, std::size_t at)
{
    return static_cast<unsigned char>(bytes[at]);
}

struct AuthenticatorData {
    std::string_view rp_id_hash;
    unsigned char flags = 0;
    std::uint32_t counter = 0;
    std::string_view id; // of a new key only
};

std::optional<AuthenticatorData> parse_authenticator_data(std::string_view bytes)
{
    constexpr std::size_t head = 37, model = 16;
    if (bytes.size() < head) return std::nullopt;
    AuthenticatorData data{bytes.substr(0, 32), byte_at(bytes, 32), 0, {}};
    for (std::size_t at = 33; at < head; ++at)
        data.counter = data.counter << 8 | byte_at(bytes, at);
    if ((data.flags & key_attached) == 0) return data;
    if (bytes.size() < head + model + 2) return std::nullopt;
    auto const size =
        std::size_t{byte_at(bytes, head + model)} << 8 | byte_at(bytes, head + model + 1);
    if (size == 0 || size > id_bytes_max || bytes.size() < head + model + 2 + size)
        return std::nullopt;
    data.id = bytes.substr(head + model + 2, size);
    return data;
}

Key read_key(std::string_view der)
{
    auto const* at = reinterpret_cast<unsigned char const*>(der.data());
    auto const* const end = at + der.size();
    Key key{d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()))};
    if (!key || at != end) return nullptr;
    return key;
}

bool is_acceptable(EVP_PKEY* key)
{
    if (EVP_PKEY_is_a(key, "ED25519")) return true;
    if (EVP_PKEY_is_a(key, "RSA")) return EVP_PKEY_get_bits(key) >= rsa_bits_min;
    char group[32] = "";
    std::size_t length = 0;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
           std::string_view{group} == "prime256v1";
}

bool verifies(std::string_view public_key, std::string_view message, std::string_view signature)
{
    auto const key = read_key(public_key);
    if (!key || !is_acceptable(key.get())) return false;
    std::unique_ptr<EVP_MD_CTX, FreeDigest> const digest{EVP_MD_CTX_new()};
    auto const* const hash = EVP_PKEY_is_a(key.get(), "ED25519") ? nullptr : EVP_sha256();
    return digest && EVP_DigestVerifyInit(digest.get(), nullptr, hash, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(
               digest.get(),
               reinterpret_cast<unsigned char const*>(signature.data()),
               signature.size(),
               reinterpret_cast<unsigned char const*>(message.data()),
               message.size()
           ) == 1;
}

/// What both ceremonies ask of the browser's words and the authenticator's.
bool comes_from(
    std::string_view origin,
    std::string_view type,
    std::string_view client_data,
    AuthenticatorData const& data,
    std::string_view rp_id
)
{
    auto const said = parse_client_data(client_data);
    return said && said->type == type && said->origin == origin && !rp_id.empty() &&
           rp_id == rp_id_of(origin) && data.rp_id_hash == sha256(rp_id) &&
           (data.flags & user_present) != 0;
}

} // namespace

Result<PasskeyAssertion> parse_assertion(std::string_view code)
{
    if (!code.starts_with(passkey_prefix) || code.size() > assertion_bytes_max)
        return malformed("not an assertion");
    auto const text = ECLUSE_TRY(from_base64url(std::string{code.substr(passkey_prefix.size())}));
    auto const object = ECLUSE_TRY(parse_object(text));
    Fields fields{object};
    PasskeyAssertion assertion;
    assertion.id = ECLUSE_TRY(bytes_of(fields, "id", id_bytes_max));
    assertion.client_data = ECLUSE_TRY(bytes_of(fields, "client_data", part_bytes_max));
    assertion.authenticator_data =
        ECLUSE_TRY(bytes_of(fields, "authenticator_data", part_bytes_max));
    assertion.signature = ECLUSE_TRY(bytes_of(fields, "signature", part_bytes_max));
    ECLUSE_TRY(fields.finish());
    if (assertion.id.empty()) return malformed("no id");
    return assertion;
}

Result<PasskeyClientData> parse_client_data(std::string_view bytes)
{
    if (bytes.size() > part_bytes_max) return malformed("client data: too long");
    // Browsers add fields as they please (§5.8.1): only what is named here is read.
    auto const object = ECLUSE_TRY(parse_object(bytes));
    auto const text = [&](std::string_view name, std::size_t bytes_max) -> Result<std::string> {
        auto const* const value = object.if_contains(name);
        if (!value || !value->is_string() || value->get_string().size() > bytes_max)
            return malformed("client data: a field is missing");
        return std::string{value->get_string()};
    };
    PasskeyClientData data;
    data.type = ECLUSE_TRY(text("type", 32));
    data.challenge =
        ECLUSE_TRY(from_base64url(ECLUSE_TRY(text("challenge", challenge_bytes_max * 2))));
    data.origin = ECLUSE_TRY(text("origin", origin_bytes_max));
    auto const* const framed = object.if_contains("crossOrigin");
    if (framed && !(framed->is_bool() && !framed->get_bool()))
        return malformed("client data: asked from a frame of another site");
    return data;
}

std::string rp_id_of(std::string_view origin)
{
    constexpr std::string_view scheme = "https://";
    if (!origin.starts_with(scheme)) return {};
    auto const host = origin.substr(scheme.size());
    // Letters of an address in brackets are no name, and no passkey is bound to an address.
    auto const name = host.substr(0, host.find(':'));
    bool const is_name =
        std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
    return is_name && name.front() != '[' ? std::string{name} : std::string{};
}

PasskeyVerdict
judge_assertion(PasskeyAssertion const& assertion, Passkey const& key, std::string_view origin)
{
    auto const data = parse_authenticator_data(assertion.authenticator_data);
    if (!data || !comes_from(origin, "webauthn.get", assertion.client_data, *data, key.rp_id) ||
        !verifies(
            key.public_key,
            assertion.authenticator_data + sha256(assertion.client_data),
            assertion.signature
        ))
        return {};
    // §6.1.1: an authenticator that counts, and one that did, must have gone on.
    bool const counts = data->counter != 0 || key.counter != 0;
    auto const fault =
        counts && data->counter <= key.counter ? PasskeyFault::copied : PasskeyFault::none;
    return {fault, {data->counter, (data->flags & user_verified) != 0}};
}

Result<NewPasskey> judge_creation(
    std::string_view client_data,
    std::string_view authenticator_data,
    std::string_view public_key,
    std::string_view origin
)
{
    auto const rp_id = rp_id_of(origin);
    auto const data = parse_authenticator_data(authenticator_data);
    if (!data || data->id.empty()) return malformed("no key in the authenticator's answer");
    if (!comes_from(origin, "webauthn.create", client_data, *data, rp_id))
        return malformed("made elsewhere, or without anybody there");
    auto const key = read_key(public_key);
    if (!key || !is_acceptable(key.get())) return malformed("a key of no accepted kind");
    return NewPasskey{std::string{data->id}, {std::string{public_key}, rp_id, data->counter}};
}

} // namespace ecluse
