#include "recorder/timestamp/timestamp.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <array>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>

namespace ecluse::timestamp {
namespace {

constexpr std::size_t digest_bytes = 32;

template <auto free_it> struct Free {
    template <class Thing> void operator()(Thing* thing) const { free_it(thing); }
};
using Request = std::unique_ptr<TS_REQ, Free<TS_REQ_free>>;
using Imprint = std::unique_ptr<TS_MSG_IMPRINT, Free<TS_MSG_IMPRINT_free>>;
using Algorithm = std::unique_ptr<X509_ALGOR, Free<X509_ALGOR_free>>;
using Number = std::unique_ptr<ASN1_INTEGER, Free<ASN1_INTEGER_free>>;
using Object = std::unique_ptr<ASN1_OBJECT, Free<ASN1_OBJECT_free>>;
using Response = std::unique_ptr<TS_RESP, Free<TS_RESP_free>>;
using Pkcs7 = std::unique_ptr<PKCS7, Free<PKCS7_free>>;
using Info = std::unique_ptr<TS_TST_INFO, Free<TS_TST_INFO_free>>;
using Store = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Verification = std::unique_ptr<TS_VERIFY_CTX, Free<TS_VERIFY_CTX_free>>;

Error failed(char const* what)
{
    ERR_clear_error();
    return {Errc::malformed, std::string{"timestamp: "} + what};
}

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

Result<Number> random_number()
{
    std::array<unsigned char, 8> nonce{};
    if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1) return failed("random");
    nonce[0] = static_cast<unsigned char>((nonce[0] & 0x7f) | 0x40); // positive, always 8 bytes
    Number number{ASN1_INTEGER_new()};
    if (!number || ASN1_STRING_set(number.get(), nonce.data(), static_cast<int>(nonce.size())) != 1)
        return failed("nonce");
    return number;
}

bool set_imprint(TS_REQ* request, std::string_view digest)
{
    Imprint const imprint{TS_MSG_IMPRINT_new()};
    Algorithm const algorithm{X509_ALGOR_new()};
    if (!imprint || !algorithm) return false;
    if (X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) != 1 ||
        TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) != 1)
        return false;
    std::string copy{digest}; // OpenSSL's interface is not const
    return TS_MSG_IMPRINT_set_msg(
               imprint.get(),
               reinterpret_cast<unsigned char*>(copy.data()),
               static_cast<int>(copy.size())
           ) == 1 &&
           TS_REQ_set_msg_imprint(request, imprint.get()) == 1;
}

Result<Store> store_of(std::string const& authorities, std::optional<UtcTime> at)
{
    Store store{X509_STORE_new()};
    Bio const text{BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size()))};
    if (!store || !text) return failed("memory");
    int count = 0;
    for (;; ++count) {
        Certificate const one{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)};
        if (!one) break;
        if (X509_STORE_add_cert(store.get(), one.get()) != 1) return failed("certificate");
    }
    ERR_clear_error();
    if (count == 0) return failed("no certificate of an authority");
    if (at)
        X509_VERIFY_PARAM_set_time(
            X509_STORE_get0_param(store.get()), at->time_since_epoch().count()
        );
    return store;
}

/// The first reason that OpenSSL gives, in our words.
Refused refusal()
{
    Refused refused{Fault::malformed, "not a timestamp answer"};
    bool named = false;
    for (auto error = ERR_get_error(); error != 0; error = ERR_get_error()) {
        if (auto const* const reason = ERR_reason_error_string(error); reason != nullptr && !named)
            refused.why = reason;
        // Who signed is not even named in it.
        if (ERR_GET_LIB(error) == ERR_LIB_PKCS7 && !named) refused.fault = Fault::untrusted;
        if (ERR_GET_LIB(error) != ERR_LIB_TS || named) continue;
        named = true;
        switch (ERR_GET_REASON(error)) {
        case TS_R_MESSAGE_IMPRINT_MISMATCH:
            refused.fault = Fault::wrong_digest;
            break;
        case TS_R_NONCE_MISMATCH:
        case TS_R_NONCE_NOT_RETURNED:
            refused.fault = Fault::wrong_nonce;
            break;
        case TS_R_POLICY_MISMATCH:
            refused.fault = Fault::wrong_policy;
            break;
        case TS_R_NO_TIME_STAMP_TOKEN:
            refused.fault = Fault::refused;
            break;
        case TS_R_CERTIFICATE_VERIFY_ERROR:
        case TS_R_SIGNATURE_FAILURE:
        case TS_R_ESS_SIGNING_CERTIFICATE_ERROR:
        case TS_R_THERE_MUST_BE_ONE_SIGNER:
        case TS_R_INVALID_SIGNER_CERTIFICATE_PURPOSE:
            refused.fault = Fault::untrusted;
            break;
        default:
            named = false;
        }
    }
    return refused;
}

std::optional<UtcTime> time_of(TS_TST_INFO const* info)
{
    std::tm when{};
    if (info == nullptr || ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &when) != 1)
        return std::nullopt;
    return UtcTime{std::chrono::seconds{::timegm(&when)}};
}

Result<std::string> der_of(PKCS7 const* token)
{
    unsigned char* bytes = nullptr;
    int const size = i2d_PKCS7(token, &bytes);
    if (size <= 0) return failed("token");
    std::string der{reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size)};
    OPENSSL_free(bytes);
    return der;
}

Outcome malformed(Error const& error)
{
    return Refused{Fault::malformed, error.what};
}

} // namespace

std::string_view code(Fault fault)
{
    switch (fault) {
    case Fault::unavailable:
        return "E-HDT-01";
    case Fault::refused:
        return "E-HDT-02";
    case Fault::malformed:
        return "E-HDT-03";
    case Fault::untrusted:
        return "E-HDT-04";
    case Fault::wrong_digest:
        return "E-HDT-05";
    case Fault::wrong_nonce:
        return "E-HDT-06";
    case Fault::wrong_policy:
        return "E-HDT-07";
    case Fault::wrong_time:
        return "E-HDT-08";
    }
    assertion_failed("timestamp::Fault", __FILE__, __LINE__);
}

Result<Fault> parse_fault(std::string_view text)
{
    for (auto const fault :
         {Fault::unavailable,
          Fault::refused,
          Fault::malformed,
          Fault::untrusted,
          Fault::wrong_digest,
          Fault::wrong_nonce,
          Fault::wrong_policy,
          Fault::wrong_time})
        if (code(fault) == text) return fault;
    return Error{Errc::malformed, "unknown fault"};
}

Result<Query> make_query(std::string_view digest, std::string const& policy)
{
    if (digest.size() != digest_bytes) return Error{Errc::malformed, "timestamp: digest"};
    Request const request{TS_REQ_new()};
    auto const nonce = ECLUSE_TRY(random_number());
    if (!request || TS_REQ_set_version(request.get(), 1) != 1 ||
        !set_imprint(request.get(), digest) || TS_REQ_set_nonce(request.get(), nonce.get()) != 1 ||
        // Without its certificate nobody can verify the token later.
        TS_REQ_set_cert_req(request.get(), 1) != 1)
        return failed("request");
    if (!policy.empty()) {
        Object const identifier{OBJ_txt2obj(policy.c_str(), 1)};
        if (!identifier || TS_REQ_set_policy_id(request.get(), identifier.get()) != 1)
            return failed("policy");
    }
    unsigned char* bytes = nullptr;
    int const size = i2d_TS_REQ(request.get(), &bytes);
    if (size <= 0) return failed("request");
    Query query{
        {reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size)},
        std::string{digest}};
    OPENSSL_free(bytes);
    return query;
}

Outcome check_answer(
    Query const& query, std::string_view answer, std::string const& authorities, UtcTime now
)
{
    ERR_clear_error();
    auto const* at = bytes_of(query.der);
    Request const request{d2i_TS_REQ(nullptr, &at, static_cast<long>(query.der.size()))};
    at = bytes_of(answer);
    Response const response{d2i_TS_RESP(nullptr, &at, static_cast<long>(answer.size()))};
    if (!request || !response || at != bytes_of(answer) + answer.size())
        return malformed(failed("not an answer"));
    auto store = store_of(authorities, now);
    if (!store) return malformed(store.error());
    Verification const verification{TS_REQ_to_TS_VERIFY_CTX(request.get(), nullptr)};
    if (!verification) return malformed(failed("request"));
    TS_VERIFY_CTX_add_flags(verification.get(), TS_VFY_SIGNATURE);
    TS_VERIFY_CTX_set_store(verification.get(), store->release()); // it is freed with the context
    if (TS_RESP_verify_response(verification.get(), response.get()) != 1) return refusal();
    auto const when = time_of(TS_RESP_get_tst_info(response.get()));
    if (!when) return malformed(failed("time"));
    if (*when > now + time_difference_max || *when < now - time_difference_max)
        return Refused{Fault::wrong_time, "it says " + to_iso(*when)};
    auto der = der_of(TS_RESP_get_token(response.get()));
    if (!der) return malformed(der.error());
    return Token{*std::move(der), *when};
}

Outcome check_token(std::string_view token, std::string_view digest, std::string const& authorities)
{
    ERR_clear_error();
    auto const* at = bytes_of(token);
    Pkcs7 const pkcs7{d2i_PKCS7(nullptr, &at, static_cast<long>(token.size()))};
    if (!pkcs7 || at != bytes_of(token) + token.size()) return malformed(failed("not a token"));
    Info const info{PKCS7_to_TS_TST_INFO(pkcs7.get())};
    auto const when = time_of(info.get());
    if (!when) return malformed(failed("not a token"));
    auto store = store_of(authorities, *when);
    if (!store) return malformed(store.error());
    Verification const verification{TS_VERIFY_CTX_new()};
    if (!verification) return malformed(failed("memory"));
    TS_VERIFY_CTX_set_flags(verification.get(), TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_SIGNATURE);
    TS_VERIFY_CTX_set_store(verification.get(), store->release());
    // Freed with the context too.
    auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(digest.data(), digest.size()));
    if (copy == nullptr) return malformed(failed("memory"));
    TS_VERIFY_CTX_set_imprint(verification.get(), copy, static_cast<long>(digest.size()));
    if (TS_RESP_verify_token(verification.get(), pkcs7.get()) != 1) return refusal();
    return Token{std::string{token}, *when};
}

} // namespace ecluse::timestamp
