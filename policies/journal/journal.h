#pragma once

#include "common/fd.h"
#include "common/result.h"
#include "common/time.h"
#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The evidence of every act: a chained text file outside SQLite (docs/formats/journal.md), whose
/// lines commit to salted event JSON kept in SQLite, so that personal data can be erased at term
/// while the chain still verifies. WEB:TR1–TR3, CHM:8.14.
namespace ecluse {

struct JournalHead {
    std::int64_t sequence = 0; // 0: empty
    std::string link;          // hex
};
struct WitnessedHead; // witness.h

class Journal {
public:
    /// Signs the text of a checkpoint line with the evidence key; returns DER.
    using Signer = std::function<Result<std::string>(std::string_view)>;

    /// Opens or creates `folder`/journal.log, verifies its tail against the database: rows
    /// committed just before a crash get their lines; a file that is ahead of the database, or
    /// differs, is `corrupt` (a restored backup: vendor sessions stay refused until acknowledged).
    /// `database` stays the caller's, at its place, longer than the journal.
    [[nodiscard]] static Result<Journal>
    open(std::string const& folder, Database& database, Signer signer);
    /// Who accepts that the journal, the witness and the database do not come from one history.
    struct Acknowledgement {
        UtcMillis at;
        std::string actor;
        std::string source;
        std::string reason;
        /// What a witness outside the state remembers, as it says it (witness.h); or nothing.
        std::string witnessed_outside = {};
        std::string factors = {};
    };
    /// After `open` said `corrupt`: sets the old file and witness aside (kept, never changed),
    /// starts a new chain whose first event, "anomaly.rollback", holds the reason and all heads
    /// known.
    [[nodiscard]] static Result<Journal> acknowledge_rollback(
        std::string const& folder, Database& database, Signer signer, Acknowledgement const& by
    );
    /// The same on the journal that is open, where only an outside witness knows better. A failure
    /// stops the journal.
    Result<> acknowledge_rollback(Acknowledgement const& by);
    Journal(Journal&&) noexcept;
    Journal& operator=(Journal&&) noexcept;
    ~Journal();

    /// Runs `work` and records `type` + `event` in ONE database transaction, then appends the line
    /// and syncs: when this returns success, the act and its evidence are both on disk. `work`
    /// failing leaves neither. When the line cannot be written the row is there, and the line
    /// follows at the next start; until then every call fails: the caller refuses everything.
    /// `event` gets "actor", "source", "object", "outcome" from the caller.
    Result<std::int64_t> record(
        UtcMillis at,
        std::string_view type,
        boost::json::object const& event,
        std::function<Result<>()> const& work = nullptr
    );
    struct Entry {
        UtcMillis at;
        std::string type;
        std::string event; // JSON text
    };
    /// Many events, at most 256, one transaction, one sync.
    Result<> record_all(std::vector<Entry> const& entries);
    /// Told of each event after it is on disk, in the same turn; one observer.
    void on_record(std::function<void(Entry const&)> observer);
    /// A signed line now: each session end, every 5 min with activity, daily.
    Result<> checkpoint(UtcMillis at);
    /// Told of each checkpoint after it is on disk, in the same turn; one observer.
    void on_checkpoint(std::function<void(WitnessedHead const&)> observer);
    [[nodiscard]] JournalHead head() const;
    [[nodiscard]] std::string const& chain() const;
    /// Of the chain's first event: earlier ones stand in files set aside.
    [[nodiscard]] std::int64_t first() const;
    [[nodiscard]] bool has_changed_since_checkpoint() const;

private:
    struct Impl;
    explicit Journal(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// The types that may be recorded; an unknown type is a bug and is refused. One table, shown by
/// `eclusectl journal types` (CLAUSIER:O-6.1).
struct JournalType {
    std::string_view name; // "window.approved"
    std::string_view french;
};
[[nodiscard]] std::vector<JournalType> const& journal_types();

} // namespace ecluse
