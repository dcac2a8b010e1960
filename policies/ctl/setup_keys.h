#pragma once

#include "common/result.h"
#include "common/secret.h"

#include <string>

namespace ecluse::ctl {

/// A pair whose private half leaves the machine: the certificate stays, the PKCS#12 goes to the
/// person's safe.
struct KeyPair {
    std::string certificate; // PEM
    std::string pkcs12;      // DER, opened by the passphrase only
};

/// EC P-384, valid twenty years: recordings outlive the people who made them.
[[nodiscard]] Result<KeyPair>
make_key_pair(std::string const& common_name, Secret const& passphrase);

} // namespace ecluse::ctl
