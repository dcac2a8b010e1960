#pragma once

#include "common/packet.h"
#include "common/secret.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/tickets.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::policyd {

/// Who sits before a worker that policyd had started for a browser: a person who proved both
/// factors in the portal, and ecluse-terminal, which logs in for him with a word that opens this
/// one connection once (docs/decisions/0026). A connection without a seat knows no such word.
class BrowserSeat {
public:
    BrowserSeat(Accepted person, TicketUse use, PacketSocket terminal)
        : person_{std::move(person)}, use_{std::move(use)}, terminal_{std::move(terminal)}
    {
    }

    /// The first packet: "login+asset+account", the word, the door's keys.
    Result<> say_orders(std::string const& login, std::vector<std::string> const& host_keys);
    /// The person, when this is the word and it was not used; it is used up either way.
    [[nodiscard]] std::optional<Accepted> log_in(std::string_view login, Secret const& word);

    [[nodiscard]] TicketUse const& use() const { return use_; }
    /// For the page, which shows it beside the terminal. What cannot be said is lost: a terminal
    /// that does not listen has no reader either.
    void say(boost::json::object const& notice) const;

private:
    Accepted person_;
    TicketUse use_;
    PacketSocket terminal_;
    std::string word_sha256_; // empty: used
};

} // namespace ecluse::policyd
