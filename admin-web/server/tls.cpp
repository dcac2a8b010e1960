#include "admin-web/server/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <string>

namespace ecluse::web {
namespace {

constexpr char const* ciphers_1_2 = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char const* ciphers_1_3 =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
constexpr char const* groups = "X25519:P-256:P-384:P-521:X448";

Error tls_error(std::string const& what)
{
    char text[256] = {};
    ::ERR_error_string_n(::ERR_get_error(), text, sizeof text);
    ::ERR_clear_error();
    return Error{Errc::malformed, what + ": " + text};
}

struct PemFree {
    void operator()(BIO* bio) const { ::BIO_free(bio); }
    void operator()(X509* certificate) const { ::X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
};

std::unique_ptr<BIO, PemFree> reader(std::string_view text)
{
    return std::unique_ptr<BIO, PemFree>{
        ::BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

Result<> use_chain(SSL_CTX* context, std::string_view pem)
{
    auto const from = reader(pem);
    bool first = true;
    for (;;) {
        std::unique_ptr<X509, PemFree> const certificate{
            ::PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)};
        if (!certificate) break;
        if (first ? ::SSL_CTX_use_certificate(context, certificate.get()) != 1
                  : ::SSL_CTX_add1_chain_cert(context, certificate.get()) != 1)
            return tls_error("use the certificate");
        first = false;
    }
    ::ERR_clear_error(); // the end of the text is reported as a missing start line
    if (first) return Error{Errc::malformed, "no certificate"};
    return {};
}

/// HTTP/1.1 is all we speak; a client that offers only something else is told so.
int choose_protocol(
    SSL*,
    unsigned char const** chosen,
    unsigned char* size,
    unsigned char const* offered,
    unsigned offered_size,
    void*
)
{
    static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* found = nullptr;
    if (::SSL_select_next_proto(&found, size, ours, sizeof ours, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

} // namespace

void SslFree::operator()(SSL* ssl) const
{
    ::SSL_free(ssl);
}

void SslFree::operator()(SSL_CTX* context) const
{
    ::SSL_CTX_free(context);
}

Result<SslContext> make_tls(std::string_view chain_pem, std::string_view key_pem)
{
    SslContext context{::SSL_CTX_new(::TLS_server_method()), SslFree{}};
    if (!context) return tls_error("new TLS context");
    auto* const raw = context.get();
    ::SSL_CTX_set_options(
        raw,
        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
            SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF
    );
    // An idle connection then holds a few kilobytes instead of forty.
    ::SSL_CTX_set_mode(
        raw,
        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    );
    ::SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    if (::SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1 ||
        ::SSL_CTX_set_cipher_list(raw, ciphers_1_2) != 1 ||
        ::SSL_CTX_set_ciphersuites(raw, ciphers_1_3) != 1 ||
        ::SSL_CTX_set1_groups_list(raw, groups) != 1)
        return tls_error("TLS settings");
    ::SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
    ECLUSE_TRY(use_chain(raw, chain_pem));
    std::unique_ptr<EVP_PKEY, PemFree> const key{
        ::PEM_read_bio_PrivateKey(reader(key_pem).get(), nullptr, nullptr, nullptr)};
    if (!key || ::SSL_CTX_use_PrivateKey(raw, key.get()) != 1 ||
        ::SSL_CTX_check_private_key(raw) != 1)
        return tls_error("use the private key");
    return context;
}

Ssl new_tls(SSL_CTX* context, int socket)
{
    Ssl ssl{::SSL_new(context)};
    if (!ssl || ::SSL_set_fd(ssl.get(), socket) != 1) return {};
    ::SSL_set_accept_state(ssl.get());
    return ssl;
}

} // namespace ecluse::web
