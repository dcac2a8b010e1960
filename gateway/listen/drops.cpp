#include "gateway/listen/drops.h"

#include <algorithm>

namespace ecluse::listen {

std::string_view to_text(DropReason reason)
{
    switch (reason) {
    case DropReason::undeclared:
        return "undeclared";
    case DropReason::source_cap:
        return "source_cap";
    case DropReason::total_cap:
        return "total_cap";
    }
    return "undeclared";
}

void Drops::add(SourceAddress const& address, DropReason reason, Deadline now, UtcTime at)
{
    auto const found = counts_.find({address, reason});
    if (found != counts_.end()) {
        if (found->second.count++ == 0) found->second.since = at;
        return;
    }
    if (counts_.size() >= addresses_max) {
        ++forgotten_;
        return;
    }
    counts_.emplace(std::pair{address, reason}, Count{1, at, now});
}

std::vector<Drops::Report> Drops::take_due(Deadline now)
{
    std::vector<Report> reports;
    for (auto row = counts_.begin(); row != counts_.end();) {
        auto& [key, count] = *row;
        if (count.due > now) {
            ++row;
            continue;
        }
        if (count.count == 0) {
            // A whole period without a drop.
            row = counts_.erase(row);
            continue;
        }
        reports.push_back({key.first, key.second, std::exchange(count.count, 0), count.since});
        count.due = now + period;
        ++row;
    }
    return reports;
}

Deadline Drops::next_due() const
{
    auto due = Deadline::max();
    for (auto const& [key, count] : counts_)
        due = std::min(due, count.due);
    return due;
}

} // namespace ecluse::listen
