#pragma once

#include "common/result.h"
#include "common/text.h"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What policyd says to every worker, whatever its protocol, as structs (docs/requests.md §3).
namespace ecluse::gateway {

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
    std::string reason;
    std::string next; // may be empty
    std::string action;
    std::string reference;
    std::string text; // all of it, several lines
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

/// An order, a change or a message that policyd sends unasked.
struct Push {
    enum class Kind { end, extended, message, pause };
    Kind kind;
    std::string reason; // end
    std::string code;   // end
    std::string until;  // extended
    std::int64_t left_ms = 0;
    bool paused = false; // pause
    std::string text;
};

/// Bounds for what policyd sends: generous, and never unbounded.
constexpr std::size_t frame_text_max = 16384;
constexpr std::int64_t left_ms_max = std::int64_t{366} * 24 * 3600 * 1000;

/// Readers; the object is the answer without "re" and "ok", or the push.
[[nodiscard]] Result<AuthOutcome> read_auth_outcome(boost::json::object const& body);
[[nodiscard]] Result<Menu> read_menu(boost::json::object const& body);
[[nodiscard]] Result<Refusal> read_refusal(boost::json::object const& body);
[[nodiscard]] Result<Push> read_push(boost::json::object const& body);
/// The minutes before the end at which a person is warned, largest first.
[[nodiscard]] Result<std::vector<std::int64_t>> read_warn_minutes(boost::json::array const& minutes
);

} // namespace ecluse::gateway
