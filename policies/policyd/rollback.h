#pragma once

#include "common/result.h"
#include "policies/journal/journal.h"
#include "policies/policyd/options.h"

namespace ecluse {
class Vault;
} // namespace ecluse

namespace ecluse::policyd {

/// `--acknowledge-rollback REASON --login LOGIN`: the RSSI, at the machine, accepts that journal
/// and database do not come from one history (a restored backup). Password and code are read from
/// standard input, one a line. What the folder `witness` (may be empty) remembers is acknowledged
/// with it. Until then policyd does not start, so that no session is granted.
Result<> acknowledge_rollback(
    Options const& options,
    std::string const& folder,
    std::string const& witness,
    Database& database,
    Vault const& vault,
    Journal::Signer const& signer
);

} // namespace ecluse::policyd
