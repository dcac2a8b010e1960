#pragma once

#include "common/fd.h"
#include "common/loop.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ecluse::policyd {

/// A TCP connection to one declared target, without ever blocking the loop. `done` is called once,
/// in a later turn, with the connected non-blocking socket or why not; dropping the returned handle
/// gives up silently.
class Dial {
public:
    using Done = std::function<void(Result<Fd>)>;
    [[nodiscard]] static std::shared_ptr<Dial> start(
        Loop& loop, std::string host, std::uint16_t port, std::chrono::milliseconds limit, Done done
    );

    Dial(Loop& loop, Done done) : loop_{loop}, done_{std::move(done)} {}

private:
    struct Place;
    void connect_next();
    void writable();
    void finish(Result<Fd> result);

    Loop& loop_;
    Done done_;
    std::shared_ptr<Place> place_;
    Fd socket_;
    Loop::Watch ready_, limit_;
    std::weak_ptr<Dial> self_;
};

} // namespace ecluse::policyd
