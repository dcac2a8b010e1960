#pragma once

#include "common/secret.h"
#include "common/time.h"
#include "gateway/ssh/login.h"
#include "gateway/ssh/policy_link.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::ssh {

/// The vendor's two factors, step by step. libssh neither enforces the order of methods nor the
/// user's name nor a number of attempts, so all of it is here. A first factor alone is never judged
/// (a password is taken blindly), so that nothing tells which of the two was wrong.
class Authentication {
public:
    enum class Reply { denied, key_wanted, partial, success };
    /// What the keyboard-interactive dialogue does next.
    struct Prompt {
        std::string instruction; // pure ASCII: OpenSSH escapes the rest
        std::string question;
    };

    /// `front` is watched while waiting, so that a vendor who leaves is noticed.
    Authentication(PolicyLink& policy, Settings const& settings, int front);

    [[nodiscard]] Reply on_none(std::string_view user);
    /// `verified`: the signature is checked and valid; otherwise the client asks whether to sign.
    [[nodiscard]] Reply on_key(std::string_view user, std::string const& key, bool verified);
    [[nodiscard]] Reply on_password(std::string_view user, std::string_view password);
    /// A keyboard-interactive request; nullopt is a refusal.
    [[nodiscard]] std::optional<Prompt> on_prompts_wanted(std::string_view user);
    /// Its answers: another prompt, or a reply.
    struct Next {
        std::optional<Prompt> prompt;
        Reply reply = Reply::denied;
    };
    [[nodiscard]] Next on_answers(std::vector<std::string>& answers);

    /// Both factors were accepted.
    [[nodiscard]] std::optional<Person> const& person() const { return person_; }
    [[nodiscard]] Login const& login() const { return login_; }
    /// Only the second factor may follow.
    [[nodiscard]] bool has_first_factor() const { return !key_.empty() || !password_.empty(); }
    /// Why to hang up, in ASCII for the vendor; empty: go on.
    [[nodiscard]] std::string const& farewell() const { return farewell_; }
    /// The policyd socket failed: nothing can be decided any more.
    [[nodiscard]] bool is_broken() const { return broken_; }
    void on_timeout();
    /// Tells policyd about an attempt that did not come to its end.
    void leave(std::string_view why);

private:
    enum class Step { none, password, code };
    [[nodiscard]] bool accept_user(std::string_view user);
    [[nodiscard]] Reply judge(Secret code);
    [[nodiscard]] bool wait_until_allowed();
    [[nodiscard]] Prompt code_prompt() const;
    void hang_up(TextKey reason);

    PolicyLink& policy_;
    Settings const& settings_;
    int front_;
    Deadline deadline_;
    std::optional<std::string> user_;
    bool known_shape_ = false; // the name can be a login at all
    Login login_;
    std::string key_;
    Secret password_;
    Step asked_ = Step::none;
    std::optional<Person> person_;
    std::int64_t failures_ = 0;
    int requests_ = 0;
    std::int64_t wait_s_ = 0;
    Deadline not_before_{};
    std::string farewell_;
    bool broken_ = false;
    bool told_ = false;
};

} // namespace ecluse::ssh
