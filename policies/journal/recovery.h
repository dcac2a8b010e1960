#pragma once

#include "policies/journal/journal.h"
#include "policies/journal/line.h"

#include <string>
#include <vector>

/// Inside ecluse::journal only: what stands in the folder at start, judged against the database.
namespace ecluse {

/// Bounds one batch, and so how many lines a crash can owe to the file.
constexpr std::size_t journal_batch_max = 256;

struct JournalRow {
    std::int64_t sequence = 0;
    std::string utc;
    std::string type;
    std::optional<std::string> salt; // absent once erased
    std::optional<std::string> event;
};
/// At most `count_max` rows from `first` on, in order.
[[nodiscard]] Result<std::vector<JournalRow>>
journal_rows(Database& database, std::int64_t first, std::size_t count_max);

[[nodiscard]] std::string journal_path(std::string const& folder);
[[nodiscard]] std::string witness_path(std::string const& folder);

/// Which chain the database says it belongs to.
[[nodiscard]] Result<std::optional<JournalHeader>> chain_of(Database& database);
Result<> set_chain(Database& database, JournalHeader const& header);

struct JournalState {
    JournalHeader header;
    JournalHead head;
    bool ends_with_checkpoint = false;
    std::int64_t whole_bytes = 0; // the file must end here: what follows is torn
    std::int64_t torn_bytes = 0;
    std::vector<JournalRow> missing; // committed, and not yet in the file
};
/// `corrupt` when the file, the witness and the database cannot come from one history.
[[nodiscard]] Result<JournalState> examine_journal(std::string const& folder, Database& database);

/// What can be said of a journal that `examine_journal` refuses: for the one who acknowledges.
struct JournalRemains {
    std::string chain;         // "" when unreadable
    JournalHead file;          // the last line that reads
    std::int64_t database = 0; // last sequence
    std::string witness;       // its line, or ""
    std::int64_t witness_sequence = 0;
    std::string file_sha256; // "" when there is no file
};
[[nodiscard]] Result<JournalRemains> remains_of(std::string const& folder, Database& database);

} // namespace ecluse
