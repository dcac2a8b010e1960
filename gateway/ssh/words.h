#pragma once

#include "common/fd.h"
#include "common/result.h"
#include "common/secret.h"
#include "common/text.h"

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

struct LastLogin {
    std::string at;
    std::string from;
    std::string door;
};

struct Person {
    std::string id;
    std::string name;
    Language language = Language::french;
    std::optional<LastLogin> last_login;
    std::int64_t failures = 0;
};

struct AuthOutcome {
    std::optional<Person> person; // accepted
    std::int64_t wait_s = 0;
    bool give_up = false;
};

struct Refusal {
    std::string code;
    std::string text;
    bool wait = false;
};

struct OpenWindow {
    std::string window;
    std::string asset;
    std::string asset_name;
    std::string protocol;
    std::string until;
    std::int64_t left_ms = 0;
    std::vector<std::string> accounts;
    std::vector<std::string> functions;
};

struct Menu {
    std::vector<OpenWindow> windows;
    std::optional<Refusal> refusal;
};

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
    std::string start_text;
    Target target;
    std::int64_t exec_budget_bytes = 0;
    std::vector<Fd> descriptors;

    [[nodiscard]] bool allows(std::string_view function) const;
};

/// An order, a change or a message that policyd sends unasked.
struct Push {
    enum class Kind { end, extended, message };
    Kind kind;
    std::string reason; // end
    std::string code;   // end
    std::string until;  // extended
    std::int64_t left_ms = 0;
    std::string text;
};

/// Readers; the object is the answer without "re" and "ok", or the push.
[[nodiscard]] Result<Settings> read_settings(boost::json::object const& body);
[[nodiscard]] Result<AuthOutcome> read_auth_outcome(boost::json::object const& body);
[[nodiscard]] Result<Menu> read_menu(boost::json::object const& body);
[[nodiscard]] Result<Refusal> read_refusal(boost::json::object const& body);
[[nodiscard]] Result<Grant>
read_grant(boost::json::object const& body, std::vector<Fd> descriptors);
[[nodiscard]] Result<Push> read_push(boost::json::object const& body);

} // namespace ecluse::ssh
