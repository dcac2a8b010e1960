#pragma once

#include "common/fd.h"
#include "common/result.h"
#include "common/secret.h"
#include "gateway/policy_words.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What policyd and the worker say to each other, as structs (docs/requests.md §3).
namespace ecluse::ssh {

struct Algorithms {
    std::string kex;
    std::string ciphers;
    std::string macs;
    std::string host_keys;
    std::string user_keys;
};

struct Settings {
    std::string connection;
    std::string source;
    std::string site;
    std::string phone;
    std::string portal;
    std::string version_string;
    Algorithms algorithms;
    std::int64_t auth_timeout_s = 0;
    std::int64_t attempts_max = 0;
    std::int64_t first_channel_s = 0;
    std::int64_t idle_s = 0;
    std::int64_t channels_max = 0;
    std::int64_t command_bytes_max = 0;
    std::vector<std::string> env_allow;
    std::int64_t rekey_bytes = 0;
    std::int64_t rekey_s = 0;
    std::vector<std::int64_t> warn_minutes;
    std::int64_t stall_ms = 0;
};

struct Proof {
    std::string login;
    std::string key; // "ssh-ed25519 AAAA…", its signature verified
    Secret password; // when there is no key
    Secret code;
};

using gateway::AuthOutcome;
using gateway::LastLogin;
using gateway::Menu;
using gateway::OpenWindow;
using gateway::Person;
using gateway::Push;
using gateway::Refusal;

struct Target {
    std::string host;
    std::int64_t port = 22;
    std::string user;
    std::vector<std::string> host_keys;
    std::optional<Algorithms> algorithms;
    Secret password;
    bool by_key = true;
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
    bool first = false;
    bool paused = false; // an escort must watch, and none does
    std::string start_text;
    Target target;
    std::int64_t exec_budget_bytes = 0;
    std::vector<Fd> descriptors;

    [[nodiscard]] bool allows(std::string_view function) const;
};

/// Readers; the object is the answer without "re" and "ok".
[[nodiscard]] Result<Settings> read_settings(boost::json::object const& body);
[[nodiscard]] Result<Grant>
read_grant(boost::json::object const& body, std::vector<Fd> descriptors);

} // namespace ecluse::ssh
