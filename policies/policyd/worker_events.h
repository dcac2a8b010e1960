#pragma once

#include "common/result.h"
#include "policies/core/decide.h"

#include <boost/json/object.hpp>

#include <string>

namespace ecluse::policyd {

/// A worker's `event` (docs/requests.md §3.2 and §3bis), read strictly: each door has its own.
struct WorkerEvent {
    std::string type;    // of the journal: "command.exec", "transfer.up", …
    std::string outcome; // short, never what was typed
    boost::json::object detail;
    bool target_ready = false; // the target accepted: no more signature is needed
};
[[nodiscard]] Result<WorkerEvent>
read_worker_event(boost::json::object const& object, Protocol protocol);

} // namespace ecluse::policyd
