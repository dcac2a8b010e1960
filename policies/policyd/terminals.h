#pragma once

#include "policies/policyd/tickets.h"

#include <functional>
#include <map>
#include <string>

namespace ecluse::policyd {

struct Context;

/// Terminals in browsers: the tickets by which a page opens one, and the logins that those which
/// run stand on.
class Terminals {
public:
    [[nodiscard]] Tickets& tickets() { return tickets_; }

    /// `over` is called once the login is: the person logged out, logged in elsewhere, or may not
    /// any more. Idleness of the portal does not end a terminal, which has a limit of its own.
    void add(void const* worker, std::string login_sha256, std::function<void()> over);
    void remove(void const* worker) { open_.erase(worker); }
    void recheck(Context& context);

private:
    struct Open {
        std::string login_sha256;
        std::function<void()> over;
    };
    Tickets tickets_;
    std::map<void const*, Open> open_;
};

} // namespace ecluse::policyd
