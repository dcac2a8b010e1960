#pragma once

#include "common/packet.h"
#include "common/secret.h"
#include "policies/policyd/connection.h"
#include "policies/policyd/operator_session.h"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace ecluse::policyd {

struct Context;

/// One connection of an ecluse-web: the instance itself (its certificate, its limits, what it
/// dropped), or one browser. A browser's connection lives as long as its web process likes; the
/// session is the token's (docs/decisions/0015).
class WebRole {
public:
    /// `door`: "portal" or "console". Another uid than `uid` is turned away.
    static void start(
        Context& context,
        RequestTable const& table,
        PacketSocket socket,
        std::string door,
        unsigned uid
    );
    WebRole(Context& context, std::string door) : context_{context}, door_{std::move(door)} {}
    ~WebRole();
    WebRole(WebRole const&) = delete;
    WebRole& operator=(WebRole const&) = delete;

    [[nodiscard]] bool listens() const { return listens_; }
    [[nodiscard]] std::string const& door() const { return door_; }
    [[nodiscard]] std::string const& vendor() const { return vendor_; }
    void push_changed(std::set<std::string> const& kinds);
    /// The instance's own connection ends: it comes back and is told everything anew.
    void greet_again();
    /// Ends the page when its session is none any more.
    void recheck();

private:
    enum class Kind { none, server, browser };

    void handle(RequestRow const& row, Request request, Answer const& answer);
    void handle_automation(RequestRow const& row, Request request, Answer const& answer);
    void handle_person(RequestRow const& row, Request request, Answer const& answer);
    [[nodiscard]] Answer guarded(Answer const& answer);
    [[nodiscard]] Reply greet_server(Request& request);
    [[nodiscard]] Reply greet_browser(Request& request);
    [[nodiscard]] Reply dropped(Request& request);
    void login(Request request, Answer const& answer);
    [[nodiscard]] Reply logged_in(struct Accepted const& who);
    [[nodiscard]] Reply logout(operator_session::Browsing const& session, Request& request);
    [[nodiscard]] Result<boost::json::object> describe(operator_session::Browsing const& session);
    [[nodiscard]] Caller anonymous() const;
    void push_sources();

    Context& context_;
    std::string door_, address_, token_;
    Secret api_token_;     // of automation, instead of a login
    std::string origin_;   // of the page that asks
    std::string vendor_;   // of the person, once one is logged in
    std::string known_as_; // token_sha256 of that session
    Kind kind_ = Kind::none;
    Language language_ = Language::french;
    bool listens_ = false;
    unsigned violations_ = 0;
    std::function<void()> on_sources_;
    std::shared_ptr<Connection> connection_;
};

} // namespace ecluse::policyd
