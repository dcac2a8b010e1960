#pragma once

#include "admin-web/server/policy_link.h"
#include "common/text.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

/// One connection to policyd for each browser's session, made when it is needed and dropped when it
/// is quiet: the session itself is policyd's (docs/decisions/0015).
namespace ecluse::web {

class Browsers {
public:
    static constexpr std::size_t links_max = 1500;
    static constexpr std::chrono::seconds quiet_max{60};

    Browsers(boost::asio::io_context& context, std::string socket_path);

    struct Who {
        std::string token;       // empty: nobody yet
        bool automation = false; // the token is no session's
        std::string address;
        std::string origin; // of the page, as its Host says: "https://portal.example"
        Language language = Language::french;
    };
    void
    ask(Who const& who, std::string_view request, boost::json::object fields, PolicyLink::Done done
    );

    /// Whoever was refused needs no connection any more: nobody fills the table with guesses.
    void forget(Who const& who);

    /// A page that listens.
    struct Listener {
        std::function<void(std::string)> send; // one message to the page
        std::function<void()> ended;           // the session is over
        std::function<void()> lost;            // policyd went away: the page tries again
    };
    /// `done` as for `ask`; the listener hears from then on, until it is dropped.
    void listen(Who const& who, std::shared_ptr<Listener> const& listener, PolicyLink::Done done);
    [[nodiscard]] std::size_t count() const { return links_.size(); }

private:
    struct Browser {
        std::shared_ptr<PolicyLink> link;
        std::chrono::steady_clock::time_point used;
        std::set<std::weak_ptr<Listener>, std::owner_less<>> listeners;
    };
    using Key = std::string;

    [[nodiscard]] static Key key_of(Who const& who);
    [[nodiscard]] Result<std::shared_ptr<PolicyLink>> open(Who const& who, PolicyLink::Hooks hooks);
    [[nodiscard]] Result<Browser*> find(Who const& who);
    void pushed(Key const& key, PolicyLink::Reply reply);
    void lost(Key const& key);
    void sweep();

    boost::asio::io_context& context_;
    std::string socket_path_;
    std::map<Key, Browser> links_;
    boost::asio::steady_timer timer_;
};

} // namespace ecluse::web
