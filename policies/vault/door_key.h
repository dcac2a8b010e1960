#pragma once

#include "common/result.h"
#include "common/secret.h"
#include "common/time.h"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The key of the RDP front door and the certificate that vendors' clients see: ECDSA P-256, which
/// every mstsc since Windows 10 takes, and which is made at once; an RSA key of 3072 bits takes
/// seconds of a busy machine, while the doors wait.
namespace ecluse {

class DoorKey {
public:
    /// A certificate signed by itself, until the hospital's own authority signs one; two years
    /// from `now`. `names`: host names and addresses, the first also as the common name.
    [[nodiscard]] static Result<DoorKey> create(std::vector<std::string> const& names, UtcTime now);
    /// What `private_pem` and `chain_pem` gave.
    [[nodiscard]] static Result<DoorKey> load(std::string_view private_pem, std::string chain_pem);

    /// The same key under another chain: the door's certificate first, then whoever signed it.
    /// Refuses one of another key, not for servers, not in date at `now`, or signed with SHA-1.
    [[nodiscard]] Result<DoorKey> with_chain(std::string chain_pem, UtcTime now) const;
    /// PKCS#10, for the hospital's authority.
    [[nodiscard]] Result<std::string> signing_request(std::vector<std::string> const& names) const;

    /// PKCS#8, for the vault and the workers.
    [[nodiscard]] Secret private_pem() const;
    [[nodiscard]] std::string const& chain_pem() const { return chain_; }

private:
    using Key = std::shared_ptr<EVP_PKEY>;
    DoorKey(Key key, std::string chain) : key_{std::move(key)}, chain_{std::move(chain)} {}

    Key key_;
    std::string chain_;
};

/// What a person compares and watches, of the first certificate of a chain.
struct CertificateFacts {
    std::string subject; // "CN=acces.chu.example"
    std::string issuer;
    std::string sha256; // of the DER, 64 hexadecimal digits
    UtcTime from, until;
    std::vector<std::string> names; // DNS names and addresses
    bool self_signed = false;
};
[[nodiscard]] Result<CertificateFacts> read_certificate_facts(std::string_view chain_pem);
/// "AB:CD:…", as browsers, mstsc and openssl show it.
[[nodiscard]] std::string spelled_fingerprint(std::string_view sha256_hex);
/// What a person typed or pasted, in that spelling: colons, blanks and case are as each tool likes
/// them. Anything that is not 64 hexadecimal digits (an SSH fingerprint) comes back as it is.
[[nodiscard]] std::string respelled_fingerprint(std::string_view typed);

} // namespace ecluse
