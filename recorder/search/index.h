#pragma once

#include "common/result.h"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace ecluse::recording {

/// What a reader narrows a search by, as policyd knows it; nothing of it is secret to policyd.
struct SessionFacts {
    std::string session, person, person_id, vendor, vendor_id, asset, asset_id, window;
    std::int64_t started_ms = 0;
};
[[nodiscard]] Result<SessionFacts> parse_session_facts(boost::json::object const& object);

struct SearchQuestion {
    std::string words;
    /// Id or name; empty: any.
    std::string person, vendor, asset;
    std::string kind;
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0; // exclusive; 0: no end
    /// Where the page before ended.
    std::size_t after = 0;
};

/// The text of sessions in clear, in memory only (docs/decisions/0025): SQLite's FTS5 without a
/// file. Sessions are found in the order in which they were added.
class SearchIndex {
public:
    /// Of SQLite's memory, all in all. Beyond, nothing more is added, and the index says so.
    static constexpr std::int64_t memory_max = 1400LL * 1024 * 1024;
    static constexpr std::size_t sessions_per_page = 50;
    static constexpr std::size_t hits_per_session = 3;

    [[nodiscard]] static Result<SearchIndex>
    open(std::int64_t memory_max = SearchIndex::memory_max);
    SearchIndex(SearchIndex&&) noexcept;
    SearchIndex& operator=(SearchIndex&&) = delete;
    ~SearchIndex();

    struct Added {
        std::size_t lines = 0;
        bool cut = false; // the text says that it is not whole
    };
    /// `text` as in recorder/text/session_text.h, then lines of the report. `too_large` when the
    /// memory is full: then and afterwards.
    [[nodiscard]] Result<Added>
    add(SessionFacts facts, std::string_view text, std::string_view report);

    /// {"sessions":[{session,…,"hits":[{"at_ms","kind","text":[[words,found],…]}],"more"}],"next"}.
    /// Nothing searchable in the words finds nothing.
    [[nodiscard]] Result<boost::json::object> find(SearchQuestion const& question);

    [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }
    [[nodiscard]] bool is_full() const { return full_; }
    [[nodiscard]] std::int64_t memory() const;

private:
    struct Impl;
    struct Scan;
    explicit SearchIndex(std::unique_ptr<Impl> impl);

    [[nodiscard]] bool
    insert(std::int64_t id, std::uint64_t at_ms, std::string_view kind, std::string_view text);

    std::unique_ptr<Impl> impl_;
    std::vector<SessionFacts> sessions_;
    bool full_ = false;
};

} // namespace ecluse::recording
