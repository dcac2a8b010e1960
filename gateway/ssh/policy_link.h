#pragma once

#include "gateway/policy_socket.h"
#include "gateway/ssh/command.h"
#include "gateway/ssh/words.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ecluse::ssh {

struct OpenRequest {
    unsigned channel = 0;
    std::string asset;   // as typed, or empty
    std::string account; // or empty
    std::string window;  // chosen from the menu, or empty
    ChannelKind kind = ChannelKind::shell;
    bool pty = false;
    std::string command;
};

/// The worker's side of its policyd socket: typed questions, typed answers. Every failure here ends
/// the session (fail closed), so the caller never retries.
class PolicyLink {
public:
    using Id = gateway::PolicySocket::Id;
    struct Answer {
        Id id;
        std::variant<Menu, Grant, Refusal> body;
    };
    using Message = std::variant<Answer, Push>;

    /// The descriptor becomes non-blocking.
    [[nodiscard]] static Result<PolicyLink> open(Fd socket);

    [[nodiscard]] int fd() const { return socket_.fd(); }

    /// Before there is a session these wait for the answer, which policyd gives within seconds; a
    /// push that arrives meanwhile is kept for `receive`.
    struct Hello {
        Settings settings;
        std::vector<Fd> host_keys;
    };
    [[nodiscard]] Result<Hello> hello();
    [[nodiscard]] Result<bool> is_acceptable(std::string const& login, std::string const& key);
    [[nodiscard]] Result<AuthOutcome> finish(Proof const& proof);

    Result<> tell_incomplete(std::string_view login, std::string_view step, std::string_view why);
    /// The answers to these come out of `receive`.
    [[nodiscard]] Result<Id> ask_menu();
    [[nodiscard]] Result<Id> ask_open(OpenRequest const& request);
    [[nodiscard]] Result<Id> tell_target_failed(std::string_view code, std::string_view detail);
    /// `event` is a JSON object that begins with its type (gateway/ssh/events.h).
    Result<> tell_event(std::string_view event);
    Result<> tell_ended(std::string_view reason, std::uint64_t bytes_in, std::uint64_t bytes_out);

    /// What has arrived; never waits. The end of the socket is an `io` error.
    [[nodiscard]] Result<std::vector<Message>> receive();

private:
    explicit PolicyLink(gateway::PolicySocket socket) : socket_{std::move(socket)} {}
    enum class Asked { menu, open, target_failed };

    [[nodiscard]] Result<Message> read(Packet packet);

    gateway::PolicySocket socket_;
    std::map<Id, Asked> asked_;
};

} // namespace ecluse::ssh
