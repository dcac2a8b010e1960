#include "recorder/timestamp/exchange.h"

#include "recorder/timestamp/timestamp.h"

#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <sys/socket.h>
#include <sys/time.h>

namespace ecluse::timestamp {
namespace {

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

Error failed(std::string const& what)
{
    std::string why = what;
    if (auto const error = ERR_peek_last_error(); error != 0)
        if (auto const* const reason = ERR_reason_error_string(error); reason != nullptr)
            why += std::string{": "} + reason;
    ERR_clear_error();
    return {Errc::unavailable, why};
}

/// Reads and writes give up by themselves, whatever the libraries above think of time.
Result<> limit(int socket, std::chrono::seconds timeout)
{
    ECLUSE_TRY(set_nonblocking(socket, false));
    timeval const most{.tv_sec = timeout.count(), .tv_usec = 0};
    if (::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) != 0 ||
        ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) != 0)
        return os_error("timeout");
    return {};
}

Result<> believe(SSL_CTX* context, std::string const& authorities)
{
    Bio const text{BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size()))};
    int count = 0;
    while (auto* const one = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
        count += X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one);
        X509_free(one);
    }
    ERR_clear_error();
    if (count == 0) return Error{Errc::unavailable, "TLS: no certificate to believe"};
    return {};
}

bool expect_name(SSL* ssl, std::string const& host)
{
    auto* const parameters = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1) return true;
    ERR_clear_error();
    // What SSL_set_tlsext_host_name does, without its cast.
    std::string name = host;
    return SSL_set1_host(ssl, host.c_str()) == 1 &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

Result<Bio> secure(Bio plain, Authority const& authority)
{
    Context const context{SSL_CTX_new(TLS_client_method())};
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
        return failed("TLS");
    ECLUSE_TRY(believe(context.get(), authority.tls_authorities));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    Bio secured{BIO_new_ssl(context.get(), 1)};
    SSL* ssl = nullptr;
    if (!secured || BIO_get_ssl(secured.get(), &ssl) != 1 || ssl == nullptr ||
        !expect_name(ssl, authority.host))
        return failed("TLS");
    BIO_push(secured.get(), plain.release());
    if (BIO_do_handshake(secured.get()) != 1) return failed("TLS");
    return secured;
}

Result<std::string> all_of(BIO* answer)
{
    std::string bytes;
    char chunk[4096];
    for (int got = 0; (got = BIO_read(answer, chunk, sizeof chunk)) > 0;) {
        bytes.append(chunk, static_cast<std::size_t>(got));
        if (bytes.size() > answer_bytes_max) return Error{Errc::too_large, "answer too large"};
    }
    if (bytes.empty()) return failed("empty answer");
    return bytes;
}

} // namespace

Result<std::string> exchange(Authority const& authority, std::string const& query)
{
    ERR_clear_error();
    ECLUSE_TRY(limit(authority.socket.get(), authority.timeout));
    Bio bio{BIO_new_socket(authority.socket.get(), BIO_NOCLOSE)};
    if (!bio) return failed("socket");
    if (authority.tls) bio = ECLUSE_TRY(secure(std::move(bio), authority));
    Bio const body{BIO_new_mem_buf(query.data(), static_cast<int>(query.size()))};
    if (!body) return failed("memory");
    // Both ends are given, so that it neither resolves nor connects.
    Bio const answer{OSSL_HTTP_transfer(
        nullptr,
        authority.host.c_str(),
        nullptr,
        authority.path.c_str(),
        0,
        nullptr,
        nullptr,
        bio.get(),
        bio.get(),
        nullptr,
        nullptr,
        0,
        nullptr,
        "application/timestamp-query",
        body.get(),
        "application/timestamp-reply",
        1,
        answer_bytes_max,
        static_cast<int>(authority.timeout.count()),
        0
    )};
    if (!answer) return failed("HTTP");
    return all_of(answer.get());
}

} // namespace ecluse::timestamp
