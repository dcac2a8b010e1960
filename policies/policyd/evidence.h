#pragma once

#include "policies/store/database.h"
#include "policies/vault/evidence_key.h"
#include "policies/vault/vault.h"

#include <string>

namespace ecluse::policyd {

/// The gateway's evidence key, made at the very first start and sealed in the table `secret`.
struct Evidence {
    EvidenceKey key;
    bool created = false; // just now: the caller journals it
};
[[nodiscard]] Result<Evidence>
load_evidence(Database& database, Vault const& vault, std::string const& site, UtcTime now);

} // namespace ecluse::policyd
