#pragma once

#include "common/loop.h"
#include "policies/journal/journal.h"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// What sessions do, on its way to the journal and to the rows that reports are made from. Written
/// a few times a second: each event on its own would be a synced write that 200 of them a second
/// cannot afford.
class EventLog {
public:
    static constexpr std::chrono::milliseconds period{100};
    /// What the journal takes in one transaction.
    static constexpr std::size_t batch_max = 256;

    void start(Context& context);
    /// `event` goes to the journal, `detail` (which may hold what was typed) into a sealed row.
    void
    add(std::string const& session,
        std::string_view type,
        boost::json::object event,
        boost::json::object const& detail);
    /// Now: at the end of a session and of the service.
    void flush();

private:
    struct Waiting {
        Journal::Entry entry;
        std::string session, sealed;
    };
    [[nodiscard]] Result<> write(std::vector<Waiting> const& batch);

    Context* context_ = nullptr;
    Loop::Watch flushing_;
    std::vector<Waiting> waiting_;
};

} // namespace ecluse::policyd
