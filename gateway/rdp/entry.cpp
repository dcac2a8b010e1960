#include "gateway/rdp/entry.h"

#include "common/bytes.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "gateway/rdp/front_picture.h"

#include <algorithm>
#include <utility>

namespace ecluse::rdp {
namespace {

/// A public half and a secret one (docs/requests.md §3bis).
constexpr std::size_t ticket_characters = 48;
/// The client has its first picture within this, or never.
constexpr std::chrono::seconds front_limit{20};
constexpr std::chrono::milliseconds front_look{20};
/// How long one wait for a key lasts: the pictures move once a second.
constexpr std::chrono::milliseconds key_limit{500};
/// How long a refusal stays on the screen of someone who presses nothing.
constexpr std::chrono::seconds refusal_limit{60};
/// Between two tries to open a window that waits for the hospital.
constexpr std::chrono::seconds retry_pause{5};

bool is_ticket(std::string_view user)
{
    return user.size() == ticket_characters && std::all_of(user.begin(), user.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '-' || c == '_';
           });
}

int edge(rdpContext* front, FreeRDP_Settings_Keys_UInt32 key)
{
    return static_cast<int>(std::min<UINT32>(
        freerdp_settings_get_uint32(front->settings, key), static_cast<UINT32>(Canvas::side_max)
    ));
}

} // namespace

Entry::Entry(Session& session, KeyQueue& keys, rdpContext* front)
    : session_{session}, keys_{keys}, front_{front},
      canvas_{edge(front, FreeRDP_DesktopWidth), edge(front, FreeRDP_DesktopHeight)},
      screens_{Site{session.settings().site, session.settings().phone}, session.language()}
{
}

bool wait_until_active(Session& session, rdpContext* front)
{
    // The library would activate it a second time in the middle of the first.
    auto const deadline = std::chrono::steady_clock::now() + front_limit;
    while (!freerdp_is_active_state(front)) {
        if (session.wait_over(front_look)) return false;
        if (std::chrono::steady_clock::now() < deadline) continue;
        session.end("protocol_error", "the client does not become active");
        return false;
    }
    return true;
}

void Entry::draw()
{
    for (auto const& area : screens_.draw(canvas_, std::chrono::steady_clock::now()))
        if (!send_pixels(front_, {canvas_.pixels(), canvas_.width()}, area, area.x, area.y))
            return session_.end("client_left", "cannot be drawn to");
}

ScreenAction Entry::step()
{
    draw();
    auto const key = keys_.take(key_limit);
    if (!key) return NoAction{};
    auto action = screens_.feed(*key, std::chrono::steady_clock::now());
    session_.set_language(screens_.language());
    note_progress();
    draw();
    return action;
}

void Entry::note_progress()
{
    auto const* const form = screens_.login_form();
    if (!form) return;
    auto const step = form->focus() == LoginForm::login      ? "first"
                      : form->focus() == LoginForm::password ? "password"
                                                             : "code";
    session_.on_progress(form->field(LoginForm::login).text(), step);
}

void Entry::hold_message()
{
    auto const until = std::chrono::steady_clock::now() + refusal_limit;
    while (!session_.is_over() && std::chrono::steady_clock::now() < until)
        if (std::holds_alternative<Quit>(step())) return;
}

void Entry::show_refusal(Refusal const& refusal)
{
    screens_.show_refusal(
        {printable(refusal.code, 32),
         printable(refusal.reason, 400),
         printable(refusal.next, 200),
         printable(refusal.action, 400),
         printable(refusal.reference, 32)}
    );
    hold_message();
}

void Entry::show_message(std::string const& words)
{
    screens_.show_message(words);
    hold_message();
}

void Entry::show_connecting(std::string const& asset)
{
    screens_.show_connecting(printable(asset, 80));
    draw();
}

std::string Entry::welcome() const
{
    auto const name = printable(person_->name, 80);
    auto const language = screens_.language();
    if (!person_->last_login) return text(language, TextKey::ssh_welcome_first, {{"name", name}});
    auto const at = parse_iso(person_->last_login->at);
    return text(
        language,
        TextKey::ssh_welcome,
        {{"name", name},
         {"date", at ? format_moment(*at, language) : printable(person_->last_login->at, 40)},
         {"ip", printable(person_->last_login->from, 60)},
         {"door", printable(person_->last_login->door, 20)},
         {"k", std::to_string(person_->failures)}}
    );
}

std::optional<OpenRequest> Entry::redeem(std::string& user)
{
    Secret const ticket{user};
    auto outcome = session_.with_policy([&](PolicyLink& policy) { return policy.redeem(ticket); });
    if (!outcome) return {};
    if (!outcome->auth.person) return {};
    person_ = std::move(outcome->auth.person);
    session_.on_authenticated(*person_);
    screens_.set_language(person_->language);
    target_name_ = outcome->asset;
    return OpenRequest{outcome->asset, outcome->account, outcome->window};
}

bool Entry::check(Submit& proof)
{
    ++attempts_;
    auto outcome = session_.with_policy([&](PolicyLink& policy) {
        return policy.finish(proof.login, proof.password, proof.code);
    });
    if (!outcome) return false;
    if (outcome->person) {
        person_ = std::move(outcome->person);
        session_.on_authenticated(*person_);
        screens_.set_language(person_->language);
        return true;
    }
    screens_.login_refused(outcome->wait_s, std::chrono::steady_clock::now());
    draw();
    if (outcome->give_up || attempts_ >= session_.settings().attempts_max)
        session_.end_refused("too many attempts");
    return false;
}

bool Entry::log_in()
{
    screens_.show_login();
    while (!session_.is_over()) {
        auto action = step();
        if (std::holds_alternative<Quit>(action)) {
            session_.end("client_left", "gave up");
            return false;
        }
        if (auto* const proof = std::get_if<Submit>(&action); proof && check(*proof)) return true;
    }
    return false;
}

std::optional<OpenRequest> Entry::choose()
{
    auto const menu = session_.with_policy([](PolicyLink& policy) { return policy.menu(); });
    if (!menu) return {};
    if (menu->windows.empty()) {
        show_refusal(*menu->refusal);
        session_.end_refused(menu->refusal->code);
        return {};
    }
    auto const now = std::chrono::steady_clock::now();
    std::vector<WindowRow> rows;
    std::vector<OpenRequest> requests;
    for (auto const& window : menu->windows) {
        auto const until = parse_iso(window.until);
        auto accounts = window.accounts;
        if (accounts.empty()) accounts.emplace_back();
        for (auto const& account : accounts) {
            rows.push_back(
                {printable(window.asset_name, 80),
                 printable(account, 40),
                 until ? format_clock(*until) : printable(window.until, 20),
                 now + std::chrono::milliseconds{window.left_ms}}
            );
            requests.push_back({window.asset, account, window.window});
        }
    }
    screens_.show_menu(welcome(), rows);
    while (!session_.is_over()) {
        auto const action = step();
        if (std::holds_alternative<Quit>(action)) {
            session_.end("client_left", "gave up");
            return {};
        }
        auto const* const chosen = std::get_if<Choose>(&action);
        if (!chosen || chosen->row >= requests.size()) continue;
        target_name_ = rows[chosen->row].target;
        return requests[chosen->row];
    }
    return {};
}

std::optional<Grant> Entry::open(OpenRequest const& request)
{
    while (!session_.is_over()) {
        auto opened = session_.with_policy([&](PolicyLink& policy) {
            auto answer = policy.ask_open(request);
            // Before anybody reads the order that may follow the grant.
            if (answer)
                if (auto const* const grant = std::get_if<Grant>(&*answer))
                    session_.set_paused(grant->paused);
            return answer;
        });
        if (!opened) return {};
        if (auto* const grant = std::get_if<Grant>(&*opened)) return std::move(*grant);
        auto const& refusal = std::get<Refusal>(*opened);
        if (!refusal.wait) {
            show_refusal(refusal);
            session_.end_refused(refusal.code);
            return {};
        }
        screens_.show_waiting(printable(target_name_, 80));
        auto const again = std::chrono::steady_clock::now() + retry_pause;
        while (!session_.is_over() && std::chrono::steady_clock::now() < again) {
            if (!std::holds_alternative<Quit>(step())) continue;
            session_.end("client_left", "gave up waiting");
        }
    }
    return {};
}

std::optional<Grant> Entry::enter()
{
    if (!wait_until_active(session_, front_)) return {};
    auto const* const named = freerdp_settings_get_string(front_->settings, FreeRDP_Username);
    std::string user = named ? named : "";
    std::optional<OpenRequest> request;
    // A ticket that is not accepted leads to the login, like no ticket: nothing says why.
    if (is_ticket(user)) request = redeem(user);
    if (session_.is_over()) return {};
    if (!request) {
        if (!log_in()) return {};
        request = choose();
        if (!request) return {};
    }
    return open(*request);
}

} // namespace ecluse::rdp
