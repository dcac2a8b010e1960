#pragma once

#include "common/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Checks a journal without the gateway: docs/formats/journal.md. The same is done by
/// policies/journal/verifier-journal.sh with openssl and sha256sum alone.
namespace ecluse {

struct JournalEvidence {
    std::string log_path;
    std::string certificate_pem; // of the evidence key
    /// Salts and events; without it, only the chain is judged.
    std::optional<std::string> export_path;
    /// A head noted outside: a report, a mail, a witness.
    struct Head {
        std::int64_t sequence = 0;
        std::string link;
    };
    std::optional<Head> known_head;
};

struct JournalFault {
    std::int64_t line = 0; // of journal.log, from 1; 0: the file as a whole
    std::string what;
};

struct JournalVerdict {
    std::vector<JournalFault> faults; // the first hundred; empty: intact
    std::string chain;
    std::int64_t events = 0;
    std::int64_t checkpoints = 0;
    std::int64_t erased = 0;        // events erased at term
    std::int64_t last_sequence = 0; // of the last event
    std::string last_link;
    std::int64_t signed_sequence = 0; // up to here a checkpoint vouches
};

/// An error only when a file cannot be read; everything else is a fault in the verdict.
[[nodiscard]] Result<JournalVerdict> verify_journal(JournalEvidence const& evidence);

/// One line of the export, without its end; neither salt nor event once erased.
[[nodiscard]] std::string journal_export_line(
    std::int64_t sequence,
    std::optional<std::string> const& salt,
    std::optional<std::string> const& event
);

} // namespace ecluse
