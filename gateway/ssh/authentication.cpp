#include "gateway/ssh/authentication.h"

#include "common/bytes.h"
#include "common/log.h"
#include "common/text_keys.h"

#include <algorithm>
#include <poll.h>

namespace ecluse::ssh {
namespace {

/// A client with many keys asks about each of them; more requests than this is a search.
constexpr int requests_max = 40;
/// Longer than any password or recovery code.
constexpr std::size_t answer_bytes_max = 1024;
/// Before both factors the person, and so the language, is unknown.
constexpr Language before = Language::french;

} // namespace

Authentication::Authentication(PolicyLink& policy, Settings const& settings, int front)
    : policy_{policy}, settings_{settings}, front_{front},
      deadline_{std::chrono::steady_clock::now() + std::chrono::seconds{settings.auth_timeout_s}}
{
}

void Authentication::hang_up(TextKey reason)
{
    if (farewell_.empty()) farewell_ = text(before, reason);
}

bool Authentication::accept_user(std::string_view user)
{
    if (person_ || !farewell_.empty() || broken_) return false;
    if (++requests_ > requests_max) {
        hang_up(TextKey::ssh_too_many_ascii);
        return false;
    }
    if (!user_) {
        user_ = std::string{user.substr(0, login_bytes_max + 1)};
        if (auto login = split_login(user)) {
            login_ = std::move(*login);
            known_shape_ = true;
        }
        return true;
    }
    // A first factor proven for one name must not serve another.
    if (*user_ == user.substr(0, login_bytes_max + 1)) return true;
    hang_up(TextKey::ssh_protocol_ascii);
    return false;
}

Authentication::Reply Authentication::on_none(std::string_view user)
{
    (void)accept_user(user);
    return Reply::denied;
}

Authentication::Reply
Authentication::on_key(std::string_view user, std::string const& key, bool verified)
{
    if (!accept_user(user) || !known_shape_ || has_first_factor()) return Reply::denied;
    auto const acceptable = policy_.is_acceptable(login_.login, key);
    if (!acceptable) {
        log(LogLevel::error, acceptable.error().what);
        broken_ = true;
        return Reply::denied;
    }
    if (!*acceptable) return Reply::denied;
    if (!verified) return Reply::key_wanted;
    key_ = key;
    return Reply::partial;
}

Authentication::Reply Authentication::on_password(std::string_view user, std::string_view password)
{
    if (!accept_user(user) || has_first_factor()) return Reply::denied;
    if (password.empty() || password.size() > answer_bytes_max) return Reply::denied;
    // Accepted whatever it is: judged later, together with the code.
    password_ = Secret::copy_of(password);
    return Reply::partial;
}

Authentication::Prompt Authentication::code_prompt() const
{
    return {text(before, TextKey::ssh_step2_ascii), text(before, TextKey::ssh_prompt_code)};
}

std::optional<Authentication::Prompt> Authentication::on_prompts_wanted(std::string_view user)
{
    asked_ = Step::none;
    if (!accept_user(user)) return std::nullopt;
    Prompt prompt;
    if (has_first_factor()) {
        asked_ = Step::code;
        prompt = code_prompt();
    } else {
        asked_ = Step::password;
        prompt = {
            text(before, TextKey::ssh_step1_ascii), text(before, TextKey::ssh_prompt_password)};
    }
    if (failures_ > 0)
        prompt.instruction =
            text(before, TextKey::ssh_wrong_ascii, {{"n", std::to_string(wait_s_)}}) + "\n" +
            prompt.instruction;
    return prompt;
}

Authentication::Next Authentication::on_answers(std::vector<std::string>& answers)
{
    auto const asked = std::exchange(asked_, Step::none);
    if (asked == Step::none || answers.size() != 1 || answers[0].size() > answer_bytes_max) {
        // An answer to nothing, or too many answers.
        hang_up(TextKey::ssh_protocol_ascii);
        return {};
    }
    if (++requests_ > requests_max) {
        hang_up(TextKey::ssh_too_many_ascii);
        return {};
    }
    Secret answer{answers[0]};
    if (asked == Step::password) {
        // An empty password is judged like any other: one road, one time.
        password_ = answer.empty() ? Secret::copy_of(" ") : std::move(answer);
        asked_ = Step::code;
        return {code_prompt(), Reply::denied};
    }
    return {std::nullopt, judge(std::move(answer))};
}

bool Authentication::wait_until_allowed()
{
    if (not_before_ > deadline_) {
        hang_up(TextKey::ssh_too_many_ascii);
        return false;
    }
    for (;;) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(
            not_before_ - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0) return true;
        pollfd waiting[2] = {{front_, POLLRDHUP, 0}, {policy_.fd(), POLLRDHUP, 0}};
        int const ready = ::poll(waiting, 2, static_cast<int>(left.count()));
        if (ready > 0) {
            broken_ = waiting[1].revents != 0;
            hang_up(TextKey::ssh_protocol_ascii);
            return false;
        }
    }
}

Authentication::Reply Authentication::judge(Secret code)
{
    if (!wait_until_allowed()) return Reply::denied;
    Proof proof;
    // A name that no login can have is judged like an unknown one.
    proof.login = known_shape_ ? login_.login : "?";
    proof.key = key_;
    if (key_.empty()) proof.password = std::move(password_);
    password_.wipe();
    proof.code = std::move(code);
    auto outcome = policy_.finish(proof);
    if (!outcome) {
        log(LogLevel::error, outcome.error().what);
        broken_ = true;
        return Reply::denied;
    }
    if (outcome->person && known_shape_) {
        person_ = std::move(outcome->person);
        return Reply::success;
    }
    ++failures_;
    wait_s_ = outcome->wait_s;
    not_before_ = std::chrono::steady_clock::now() + std::chrono::seconds{wait_s_};
    if (outcome->give_up || failures_ >= settings_.attempts_max)
        hang_up(TextKey::ssh_too_many_ascii);
    return Reply::denied;
}

void Authentication::on_timeout()
{
    hang_up(TextKey::ssh_auth_timeout_ascii);
}

void Authentication::leave(std::string_view why)
{
    if (person_ || !user_ || told_ || broken_) return;
    told_ = true;
    std::string_view const step = asked_ == Step::code || has_first_factor() ? "code"
                                  : asked_ == Step::password                 ? "password"
                                                                             : "first";
    (void)policy_.tell_incomplete(printable(*user_, login_bytes_max), step, why);
}

} // namespace ecluse::ssh
