#pragma once

#include "common/fd.h"
#include "common/loop.h"
#include "policies/policyd/agent.h"

#include <memory>
#include <utility>

namespace ecluse::policyd {

/// An Agent on a stream socket, for as long as its session needs it.
class AgentServer {
public:
    /// The server and the worker's end.
    [[nodiscard]] static Result<std::pair<std::unique_ptr<AgentServer>, Fd>>
    start(Loop& loop, Agent agent);
    AgentServer(Loop& loop, Fd fd, Agent agent);
    void close();

private:
    void readable();

    Fd fd_;
    Agent agent_;
    Loop::Watch watch_;
};

} // namespace ecluse::policyd
