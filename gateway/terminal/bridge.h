#pragma once

#include "gateway/terminal/client.h"

#include <string>

namespace ecluse::terminal {

/// Between one page and one SSH session, until either ends. Holds one frame of each direction and
/// nothing more: who does not read stops who writes.
class Bridge {
public:
    /// `page` and `policy` are packets, frames and notices; both become non-blocking.
    Bridge(Client& client, Fd page, PacketSocket policy);

    /// The size that a page says first; nothing when it says something else, or leaves.
    [[nodiscard]] std::optional<Resized> first_size();
    void run();
    /// Whatever policyd still has to say, then the last frame.
    void say_end(std::string_view reason);

private:
    void turn_policy();
    bool turn_output();
    bool turn_input();
    void take(std::string_view packet);
    bool send_pending();
    void sleep();

    Client& client_;
    Fd page_;
    PacketSocket policy_;
    std::string pending_; // a frame for the page
    std::string typed_;   // for the session
    std::size_t unshown_ = 0;
    bool page_left_ = false, broken_ = false;
};

} // namespace ecluse::terminal
