#pragma once

#include "common/fd.h"
#include "common/result.h"

#include <openssl/types.h>

#include <memory>
#include <string_view>

/// TLS as notes on hospitals' reference texts ask: 1.2 and 1.3, forward secrecy, authenticated
/// ciphers, no renegotiation, no compression, no early data (CLAUSIER:O-8.1).
namespace ecluse::web {

struct SslFree {
    void operator()(SSL* ssl) const;
    void operator()(SSL_CTX* context) const;
};
using Ssl = std::unique_ptr<SSL, SslFree>;
using SslContext = std::shared_ptr<SSL_CTX>;

/// From PEM: the chain, this door's first, and its private key.
[[nodiscard]] Result<SslContext> make_tls(std::string_view chain_pem, std::string_view key_pem);
/// The server's side on a connected socket.
[[nodiscard]] Ssl new_tls(SSL_CTX* context, int socket);

} // namespace ecluse::web
