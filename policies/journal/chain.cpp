#include "policies/journal/chain.h"

#include <cerrno>
#include <unistd.h>

namespace ecluse {

Result<std::optional<std::string>> LineReader::next(std::size_t bytes_max)
{
    for (;;) {
        auto const end = buffer_.find('\n', start_);
        if (end != std::string::npos) {
            auto line = buffer_.substr(start_, end - start_);
            start_ = end + 1;
            if (line.size() > bytes_max) return Error{Errc::malformed, "line too long"};
            whole_bytes_ += static_cast<std::int64_t>(line.size()) + 1;
            return std::optional{std::move(line)};
        }
        if (at_end_) {
            is_torn_ = start_ < buffer_.size();
            return std::optional<std::string>{};
        }
        if (buffer_.size() - start_ > bytes_max) return Error{Errc::malformed, "line too long"};
        buffer_.erase(0, start_);
        start_ = 0;
        char chunk[65536];
        auto const got = ::read(fd_, chunk, sizeof chunk);
        if (got < 0 && errno != EINTR) return os_error("read");
        if (got == 0) at_end_ = true;
        if (got > 0) buffer_.append(chunk, static_cast<std::size_t>(got));
    }
}

Result<ChainWalk> ChainWalk::from_header(std::string_view line)
{
    ChainWalk walk;
    walk.header_ = ECLUSE_TRY(parse_journal_header(line));
    walk.sequence_ = walk.header_.first - 1;
    walk.link_ = first_link(line);
    return walk;
}

Result<ChainWalk> ChainWalk::from_line(JournalHeader const& header, std::string_view line)
{
    auto const read = ECLUSE_TRY(parse_journal_line(line));
    ChainWalk walk;
    walk.header_ = header;
    walk.sequence_ = read.sequence;
    walk.link_ = read.link;
    return walk;
}

Result<JournalLine> ChainWalk::advance(std::string_view line)
{
    auto read = ECLUSE_TRY(parse_journal_line(line));
    auto const expected = read.is_checkpoint ? sequence_ : sequence_ + 1;
    if (read.sequence != expected)
        return Error{
            Errc::corrupt,
            "sequence " + std::to_string(read.sequence) + " where " + std::to_string(expected) +
                " must stand"};
    if (read.link != next_link(link_, text_before_link(read)))
        return Error{Errc::corrupt, "link does not continue the line before"};
    sequence_ = read.sequence;
    link_ = read.link;
    return read;
}

} // namespace ecluse
