#pragma once

#include "common/packet.h"
#include "policies/config/config.h"
#include "policies/policyd/agent_server.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/connection.h"
#include "policies/policyd/dial.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/live.h"
#include "policies/policyd/tickets.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace ecluse::policyd {

class BrowserSeat;
struct Context;
struct OpenRequest;
struct WorkerEvent;

/// One worker, that is one vendor connection, that is at most one session. Enforces the order
/// connection → address → account → both factors → window and target → recorder → one connected
/// socket; any other order ends the worker.
class WorkerRole final : public LiveWorker {
public:
    /// Events of one session in any second; beyond, the worker is hostile.
    static constexpr int events_per_second_max = 200;
    /// Tunnels refused before any session, on one connection: the first ones say it.
    static constexpr int forwards_journaled_max = 50;

    /// Where a vendor's connection came in, as the kernel and the listener's door say.
    struct Origin {
        Protocol protocol;
        std::string address;
        std::uint16_t port;
    };
    static void start(Context& context, PacketSocket socket, Origin origin);
    /// One that policyd itself had started, for a browser at that address.
    static void start_for_browser(
        Context& context, PacketSocket socket, Origin origin, std::unique_ptr<BrowserSeat> seat
    );

    WorkerRole(Context& context, Origin origin);
    ~WorkerRole() override;

    void push_end(Ending const& ending, Language language) override;
    void push_extended(LiveSession const& session) override;
    void push_message(std::string_view text) override;
    void push_watched(bool watched) override;
    void push_paused(bool paused, std::string_view text) override;
    void hang_up() override;

private:
    static void start(Context& context, PacketSocket socket, std::shared_ptr<WorkerRole> role);
    enum class Stage { connected, greeted, judging, authenticated, leaving };
    struct Opening; // a first grant under way

    // worker_role.cpp: who it is
    void add_requests();
    Reply hello(Request& request);
    Reply probe(Request& request);
    Reply finish(Request& request, Answer const& answer);
    void judged(Verdict verdict, Answer const& answer);
    void accept(Accepted person);
    [[nodiscard]] boost::json::object refused_login(Verdict const& verdict) const;
    [[nodiscard]] boost::json::object welcome() const; // what an accepted login answers
    Reply incomplete(Request& request);
    void closed();

    // worker_ticket.cpp: who it is, by a ticket instead
    Reply redeem(Request& request);

    // worker_terminal.cpp: who it is when a browser stands before it, and what its page is told
    void take_seat(std::unique_ptr<BrowserSeat> seat);
    Reply finish_for_browser(Attempt const& attempt);
    void login_over();
    void tell_page(boost::json::object const& notice) const;
    void tell_page_refused(boost::json::object const& refusal) const;
    void tell_page_granted(LiveSession const& session) const;
    void tell_page_paused(bool paused) const;
    void tell_page_end(Ending const& ending, Language language) const;

    // worker_open.cpp: what it may have
    Reply menu(Request& request);
    Reply open(Request& request, Answer const& answer);
    Reply decide_open(OpenRequest const& asked, Answer const& answer);
    Reply open_first(
        OpenRequest const& asked, Known& known, Granted const& granted, Answer const& answer
    );
    Reply open_again(OpenRequest const& asked, Known& known, Granted const& granted);
    [[nodiscard]] bool names_another(
        OpenRequest const& asked,
        ecluse::Request const& request,
        std::string_view window,
        std::string_view asset,
        std::string_view account
    ) const;
    [[nodiscard]] Result<Known> load(std::optional<AssetId> const& asked, UtcTime now);
    [[nodiscard]] Reply refuse(OpenRequest const& asked, Known& known, Denied const& denied);
    [[nodiscard]] Reply
    refuse(OpenRequest const& asked, std::string const& code, std::string const& detail);
    void recorder_answered(Result<Fd> intake);
    void target_answered(Result<Fd> target);
    void give_up(Refusal refusal, std::string const& detail, std::string const& reason);
    void grant();
    void opened(); // the first grant is done, one way or the other

    // worker_session.cpp: what it does, and its end
    Reply event(Request& request);
    Reply event_before_session(WorkerEvent const& event);
    Reply target_failed(Request& request);
    Reply ended(Request& request);
    void end_session(std::string const& reason);

    [[nodiscard]] std::string door() const { return std::string{to_code(protocol_)}; }
    [[nodiscard]] bool is_ssh() const { return protocol_ == Protocol::ssh; }
    [[nodiscard]] Config::Door const& limits() const;

    Context& context_;
    Protocol protocol_;
    std::string address_, id_;
    std::uint16_t port_;
    Stage stage_ = Stage::connected;
    RequestTable table_;
    std::shared_ptr<Connection> connection_;
    Loop::Watch auth_limit_;
    int attempts_ = 0;
    std::string last_login_;
    std::optional<Refusal> waiting_for_; // what the hospital still has to do, told once
    std::string waiting_reference_;      // of that refusal
    Accepted person_;
    std::optional<TicketUse> ticket_;   // logged in by it: nothing else may be opened
    std::unique_ptr<BrowserSeat> seat_; // a browser's
    std::string session_;               // empty before the first grant, and after the end
    bool had_session_ = false;
    std::unique_ptr<Opening> opening_;
    std::deque<std::function<void()>> waiting_; // opens that came during the first
    std::unique_ptr<AgentServer> agent_;
    std::optional<std::pair<std::int64_t, std::int64_t>> bytes_; // in, out: what the worker counted
    std::string worker_reason_;
    std::int64_t events_second_ = 0;
    int events_in_second_ = 0;
    int forwards_journaled_ = 0;
};

} // namespace ecluse::policyd
