#include "policies/vault/door_key.h"

#include "common/address.h"
#include "common/bytes.h"
#include "policies/vault/x509_parts.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <ctime>

namespace ecluse {

using namespace x509;

namespace {

constexpr char const* curve = "P-256";
/// Long enough not to be forgotten every few months, short enough for a key to be renewed.
constexpr int valid_days = 730;
constexpr std::size_t common_name_chars_max = 64; // X.520
/// The door's certificate and the authorities above it.
constexpr std::size_t chain_length_max = 8;

using Chain = std::vector<Certificate>;
using SigningRequest = std::unique_ptr<X509_REQ, CallFree<X509_REQ_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, CallFree<GENERAL_NAMES_free>>;

Error broken(std::string_view what)
{
    return {Errc::malformed, "certificate of the door: " + std::string{what}};
}

/// "DNS:acces.chu.example,IP:192.0.2.4". The names come from the configuration, which lets no comma
/// and no other character through that OpenSSL's syntax knows.
std::string alternative_names(std::vector<std::string> const& names)
{
    std::string all;
    for (auto const& name : names)
        all += (all.empty() ? "" : ",") + std::string{SourceAddress::parse(name) ? "IP:" : "DNS:"} +
               name;
    return all;
}

bool extend(X509* certificate, std::string const& names)
{
    return add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, NID_subject_alt_name, names.c_str());
}

Result<std::string> self_signed(EVP_PKEY* key, std::vector<std::string> const& names, UtcTime now)
{
    Certificate const owner{X509_new()};
    auto* const certificate = owner.get();
    if (!certificate || names.empty()) return broken("no name");
    auto* const subject = X509_get_subject_name(certificate);
    bool const made =
        X509_set_version(certificate, X509_VERSION_3) == 1 && set_number(certificate) &&
        set_validity(certificate, std::chrono::system_clock::to_time_t(now), valid_days) &&
        X509_set_pubkey(certificate, key) == 1 &&
        set_common_name(subject, shortened(names.front(), common_name_chars_max)) &&
        X509_set_issuer_name(certificate, subject) == 1 &&
        extend(certificate, alternative_names(names)) &&
        X509_sign(certificate, key, EVP_sha256()) > 0;
    Bio const out{BIO_new(BIO_s_mem())};
    if (!made || !out || PEM_write_bio_X509(out.get(), certificate) != 1)
        return broken("cannot make it");
    return content_of(out.get());
}

Result<Chain> read_chain(std::string_view pem)
{
    if (pem.size() > pem_bytes_max) return broken("too large");
    auto const bio = reading(pem);
    Chain chain;
    for (;;) {
        Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)};
        if (!certificate) break;
        if (chain.size() >= chain_length_max) return broken("too many certificates");
        chain.push_back(std::move(certificate));
    }
    if (chain.empty()) return broken("not a certificate in PEM");
    return chain;
}

/// What was read, written again: text around the certificates does not reach the workers.
Result<std::string> to_pem(Chain const& chain)
{
    Bio const out{BIO_new(BIO_s_mem())};
    if (!out) return broken("memory");
    for (auto const& certificate : chain)
        if (PEM_write_bio_X509(out.get(), certificate.get()) != 1) return broken("cannot write it");
    return content_of(out.get());
}

Result<UtcTime> instant_of(ASN1_TIME const* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return broken("date");
    return UtcTime{std::chrono::seconds{::timegm(&parts)}};
}

std::string text_of(X509_NAME const* name)
{
    Bio const out{BIO_new(BIO_s_mem())};
    if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
        return {};
    return printable(content_of(out.get()));
}

std::string address_text(std::string_view raw)
{
    char text[INET6_ADDRSTRLEN] = {};
    if (raw.size() == 4) ::inet_ntop(AF_INET, raw.data(), text, sizeof text);
    if (raw.size() == 16) ::inet_ntop(AF_INET6, raw.data(), text, sizeof text);
    return text;
}

std::vector<std::string> names_of(X509* certificate)
{
    std::vector<std::string> found;
    Names const names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)
    )};
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto const* const name = sk_GENERAL_NAME_value(names.get(), i);
        auto const* const bytes = name->type == GEN_DNS     ? name->d.dNSName
                                  : name->type == GEN_IPADD ? name->d.iPAddress
                                                            : nullptr;
        if (!bytes) continue;
        std::string_view const raw{
            reinterpret_cast<char const*>(ASN1_STRING_get0_data(bytes)),
            static_cast<std::size_t>(ASN1_STRING_length(bytes))};
        if (name->type == GEN_DNS)
            found.push_back(printable(raw));
        else
            found.push_back(address_text(raw));
    }
    return found;
}

Result<> check_for_servers(X509* certificate, UtcTime now)
{
    auto const from = ECLUSE_TRY(instant_of(X509_get0_notBefore(certificate)));
    auto const until = ECLUSE_TRY(instant_of(X509_get0_notAfter(certificate)));
    if (now < from || now >= until) return broken("not in date");
    if (X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) != 1)
        return broken("not for servers");
    int digest = NID_undef;
    if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1 ||
        digest == NID_sha1 || digest == NID_md5)
        return broken("signed with an old digest");
    return {};
}

} // namespace

Result<DoorKey> DoorKey::create(std::vector<std::string> const& names, UtcTime now)
{
    Key key{EVP_EC_gen(curve), EVP_PKEY_free};
    if (!key) return broken("cannot make the key");
    auto chain = ECLUSE_TRY(self_signed(key.get(), names, now));
    return DoorKey{std::move(key), std::move(chain)};
}

Result<DoorKey> DoorKey::load(std::string_view private_pem, std::string chain_pem)
{
    if (private_pem.size() > pem_bytes_max) return broken("key too large");
    auto const bio = reading(private_pem);
    Key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free};
    if (!key) return broken("not a private key");
    auto const chain = ECLUSE_TRY(read_chain(chain_pem));
    if (X509_check_private_key(chain.front().get(), key.get()) != 1)
        return broken("of another key");
    return DoorKey{std::move(key), std::move(chain_pem)};
}

Result<DoorKey> DoorKey::with_chain(std::string chain_pem, UtcTime now) const
{
    auto const chain = ECLUSE_TRY(read_chain(chain_pem));
    if (X509_check_private_key(chain.front().get(), key_.get()) != 1)
        return broken("of another key");
    ECLUSE_TRY(check_for_servers(chain.front().get(), now));
    // Each is signed by the next, or a client that trusts only the root would refuse us.
    for (std::size_t i = 0; i + 1 < chain.size(); ++i)
        if (X509_check_issued(chain[i + 1].get(), chain[i].get()) != X509_V_OK)
            return broken("not in order: each certificate is followed by the one that signed it");
    return DoorKey{key_, ECLUSE_TRY(to_pem(chain))};
}

Result<std::string> DoorKey::signing_request(std::vector<std::string> const& names) const
{
    SigningRequest const request{X509_REQ_new()};
    if (!request || names.empty()) return broken("no name");
    std::unique_ptr<STACK_OF(X509_EXTENSION), void (*)(STACK_OF(X509_EXTENSION)*)> const extensions{
        sk_X509_EXTENSION_new_null(), [](STACK_OF(X509_EXTENSION) * all) {
            sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
        }};
    auto const wanted = alternative_names(names);
    auto* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, wanted.c_str());
    if (!extensions || !extension) return broken("cannot name it");
    if (sk_X509_EXTENSION_push(extensions.get(), extension) <= 0) {
        X509_EXTENSION_free(extension);
        return broken("memory");
    }
    bool const made = X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                      X509_REQ_set_pubkey(request.get(), key_.get()) == 1 &&
                      set_common_name(
                          X509_REQ_get_subject_name(request.get()),
                          shortened(names.front(), common_name_chars_max)
                      ) &&
                      X509_REQ_add_extensions(request.get(), extensions.get()) == 1 &&
                      X509_REQ_sign(request.get(), key_.get(), EVP_sha256()) > 0;
    Bio const out{BIO_new(BIO_s_mem())};
    if (!made || !out || PEM_write_bio_X509_REQ(out.get(), request.get()) != 1)
        return broken("cannot make the request");
    return content_of(out.get());
}

Secret DoorKey::private_pem() const
{
    return x509::private_pem(key_.get());
}

Result<CertificateFacts> read_certificate_facts(std::string_view chain_pem)
{
    auto const chain = ECLUSE_TRY(read_chain(chain_pem));
    auto* const certificate = chain.front().get();
    unsigned char* raw = nullptr;
    auto const size = i2d_X509(certificate, &raw);
    if (size <= 0) return broken("cannot write it");
    std::string const der{reinterpret_cast<char*>(raw), static_cast<std::size_t>(size)};
    OPENSSL_free(raw);
    return CertificateFacts{
        .subject = text_of(X509_get_subject_name(certificate)),
        .issuer = text_of(X509_get_issuer_name(certificate)),
        .sha256 = to_hex(sha256(der)),
        .from = ECLUSE_TRY(instant_of(X509_get0_notBefore(certificate))),
        .until = ECLUSE_TRY(instant_of(X509_get0_notAfter(certificate))),
        .names = names_of(certificate),
        .self_signed = X509_self_signed(certificate, 0) == 1};
}

std::string spelled_fingerprint(std::string_view sha256_hex)
{
    std::string spelled;
    for (std::size_t i = 0; i < sha256_hex.size(); ++i) {
        if (i > 0 && i % 2 == 0) spelled += ':';
        auto const c = sha256_hex[i];
        spelled += static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
    }
    return spelled;
}

std::string respelled_fingerprint(std::string_view typed)
{
    std::string digits;
    for (char const c : typed) {
        if (c == ':' || c == ' ') continue;
        digits += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    }
    bool const is_digest = digits.size() == 64 && from_hex(digits);
    return is_digest ? spelled_fingerprint(digits) : std::string{typed};
}

} // namespace ecluse
