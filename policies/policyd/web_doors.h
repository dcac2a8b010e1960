#pragma once

#include "common/loop.h"
#include "policies/journal/journal.h"
#include "policies/policyd/role.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace ecluse::policyd {

struct Context;
class WebRole;

/// What the connections of the two ecluse-web instances share: who reads live lists, and whose
/// session ended meanwhile.
class WebDoors {
public:
    /// Changes are told together, so that a burst is one reading of a list.
    static constexpr std::chrono::milliseconds gather{200};
    /// How soon idleness and the term of a session close a page that only listens.
    static constexpr std::chrono::seconds recheck_period{5};

    /// From now on each journaled event is a change that pages hear of.
    void start(Context& context);
    void add(WebRole* role) { roles_.insert(role); }
    void remove(WebRole* role) { roles_.erase(role); }
    /// Looks again whether each session is still one, in a later turn of the loop: sessions end
    /// inside transactions.
    void recheck();

    struct Listening {
        std::string host; // empty: every address
        std::int64_t port = 0;
    };
    /// The instance of this door asks again for what it was told, its certificate too.
    void greet_again(std::string_view door);
    /// A listener said where it is: for whoever asks how to connect.
    void note_listener(std::string const& door, Listening where);
    [[nodiscard]] std::optional<Listening> listening(std::string const& door) const;

private:
    void note(Journal::Entry const& entry);
    void tell();
    void recheck_now();

    Context* context_ = nullptr;
    std::set<WebRole*> roles_;
    struct Change {
        std::string kind, vendor; // vendor empty: nobody's in particular
        friend auto operator<=>(Change const&, Change const&) = default;
    };
    std::set<Change> changes_;
    std::map<std::string, Listening> listening_;
    bool recheck_waits_ = false;
    Loop::Watch telling_, rechecking_;
};

/// What may be asked on this door's socket: the rows of admin-web/routes.tsv that are this door's,
/// taken from the operator's table, and the connection's own.
void fill_web_table(RequestTable& table, RequestTable const& all, std::string_view door);

} // namespace ecluse::policyd
