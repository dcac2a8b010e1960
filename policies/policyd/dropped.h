#pragma once

#include "common/time.h"

#include <cstdint>
#include <map>
#include <string>

namespace ecluse::policyd {

struct Context;

/// Connections dropped before any byte: many become few journal entries, so that a flood cannot
/// fill the journal and still leaves its trace. WEB:TR1.
class Dropped {
public:
    static constexpr std::chrono::seconds period{10};
    /// Addresses told one by one in a period; the others are one entry with their number.
    static constexpr std::size_t addresses_max = 64;

    void
    add(std::string const& door, std::string const& address, std::string const& reason, std::int64_t count);
    /// Journals what waits, at most once in a period.
    void tick(Context& context);
    void flush(Context& context);

private:
    struct Counted {
        std::string reason;
        std::int64_t count = 0;
    };
    std::map<std::pair<std::string, std::string>, Counted> waiting_;
    std::map<std::string, std::int64_t> others_;
    Deadline flushed_at_{};
};

} // namespace ecluse::policyd
