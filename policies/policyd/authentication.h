#pragma once

#include "common/secret.h"
#include "common/text.h"
#include "common/time.h"
#include "policies/policyd/passkey_challenges.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::policyd {

struct Caller;
struct Context;

/// One attempt, both factors together: a first factor without its second does not exist here.
struct Attempt {
    std::string login;
    std::optional<std::string> key; // "ssh-ed25519 AAAA…", its signature verified by the worker
    Secret password;                // when no key
    Secret code;                    // TOTP digits, a recovery code, or a passkey's use (core/passkey.h)
    std::string address;            // "203.0.113.24", or "local"
    std::string door;               // "ssh", "rdp", "cli", "portal", "console"
    std::string origin = {};        // of the page, "https://portal.example"; browsers only
};

struct Accepted {
    std::string person, login, name, vendor; // vendor empty: hospital staff
    Language language = Language::french;
    std::string factors; // "ssh_key+totp", "password+recovery", "password+totp+ticket"
    std::optional<std::int64_t> last_login_at;
    std::string last_login_from, last_login_door;
    std::int64_t failures_since = 0;
};

struct Verdict {
    std::optional<Accepted> accepted;
    std::chrono::seconds wait{0}; // refused: before the next try
};

/// The only judge of passwords, keys and codes. Every refusal looks the same and costs the same
/// work, unknown accounts included; failures slow an address down, and never lock a person out
/// (WEB:AA7). Success and failure are journaled before the verdict is given.
class Authentication {
public:
    /// More would let a flood of logins take the machine: 64 MiB each.
    static constexpr std::size_t in_pool_max = 2;
    /// Attempts beyond this many waiting are refused at once: each holds a connection already.
    static constexpr std::size_t waiting_max = 256;

    /// Takes about 0.1 s: makes the hash that unknown accounts are measured against.
    Authentication();

    /// `done` runs on the loop's thread, also when nothing could be judged (then: refused).
    void judge(Context& context, Attempt attempt, std::function<void(Verdict)> done);
    /// A person who is logged in already signs an act again. Same rules, same journal.
    void sign_again(
        Context& context,
        Secret password,
        Secret code,
        Caller const& caller,
        std::function<void(Verdict)> done
    );
    [[nodiscard]] PasskeyChallenges& passkeys() { return passkeys_; }
    /// Whether this key may begin an authentication. Says nothing else.
    [[nodiscard]] bool
    key_acceptable(Context& context, std::string_view login, std::string_view key);
    /// Journals that an attempt came too early, at most once per address in 10 s.
    void note_throttled(Context& context, Attempt const& attempt);

private:
    struct Job;
    void begin(Context& context, std::shared_ptr<Job> job);
    void next(Context& context);
    void decide(Context& context, Job& job);

    PasskeyChallenges passkeys_;
    std::size_t in_pool_ = 0;
    std::deque<std::shared_ptr<Job>> waiting_;
    std::map<std::string, Deadline> throttled_; // address → when it was last journaled
    std::string decoy_hash_;                    // what unknown accounts are measured against
};

} // namespace ecluse::policyd
