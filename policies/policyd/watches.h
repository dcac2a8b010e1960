#pragma once

#include "common/result.h"
#include "common/time.h"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace ecluse::policyd {

struct Caller;
struct Context;
struct LiveSession;

/// Who watches which live session now. The pictures go from the recorder to the viewer and past
/// policyd; the right to them stays here: it ends with the login or the role that gave it.
class Watches {
public:
    /// Of one person at a time: a wall of screens.
    static constexpr std::size_t per_person_max = 8;

    struct Watch {
        std::string session, person, name, source, token_sha256;
        UtcMillis since{};
        bool seen = false; // the recorder has begun
    };

    [[nodiscard]] bool may_begin(std::string_view person) const;
    /// Called before the recorder is asked, once the journal has it.
    void add(std::string const& id, Watch watch);
    /// The recorder serves it: the technician is told, unless somebody watched already.
    void began(Context& context, std::string const& id);
    /// The recorder's word that it is over, or that it could not begin: journaled, the technician
    /// told when nobody watches any more.
    void ended(Context& context, std::string const& id, std::string_view why);
    void recorder_lost(Context& context);
    /// Lets through what the vendor sends, in the sessions of windows that want an escort who
    /// watches, or makes it wait: as is true now. CHM:8.4.
    void settle(Context& context);
    /// Ends what is watched by a login that is over, or by a person who may not any more, and
    /// settles: a role or a presence may have ended without a view's end.
    void recheck(Context& context);

    [[nodiscard]] std::size_t count_on(std::string_view session) const;
    /// [{name, since}], for the hospital's people.
    [[nodiscard]] boost::json::array who_watches(std::string_view session) const;

private:
    [[nodiscard]] Watch const* watching_escort(Context& context, LiveSession const& session) const;

    std::map<std::string, Watch, std::less<>> watches_;
};

/// The DSI and the RSSI watch any session while it lives; the escort named for its window, while
/// declared present, that window's. What cannot be looked up may not.
[[nodiscard]] bool may_watch(Context& context, Caller const& caller, LiveSession const& session);

} // namespace ecluse::policyd
