#pragma once

#include "gateway/policy_socket.h"
#include "gateway/rdp/words.h"

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ecluse::rdp {

struct OpenRequest {
    std::string asset;
    std::string account; // or empty
    std::string window;  // or empty
};
using Opened = std::variant<Grant, Refusal>;

/// The worker's side of its policyd socket: typed questions, typed answers, each waited for. Every
/// failure here ends the session (fail closed). One thread at a time.
class PolicyLink {
public:
    /// The descriptor becomes non-blocking.
    [[nodiscard]] static Result<PolicyLink> open(Fd socket);

    [[nodiscard]] int fd() const { return socket_.fd(); }

    struct Hello {
        Settings settings;
        std::string certificate; // PEM, with its chain
        Secret key;              // PEM
    };
    [[nodiscard]] Result<Hello> hello();
    [[nodiscard]] Result<TicketOutcome> redeem(Secret const& ticket);
    [[nodiscard]] Result<AuthOutcome>
    finish(std::string const& login, Secret const& password, Secret const& code);
    [[nodiscard]] Result<Menu> menu();
    [[nodiscard]] Result<Opened> ask_open(OpenRequest const& request);
    /// What the person is to be told about it.
    [[nodiscard]] Result<Refusal>
    tell_target_failed(std::string_view code, std::string_view detail);
    /// A connection that ends before both factors.
    Result<> tell_incomplete(std::string_view login, std::string_view step, std::string_view why);
    Result<> tell_event(std::string_view event) { return socket_.tell_event(event); }
    Result<> tell_ended(std::string_view reason, std::uint64_t bytes_in, std::uint64_t bytes_out)
    {
        return socket_.tell_ended(reason, bytes_in, bytes_out);
    }

    /// What policyd sent unasked; never waits. The end of the socket is an `io` error.
    [[nodiscard]] Result<std::vector<Push>> take_pushes();

private:
    explicit PolicyLink(gateway::PolicySocket socket) : socket_{std::move(socket)} {}

    [[nodiscard]] Result<boost::json::object> answer_to(gateway::PolicySocket::Id id);

    gateway::PolicySocket socket_;
};

} // namespace ecluse::rdp
