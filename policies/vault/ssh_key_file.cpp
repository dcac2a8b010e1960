#include "common/bytes.h"
#include "policies/vault/ssh_key.h"
#include "policies/vault/ssh_numbers.h"
#include "policies/vault/ssh_wire.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

/// Key files: PEM by OpenSSL, and OpenSSH's own format (its PROTOCOL.key), which OpenSSL does not
/// read.
namespace ecluse {

namespace {

constexpr std::size_t file_bytes_max = 32 * 1024; // RSA of 8192 bits has 7 KiB
constexpr std::string_view begin_mark = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
constexpr std::string_view end_mark = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view magic{"openssh-key-v1\0", 15};
constexpr std::size_t block_bytes = 8; // padding of a file without cipher
constexpr std::size_t line_chars = 70;

using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, CallFree<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, CallFree<OSSL_PARAM_free>>;

Error bad(std::string_view what)
{
    return {Errc::malformed, "private key: " + std::string{what}};
}

struct Wiped {
    std::string text;
    Wiped() = default;
    Wiped(Wiped const&) = delete;
    Wiped& operator=(Wiped const&) = delete;
    ~Wiped() { wipe(text); }
};

/// Never asks a person, and remembers that a passphrase was wanted.
int refuse_passphrase(char*, int, int, void* wanted)
{
    *static_cast<bool*>(wanted) = true;
    return -1;
}

EVP_PKEY* key_from(char const* type, OSSL_PARAM_BLD* builder)
{
    Params const params{OSSL_PARAM_BLD_to_param(builder)};
    PKeyContext const context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) != 1)
        return nullptr;
    return key;
}

/// Halves that do not belong together would make signatures that leak the private one.
bool is_consistent(EVP_PKEY* key)
{
    PKeyContext const context{EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr)};
    return context && EVP_PKEY_check(context.get()) == 1;
}

BigNumber modulo_less_one(BIGNUM const* number, BIGNUM const* prime)
{
    std::unique_ptr<BN_CTX, CallFree<BN_CTX_free>> const context{BN_CTX_secure_new()};
    BigNumber less{BN_dup(prime)};
    BigNumber result{BN_secure_new()};
    ECLUSE_ASSERT(
        context && less && result && BN_sub_word(less.get(), 1) == 1 &&
        BN_mod(result.get(), number, less.get(), context.get()) == 1
    );
    return result;
}

Result<BigNumber> next_number(WireReader& reader)
{
    auto const bytes = ECLUSE_TRY(reader.string());
    return parse_mpint(bytes);
}

Result<EVP_PKEY*> read_ed25519(WireReader& reader)
{
    auto const open = ECLUSE_TRY(reader.string());
    auto const secret = ECLUSE_TRY(reader.string());
    if (open.size() != 32 || secret.size() != 64 || secret.substr(32) != open)
        return bad("ed25519 halves");
    PKey key{EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<unsigned char const*>(secret.data()), 32
    )};
    if (!key || raw_public(key.get()) != open) return bad("ed25519 halves");
    return key.release();
}

Result<EVP_PKEY*> read_rsa(WireReader& reader)
{
    auto const n = ECLUSE_TRY(next_number(reader));
    auto const e = ECLUSE_TRY(next_number(reader));
    auto const d = ECLUSE_TRY(next_number(reader));
    auto const inverse = ECLUSE_TRY(next_number(reader));
    auto const p = ECLUSE_TRY(next_number(reader));
    auto const q = ECLUSE_TRY(next_number(reader));
    if (BN_num_bits(p.get()) < 512 || BN_num_bits(q.get()) < 512) return bad("rsa numbers");
    auto const dp = modulo_less_one(d.get(), p.get());
    auto const dq = modulo_less_one(d.get(), q.get());
    ParamBuilder const builder{OSSL_PARAM_BLD_new()};
    auto* const b = builder.get();
    auto const built = b && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n.get()) &&
                       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e.get()) &&
                       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_D, d.get()) &&
                       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_FACTOR1, p.get()) &&
                       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_FACTOR2, q.get()) &&
                       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.get()) &&
                       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.get()) &&
                       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse.get());
    auto* const key = built ? key_from("RSA", b) : nullptr;
    if (!key) return bad("rsa numbers");
    return key;
}

Result<EVP_PKEY*> read_ecdsa(WireReader& reader, std::string_view type)
{
    auto const curve = ECLUSE_TRY(reader.string());
    auto const point = ECLUSE_TRY(reader.string());
    auto const secret = ECLUSE_TRY(next_number(reader));
    if (type != "ecdsa-sha2-" + std::string{curve}) return bad("ecdsa curve");
    char const* const group = curve == "nistp256"   ? "prime256v1"
                              : curve == "nistp384" ? "secp384r1"
                              : curve == "nistp521" ? "secp521r1"
                                                    : nullptr;
    if (!group) return bad("ecdsa curve");
    ParamBuilder const builder{OSSL_PARAM_BLD_new()};
    auto* const b = builder.get();
    auto const built =
        b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
    auto* const key = built ? key_from("EC", b) : nullptr;
    if (!key) return bad("ecdsa numbers");
    return key;
}

bool is_padding(std::string_view rest)
{
    if (rest.size() >= block_bytes) return false;
    for (std::size_t i = 0; i < rest.size(); ++i)
        if (static_cast<unsigned char>(rest[i]) != i + 1) return false;
    return true;
}

/// The base64 between the marks, without its line ends.
Result<std::string_view> between_marks(std::string_view text)
{
    text.remove_prefix(begin_mark.size());
    auto const end = text.find(end_mark);
    if (end == std::string_view::npos) return bad("no end mark");
    auto const rest = text.substr(end + end_mark.size());
    if (rest.find_first_not_of("\r\n") != std::string_view::npos) return bad("text after its end");
    return text.substr(0, end);
}

void put_numbers(std::string& out, EVP_PKEY* key, std::initializer_list<char const*> names)
{
    for (auto const* const number : names) {
        auto bytes = to_mpint(number_of(key, number).get());
        put_string(out, bytes);
        wipe(bytes);
    }
}

} // namespace

Result<SshKey> SshKey::parse_private_section(std::string_view section)
{
    if (section.size() % block_bytes != 0) return bad("length");
    WireReader reader{section};
    auto const check = ECLUSE_TRY(reader.number());
    if (check != ECLUSE_TRY(reader.number())) return bad("check numbers");
    auto const type = ECLUSE_TRY(reader.string());
    auto read = Result<EVP_PKEY*>{bad("this type is not supported")};
    if (type == "ssh-ed25519")
        read = read_ed25519(reader);
    else if (type == "ssh-rsa")
        read = read_rsa(reader);
    else if (type.starts_with("ecdsa-sha2-"))
        read = read_ecdsa(reader, type);
    if (!read) return read.error();
    auto key = ECLUSE_TRY(of(*read));
    (void)ECLUSE_TRY(reader.string()); // the comment
    if (!is_padding(reader.rest())) return bad("padding");
    return key;
}

Result<SshKey> SshKey::parse_openssh(std::string_view text)
{
    Wiped base64;
    base64.text.reserve(text.size());
    for (char const c : ECLUSE_TRY(between_marks(text)))
        if (c != '\n' && c != '\r') base64.text += c;
    Wiped file;
    file.text = ECLUSE_TRY(from_base64(base64.text));
    std::string_view const bytes = file.text;
    if (!bytes.starts_with(magic)) return bad("not of OpenSSH");
    WireReader reader{bytes.substr(magic.size())};
    auto const cipher = ECLUSE_TRY(reader.string());
    auto const derivation = ECLUSE_TRY(reader.string());
    auto const options = ECLUSE_TRY(reader.string());
    if (cipher != "none" || derivation != "none")
        return Error{Errc::refused, "private key: protected by a passphrase"};
    if (!options.empty() || ECLUSE_TRY(reader.number()) != 1) return bad("number of keys");
    auto const open = ECLUSE_TRY(reader.string());
    auto const section = ECLUSE_TRY(reader.string());
    auto key = ECLUSE_TRY(parse_private_section(section));
    if (!reader.rest().empty()) return bad("text after its end");
    if (key.public_blob() != open) return bad("halves do not belong together");
    return key;
}

Result<SshKey> SshKey::parse(std::string_view text)
{
    if (text.size() > file_bytes_max) return Error{Errc::too_large, "private key"};
    auto key = Result<SshKey>{bad("unreadable")};
    if (text.starts_with(begin_mark)) {
        key = parse_openssh(text);
    } else {
        bool passphrase_wanted = false;
        Bio const bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
        PKey pem{
            PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &passphrase_wanted)};
        if (passphrase_wanted)
            return Error{Errc::refused, "private key: protected by a passphrase"};
        key = of(pem.release());
    }
    if (key && key->kind_ != Kind::ed25519 && !is_consistent(key->key_.get()))
        return bad("halves do not belong together");
    return key;
}

Secret SshKey::private_text() const
{
    // Reserved once: a text that grows leaves copies of itself behind.
    Wiped section;
    section.text.reserve(file_bytes_max);
    auto& out = section.text;
    auto const check = random_bytes(4);
    out += check;
    out += check;
    put_string(out, type());
    auto* const key = key_.get();
    if (kind_ == Kind::ed25519) {
        Wiped secret;
        secret.text.resize(32);
        auto size = secret.text.size();
        ECLUSE_ASSERT(
            EVP_PKEY_get_raw_private_key(
                key, reinterpret_cast<unsigned char*>(secret.text.data()), &size
            ) == 1
        );
        auto const open = raw_public(key);
        put_string(out, open);
        put_number(out, 64);
        out += secret.text;
        out += open;
    } else if (kind_ == Kind::rsa) {
        put_numbers(
            out,
            key,
            {OSSL_PKEY_PARAM_RSA_N,
             OSSL_PKEY_PARAM_RSA_E,
             OSSL_PKEY_PARAM_RSA_D,
             OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
             OSSL_PKEY_PARAM_RSA_FACTOR1,
             OSSL_PKEY_PARAM_RSA_FACTOR2}
        );
    } else {
        put_string(out, type().substr(std::string_view{"ecdsa-sha2-"}.size()));
        put_string(out, point_of(key));
        put_numbers(out, key, {OSSL_PKEY_PARAM_PRIV_KEY});
    }
    put_string(out, ""); // no comment
    for (char pad = 1; out.size() % block_bytes != 0; ++pad)
        out += pad;

    Wiped file;
    file.text.reserve(file_bytes_max);
    file.text += magic;
    put_string(file.text, "none");
    put_string(file.text, "none");
    put_string(file.text, "");
    put_number(file.text, 1);
    put_string(file.text, public_blob());
    put_string(file.text, section.text);

    Wiped base64;
    base64.text = to_base64(file.text);
    std::string text;
    text.reserve(2 * file_bytes_max);
    text += begin_mark;
    for (std::size_t at = 0; at < base64.text.size(); at += line_chars) {
        text += std::string_view{base64.text}.substr(at, line_chars);
        text += '\n';
    }
    text += end_mark;
    text += '\n';
    return Secret{text};
}

} // namespace ecluse
