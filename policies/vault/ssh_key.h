#pragma once

#include "common/result.h"
#include "common/secret.h"

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ecluse {

/// A private key for SSH: ours for the front door, or the one of a target account.
class SshKey {
public:
    enum class Kind { ed25519, rsa, ecdsa_p256, ecdsa_p384, ecdsa_p521 };

    [[nodiscard]] static Result<SshKey> generate_ed25519();
    /// 3072 bits; takes up to a second.
    [[nodiscard]] static Result<SshKey> generate_rsa();
    /// PEM (PKCS#8, PKCS#1, SEC1) or OpenSSH's own format, without passphrase (`refused` when it
    /// has one); RSA from 2048 to 8192 bits. The public half must be the private half's.
    [[nodiscard]] static Result<SshKey> parse(std::string_view text);

    [[nodiscard]] Kind kind() const { return kind_; }
    /// "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"…
    [[nodiscard]] std::string type() const;
    /// SSH's encoding of the public key.
    [[nodiscard]] std::string public_blob() const;
    /// "ssh-ed25519 AAAA…", no comment.
    [[nodiscard]] std::string public_line() const;
    /// "SHA256:…", as ssh-keygen -l shows it.
    [[nodiscard]] std::string fingerprint() const;
    /// OpenSSH's own format, which libssh and ssh-keygen read.
    [[nodiscard]] Secret private_text() const;

    /// A signature blob as the agent protocol gives it. `agent_flags`: 2 = rsa-sha2-256, 4 =
    /// rsa-sha2-512; an RSA key asked without either (SHA-1) is refused.
    [[nodiscard]] Result<std::string>
    sign(std::string_view data, std::uint32_t agent_flags = 0) const;

private:
    using Key = std::shared_ptr<EVP_PKEY>;
    SshKey(Kind kind, Key key) : kind_{kind}, key_{std::move(key)} {}
    [[nodiscard]] static Result<SshKey> of(EVP_PKEY* key);
    [[nodiscard]] static Result<SshKey> parse_openssh(std::string_view text);
    [[nodiscard]] static Result<SshKey> parse_private_section(std::string_view section);

    Kind kind_;
    Key key_;
};

} // namespace ecluse
