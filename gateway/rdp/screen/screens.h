#pragma once

#include "common/secret.h"
#include "common/text.h"
#include "common/time.h"
#include "gateway/rdp/keyboard/key.h"
#include "gateway/rdp/screen/canvas.h"
#include "gateway/rdp/screen/login_form.h"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

/// The gateway's own screens, before and after a desktop: keyboard only, French or English (F2).
/// Keys in, an action out; drawing on a canvas. No socket, no clock.
namespace ecluse::rdp {

class Column;

struct Site {
    std::string name;
    std::string phone;
};

/// One line of the menu: a window, with one of its accounts.
struct WindowRow {
    std::string target;
    std::string account;
    std::string end; // "18:00", Paris time
    Deadline closes; // for the time that is left
};

/// The parts of a refusal as policyd gives them, in the person's language; `next` may be empty.
struct RefusalText {
    std::string code;
    std::string reason;
    std::string next;
    std::string action;
    std::string reference;
};

/// Judge these; a `show_…` or `login_refused` follows. Until then keys do nothing.
struct Submit {
    std::string login;
    Secret password;
    Secret code;
};
/// Open this row of the menu.
struct Choose {
    std::size_t row;
};
/// The person gives up: end the connection.
struct Quit {};
struct NoAction {};
using ScreenAction = std::variant<NoAction, Submit, Choose, Quit>;

class Screens {
public:
    /// Begins with the empty login form.
    Screens(Site site, Language language);

    [[nodiscard]] Language language() const { return language_; }
    void set_language(Language language) { language_ = language; }

    void show_login();
    /// While it is shown.
    [[nodiscard]] LoginForm const* login_form() const { return std::get_if<LoginForm>(&state_); }
    /// The neutral error. The identifier stays, the secrets are gone; nothing can be sent for
    /// `wait_s` seconds.
    void login_refused(std::int64_t wait_s, Deadline now);
    /// `welcome`: "Bonjour … Dernière connexion …". At most `rows_max` are kept.
    void show_menu(std::string welcome, std::vector<WindowRow> rows);
    /// The window waits for the DSI: Esc gives up.
    void show_waiting(std::string target);
    void show_connecting(std::string target);
    void show_refusal(RefusalText refusal);
    /// `report`: when and where the report is due; may be empty.
    void show_ended(std::string reason, std::string report);
    void show_message(std::string text);

    [[nodiscard]] ScreenAction feed(TypedKey const& key, Deadline now);
    /// Draws the whole screen and says what to send: call after every key and at least once a
    /// second. The first call on a canvas gives all of it.
    [[nodiscard]] std::vector<Rect> draw(Canvas& canvas, Deadline now) const;

    /// More windows than one person has; a larger list is not a menu any more.
    static constexpr std::size_t rows_max = 99;

private:
    struct Menu {
        std::string welcome;
        std::vector<WindowRow> rows;
        std::size_t selected = 0;
        std::size_t typed = 0; // the number being typed
        bool is_chosen = false;
    };
    struct Waiting {
        std::string target;
    };
    struct Connecting {
        std::string target;
    };
    struct Ended {
        std::string reason;
        std::string report;
    };
    struct Message {
        std::string text;
    };
    using State = std::variant<LoginForm, Menu, Waiting, Connecting, RefusalText, Ended, Message>;

    [[nodiscard]] std::string words(TextKey key, TextHoles holes = {}) const;
    [[nodiscard]] ScreenAction feed_form(LoginForm& form, TypedKey const& key, Deadline now);
    [[nodiscard]] static ScreenAction feed_menu(Menu& menu, TypedKey const& key);

    void lay_out(Column& column, LoginForm const& form, Deadline now) const;
    void lay_out(Column& column, Menu const& menu, Deadline now) const;
    void lay_out(Column& column, Waiting const& waiting, Deadline now) const;
    void lay_out(Column& column, Connecting const& connecting, Deadline now) const;
    void lay_out(Column& column, RefusalText const& refusal, Deadline now) const;
    void lay_out(Column& column, Ended const& ended, Deadline now) const;
    void lay_out(Column& column, Message const& message, Deadline now) const;

    Site site_;
    Language language_;
    State state_;
};

} // namespace ecluse::rdp
