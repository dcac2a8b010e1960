#pragma once

#include "common/fd.h"
#include "common/secret.h"
#include "gateway/policy_words.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What policyd and the RDP worker say to each other beyond the words of every worker, as structs
/// (docs/requests.md §3bis).
namespace ecluse::rdp {

using gateway::AuthOutcome;
using gateway::Menu;
using gateway::OpenWindow;
using gateway::Person;
using gateway::Push;
using gateway::Refusal;

struct Settings {
    std::string connection;
    std::string source;
    std::string site;
    std::string phone;
    std::string portal;
    std::int64_t auth_timeout_s = 0;
    std::int64_t attempts_max = 0;
    std::int64_t idle_s = 0;
    std::vector<std::int64_t> warn_minutes;
    std::int64_t stall_ms = 0;
    std::int64_t frames_per_second = 0;
    std::int64_t clipboard_bytes_max = 0;
    std::int64_t file_bytes_max = 0;
    bool keyboard_mask_rules = true;
};

/// A ticket names what it is for, and the `open` that follows must name the same.
struct TicketOutcome {
    AuthOutcome auth;
    std::string window;
    std::string asset;
    std::string account;
};

struct Target {
    std::string host;
    std::int64_t port = 3389;
    std::string user;
    std::string domain;
    Secret password;
    bool nla = false;
    std::vector<std::string> certificates; // SHA-256 of the DER, 64 hexadecimal digits
};

struct Grant {
    std::string session;
    std::string window;
    std::string asset;
    std::string asset_name;
    std::string account;
    std::string until;
    std::int64_t left_ms = 0;
    std::vector<std::string> functions;
    std::string start_text;
    bool paused = false; // an escort must watch, and none does
    Target target;
    Fd target_socket;
    Fd intake;

    [[nodiscard]] bool allows(std::string_view function) const;
};

/// Readers; the object is the answer without "re" and "ok".
[[nodiscard]] Result<Settings> read_settings(boost::json::object const& body);
[[nodiscard]] Result<TicketOutcome> read_ticket_outcome(boost::json::object const& body);
[[nodiscard]] Result<Grant>
read_grant(boost::json::object const& body, std::vector<Fd> descriptors);

} // namespace ecluse::rdp
