#pragma once

#include "common/result.h"
#include "policies/journal/journal.h"

#include <optional>
#include <string>
#include <string_view>

/// Heads of the journal in a folder outside the gateway's state (docs/formats/journal.md, §10).
/// Only they show that journal and database were put back together to an earlier day.
namespace ecluse {

struct WitnessedHead {
    std::string chain;
    JournalHead head;
    std::string utc;
    friend bool operator==(WitnessedHead const& one, WitnessedHead const& other)
    {
        return one.chain == other.chain && one.head.sequence == other.head.sequence &&
               one.head.link == other.head.link;
    }
};
/// "J-… 123 <link> 2026-11-28T02:00:00.000Z", without its line end.
[[nodiscard]] std::string to_line(WitnessedHead const& witnessed);
[[nodiscard]] Result<WitnessedHead> parse_witnessed_head(std::string_view line);

/// The last whole line of the witness; nothing when this folder has none.
[[nodiscard]] Result<std::optional<WitnessedHead>> last_witnessed(std::string const& folder);
/// Adds a line and syncs; what stands there is never changed.
Result<> append_witnessed(std::string const& folder, WitnessedHead const& witnessed);
/// Whether this line is in the journal of `journal_folder`, or in one set aside there.
[[nodiscard]] Result<bool>
knows_head(std::string const& journal_folder, WitnessedHead const& witnessed);

} // namespace ecluse
