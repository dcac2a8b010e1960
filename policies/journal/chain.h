#pragma once

#include "common/fd.h"
#include "policies/journal/line.h"

#include <optional>
#include <string>
#include <string_view>

namespace ecluse {

/// Lines of a file one by one, in bounded memory.
class LineReader {
public:
    /// From the descriptor's current position.
    explicit LineReader(int fd) : fd_{fd} {}

    /// Without its line end; nothing at the end of the file. A longer line is `malformed`.
    [[nodiscard]] Result<std::optional<std::string>> next(std::size_t bytes_max);
    /// Bytes of whole lines given so far.
    [[nodiscard]] std::int64_t whole_bytes() const { return whole_bytes_; }
    /// After the end: the file's last bytes had no line end.
    [[nodiscard]] bool is_torn() const { return is_torn_; }

private:
    int fd_;
    std::string buffer_;
    std::size_t start_ = 0;
    std::int64_t whole_bytes_ = 0;
    bool at_end_ = false;
    bool is_torn_ = false;
};

/// Walks along the links: each line must continue the one before.
class ChainWalk {
public:
    /// From a file's first line.
    [[nodiscard]] static Result<ChainWalk> from_header(std::string_view line);
    /// From a line in the middle, believed as it stands.
    [[nodiscard]] static Result<ChainWalk>
    from_line(JournalHeader const& header, std::string_view line);

    [[nodiscard]] Result<JournalLine> advance(std::string_view line);

    [[nodiscard]] JournalHeader const& header() const { return header_; }
    /// Of the last event; `header().first - 1` before the first.
    [[nodiscard]] std::int64_t sequence() const { return sequence_; }
    [[nodiscard]] std::string const& link() const { return link_; }

private:
    JournalHeader header_;
    std::int64_t sequence_ = 0;
    std::string link_;
};

} // namespace ecluse
