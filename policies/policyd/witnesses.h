#pragma once

#include "common/loop.h"
#include "common/result.h"
#include "common/time.h"
#include "policies/journal/witness.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::policyd {

struct Context;

/// Who outside the state folders is told the journal's head at each checkpoint: the system's log,
/// and a folder on another disk. What that folder remembers is compared at each start, and whenever
/// it comes back: a journal that does not know it was put back to an earlier day, with its
/// database, which nothing inside can show (docs/decisions/0024). Nothing here waits for a disk but
/// the first comparison and the last line.
class Witnesses {
public:
    enum class State {
        off,         // no folder is configured
        good,        // compared, and told
        unreachable, // not readable or not writable now: sessions go on, and it is said
        lost,        // the folder is there, its list is not: an unmounted disk looks like this
        rolled_back, // it remembers what we do not know: nobody gets a session
    };

    /// Compares, before anybody is let in.
    void start(Context& context);
    /// Tells what is left to tell, and waits for it.
    void finish();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] bool rolled_back() const { return state_ == State::rolled_back; }
    /// What the folder remembers that the journal does not know, as it says it.
    [[nodiscard]] std::string const& remembered() const { return remembered_; }
    [[nodiscard]] boost::json::object status() const;
    /// The RSSI has answered for it: this history is the one that goes on.
    void begin_anew();

private:
    struct Told;
    struct Work;
    void tell(WitnessedHead const& head);
    void send_to_log(WitnessedHead const& head);
    void next();
    [[nodiscard]] Work work() const;
    void judge(Told told);
    void change(State state, std::string const& why);

    Context* context_ = nullptr;
    State state_ = State::off;
    bool compared_ = false, working_ = false, log_works_ = true;
    std::string remembered_, why_;
    std::deque<WitnessedHead> waiting_; // those being written first
    std::size_t being_written_ = 0;
    Loop::Watch again_;
};
[[nodiscard]] std::string_view to_word(Witnesses::State state);

} // namespace ecluse::policyd
