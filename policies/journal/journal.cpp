#include "policies/journal/journal.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/journal/recovery.h"
#include "policies/journal/witness.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace ecluse {

namespace {

constexpr std::size_t salt_bytes = 32;
/// As much as one packet may carry.
constexpr std::size_t event_bytes_max = 64 * 1024;

bool is_known(std::string_view type)
{
    auto const& types = journal_types();
    return std::any_of(types.begin(), types.end(), [&](auto const& t) { return t.name == type; });
}

Result<> check(Journal::Entry const& entry)
{
    if (!is_known(entry.type)) return Error{Errc::refused, "unknown journal type " + entry.type};
    if (entry.event.size() > event_bytes_max)
        return Error{Errc::too_large, "journal event " + entry.type};
    return {};
}

Result<Fd> open_for_append(std::string const& folder)
{
    Fd fd{::open(journal_path(folder).c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd) return os_error("open journal.log");
    return fd;
}

/// The name of what is set aside must be new: what it would replace is evidence too.
Result<> set_aside(std::string const& folder, std::string const& name, std::string const& mark)
{
    auto const from = folder + "/" + name;
    auto const to = from + "." + mark;
    if (link(from.c_str(), to.c_str()) != 0) {
        if (errno == ENOENT) return {};
        return os_error("set aside " + from);
    }
    if (unlink(from.c_str()) != 0) return os_error("set aside " + from);
    return {};
}

} // namespace

struct Journal::Impl {
    std::string folder;
    Database* database = nullptr;
    Signer signer;
    Fd file;
    JournalHeader header;
    JournalHead head;
    bool changed = false;
    std::optional<Error> failed;
    std::function<void(Entry const&)> observer;
    std::function<void(WitnessedHead const&)> checkpoint_observer;

    /// A failed write or sync is final: nobody knows what is on disk.
    Result<> append(std::string const& lines)
    {
        auto written = write_all(file.get(), lines);
        if (written && fdatasync(file.get()) != 0) written = os_error("sync");
        if (!written) return stop(written.error());
        return {};
    }

    Error stop(Error const& error)
    {
        failed = error.within("journal stopped");
        log(LogLevel::error, failed->what);
        return *failed;
    }

    Result<> append_rows(std::vector<JournalRow> const& rows)
    {
        std::string lines;
        auto next = head;
        for (auto const& row : rows) {
            JournalLine line{
                .sequence = row.sequence,
                .utc = row.utc,
                .type = row.type,
                .commitment = commitment_of(*row.salt, *row.event),
                .signature = {},
                .link = {}};
            line.link = next_link(next.link, text_before_link(line));
            lines += to_line(line) + "\n";
            next = {line.sequence, line.link};
        }
        ECLUSE_TRY(append(lines));
        head = next;
        changed = true;
        return {};
    }

    Result<> insert(std::vector<JournalRow> const& rows, std::vector<Entry> const& entries)
    {
        for (std::size_t i = 0; i < rows.size(); ++i)
            ECLUSE_TRY(database->run(
                "INSERT INTO journal_event(sequence, at_ms, type, salt, event) "
                "VALUES ($1, $2, $3, $4, $5)",
                {rows[i].sequence,
                 std::int64_t{entries[i].at.time_since_epoch().count()},
                 rows[i].type,
                 Blob{*rows[i].salt},
                 *rows[i].event}
            ));
        return {};
    }

    Result<std::vector<JournalRow>> rows_for(std::vector<Entry> const& entries) const
    {
        if (entries.size() > journal_batch_max)
            return Error{Errc::too_large, "too many journal events at once"};
        std::vector<JournalRow> rows;
        for (auto const& entry : entries) {
            ECLUSE_TRY(check(entry));
            rows.push_back(
                {.sequence = head.sequence + static_cast<std::int64_t>(rows.size()) + 1,
                 .utc = to_iso(entry.at),
                 .type = entry.type,
                 .salt = random_bytes(salt_bytes),
                 .event = entry.event}
            );
        }
        return rows;
    }

    Result<> record(std::vector<Entry> const& entries, std::function<Result<>()> const& work)
    {
        if (failed) return *failed;
        auto const rows = ECLUSE_TRY(rows_for(entries));
        auto const committed = database->transaction([&]() -> Result<> {
            if (work) ECLUSE_TRY(work());
            return insert(rows, entries);
        });
        if (!committed) return committed;
        ECLUSE_TRY(append_rows(rows));
        if (observer)
            for (auto const& entry : entries)
                observer(entry);
        return {};
    }

    Result<> checkpoint(UtcMillis at)
    {
        if (failed) return *failed;
        JournalLine line{
            .is_checkpoint = true,
            .sequence = head.sequence,
            .utc = to_iso(at),
            .type = {},
            .commitment = {},
            .signature = {},
            .link = {}};
        auto const text = checkpoint_text(header.chain, head.sequence, line.utc, head.link);
        auto const signature = signer(text);
        if (!signature) return signature.error().within("sign checkpoint");
        line.signature = to_base64(*signature);
        line.link = next_link(head.link, text_before_link(line));
        // What cannot be read back must not be written: the next start would refuse the file.
        ECLUSE_TRY(parse_journal_line(to_line(line)));
        ECLUSE_TRY(append(to_line(line) + "\n"));
        auto const kept = write_file_durably(witness_path(folder), to_line(line) + "\n");
        if (!kept) return stop(kept.error());
        head.link = line.link;
        changed = false;
        if (checkpoint_observer) checkpoint_observer({header.chain, head, line.utc});
        return {};
    }

    /// A new chain: its name and first events in the database first, then the file, so that a crash
    /// between the two is seen at the next start.
    Result<> create(JournalHeader const& wanted, std::vector<Entry> const& entries)
    {
        header = wanted;
        head = {header.first - 1, first_link(to_line(header))};
        auto const rows = ECLUSE_TRY(rows_for(entries));
        auto const committed = database->transaction([&]() -> Result<> {
            ECLUSE_TRY(set_chain(*database, header));
            return insert(rows, entries);
        });
        if (!committed) return committed;
        ECLUSE_TRY(write_file_durably(journal_path(folder), to_line(header) + "\n"));
        file = ECLUSE_TRY(open_for_append(folder));
        if (!rows.empty()) ECLUSE_TRY(append_rows(rows));
        return {};
    }

    Result<> resume(JournalState const& state)
    {
        header = state.header;
        head = state.head;
        changed = !state.ends_with_checkpoint;
        file = ECLUSE_TRY(open_for_append(folder));
        if (state.torn_bytes > 0) {
            if (ftruncate(file.get(), state.whole_bytes) != 0 || fsync(file.get()) != 0)
                return os_error("cut the torn line of journal.log");
        }
        if (!state.missing.empty()) ECLUSE_TRY(append_rows(state.missing));
        if (state.torn_bytes == 0 && state.missing.empty()) return {};
        json::object const event{
            {"actor", "system"},
            {"source", nullptr},
            {"object", header.chain},
            {"outcome", "recovered"},
            {"torn_bytes", state.torn_bytes},
            {"lines_written", state.missing.size()}};
        return record({{utc_now(), "journal.recovered", json::serialize(event)}}, nullptr);
    }
};

Journal::Journal(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<Journal> Journal::open(std::string const& folder, Database& database, Signer signer)
{
    auto state = examine_journal(folder, database);
    if (!state) return state.error().within("open journal " + folder);
    auto impl = std::make_unique<Impl>();
    impl->folder = folder;
    impl->database = &database;
    impl->signer = std::move(signer);
    auto const ready =
        state->head.link.empty() ? impl->create(state->header, {}) : impl->resume(*state);
    if (!ready) return ready.error().within("open journal " + folder);
    return Journal{std::move(impl)};
}

Result<Journal> Journal::acknowledge_rollback(
    std::string const& folder, Database& database, Signer signer, Acknowledgement const& by
)
{
    auto const remains = ECLUSE_TRY(remains_of(folder, database));
    std::int64_t outside = 0;
    if (auto const known = parse_witnessed_head(by.witnessed_outside))
        outside = known->head.sequence;
    auto const last =
        std::max({remains.file.sequence, remains.database, remains.witness_sequence, outside});
    auto impl = std::make_unique<Impl>();
    impl->folder = folder;
    impl->database = &database;
    impl->signer = std::move(signer);
    JournalHeader const header{random_id('J'), last + 1};
    ECLUSE_TRY(set_aside(folder, "journal.log", header.chain));
    ECLUSE_TRY(set_aside(folder, "head.witness", header.chain));
    json::object event{
        {"actor", by.actor},
        {"source", by.source},
        {"object", header.chain},
        {"outcome", "acknowledged"},
        {"reason", by.reason},
        {"chain_before", remains.chain},
        {"set_aside", "journal.log." + header.chain},
        {"file_sha256", remains.file_sha256},
        {"file_sequence", remains.file.sequence},
        {"file_link", remains.file.link},
        {"database_sequence", remains.database},
        {"witness", remains.witness},
        {"witnessed_outside", by.witnessed_outside}};
    if (!by.factors.empty()) event["factors"] = by.factors;
    ECLUSE_TRY(impl->create(header, {{by.at, "anomaly.rollback", json::serialize(event)}}));
    Journal journal{std::move(impl)};
    ECLUSE_TRY(journal.checkpoint(by.at));
    return journal;
}

Result<> Journal::acknowledge_rollback(Acknowledgement const& by)
{
    if (impl_->failed) return *impl_->failed;
    auto fresh = acknowledge_rollback(impl_->folder, *impl_->database, impl_->signer, by);
    // Half done, nobody knows which file is the journal: the next start says so.
    if (!fresh) return impl_->stop(fresh.error());
    fresh->impl_->observer = std::move(impl_->observer);
    fresh->impl_->checkpoint_observer = std::move(impl_->checkpoint_observer);
    impl_ = std::move(fresh->impl_);
    return {};
}

Result<std::int64_t> Journal::record(
    UtcMillis at,
    std::string_view type,
    boost::json::object const& event,
    std::function<Result<>()> const& work
)
{
    ECLUSE_TRY(impl_->record({{at, std::string{type}, json::serialize(event)}}, work));
    return impl_->head.sequence;
}

Result<> Journal::record_all(std::vector<Entry> const& entries)
{
    if (entries.empty()) return {};
    return impl_->record(entries, nullptr);
}

void Journal::on_record(std::function<void(Entry const&)> observer)
{
    impl_->observer = std::move(observer);
}

void Journal::on_checkpoint(std::function<void(WitnessedHead const&)> observer)
{
    impl_->checkpoint_observer = std::move(observer);
}

Result<> Journal::checkpoint(UtcMillis at)
{
    return impl_->checkpoint(at);
}

JournalHead Journal::head() const
{
    return impl_->head;
}

std::string const& Journal::chain() const
{
    return impl_->header.chain;
}

std::int64_t Journal::first() const
{
    return impl_->header.first;
}

bool Journal::has_changed_since_checkpoint() const
{
    return impl_->changed;
}

} // namespace ecluse
