#include "gateway/rdp/screen/screens.h"

#include "common/left_text.h"
#include "common/text_keys.h"
#include "common/utf8.h"
#include "gateway/rdp/screen/paint.h"

#include <algorithm>
#include <chrono>
#include <type_traits>

namespace ecluse::rdp {
namespace {

constexpr int panel_width = 600;
constexpr int menu_width = 860;
constexpr int row_height = 32;

bool is_plain(TypedKey const& key)
{
    return key.stroke.down && !key.ctrl && !key.alt && !key.win;
}

std::int64_t seconds_of(Deadline now)
{
    return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
}

/// The catalogue's reasons and remedies stand inside sentences; alone on a line they begin with a
/// capital.
std::string as_sentence(std::string_view text)
{
    if (text.empty()) return {};
    auto [point, length] = decode_utf8(text);
    bool const is_small =
        (point >= U'a' && point <= U'z') || (point >= 0xE0 && point <= 0xFE && point != 0xF7);
    std::string sentence;
    if (length == 0 || !is_small) return std::string{text};
    append_utf8(sentence, point - 0x20);
    return sentence.append(text.substr(length));
}

std::string dots(std::size_t count)
{
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += "•";
    return text;
}

/// Which rows of a list of `count` are seen when only `room` fit: the chosen one always is.
std::size_t first_seen(std::size_t count, std::size_t room, std::size_t selected)
{
    if (count <= room) return 0;
    auto const middle = room / 2;
    return std::min(selected > middle ? selected - middle : 0, count - room);
}

} // namespace

Screens::Screens(Site site, Language language)
    : site_{shown(site.name), shown(site.phone)}, language_{language}
{
}

std::string Screens::words(TextKey key, TextHoles holes) const
{
    return text(language_, key, holes);
}

void Screens::show_login()
{
    state_.emplace<LoginForm>();
}

void Screens::login_refused(std::int64_t wait_s, Deadline now)
{
    if (!std::holds_alternative<LoginForm>(state_)) state_.emplace<LoginForm>();
    std::get<LoginForm>(state_).refuse(
        now + std::chrono::seconds{std::max<std::int64_t>(wait_s, 0)}
    );
}

void Screens::show_menu(std::string welcome, std::vector<WindowRow> rows)
{
    if (rows.size() > rows_max) rows.erase(rows.begin() + rows_max, rows.end());
    for (auto& row : rows) {
        row.target = shown(row.target);
        row.account = shown(row.account);
        row.end = shown(row.end);
    }
    Menu menu;
    menu.welcome = shown(welcome);
    menu.rows = std::move(rows);
    state_ = std::move(menu);
}

void Screens::show_waiting(std::string target)
{
    state_ = Waiting{shown(target)};
}

void Screens::show_connecting(std::string target)
{
    state_ = Connecting{shown(target)};
}

void Screens::show_refusal(RefusalText refusal)
{
    for (auto* part :
         {&refusal.code, &refusal.reason, &refusal.next, &refusal.action, &refusal.reference})
        *part = shown(*part);
    state_ = std::move(refusal);
}

void Screens::show_ended(std::string reason, std::string report)
{
    state_ = Ended{shown(reason), shown(report)};
}

void Screens::show_message(std::string text)
{
    state_ = Message{shown(text)};
}

ScreenAction Screens::feed_form(LoginForm& form, TypedKey const& key, Deadline now)
{
    switch (form.feed(key, now)) {
    case LoginForm::Step::editing:
        return NoAction{};
    case LoginForm::Step::quit:
        return Quit{};
    case LoginForm::Step::submit:
        break;
    }
    Submit submit;
    submit.login = form.field(LoginForm::login).text();
    submit.password = form.take(LoginForm::password);
    submit.code = form.take(LoginForm::code);
    return submit;
}

ScreenAction Screens::feed_menu(Menu& menu, TypedKey const& key)
{
    auto const count = menu.rows.size();
    bool const is_digit = key.text.size() == 1 && key.text[0] >= '0' && key.text[0] <= '9';
    if (is_digit) {
        auto const digit = static_cast<std::size_t>(key.text[0] - '0');
        menu.typed = menu.typed * 10 + digit;
        if (menu.typed > count) menu.typed = digit;
        if (menu.typed >= 1 && menu.typed <= count) menu.selected = menu.typed - 1;
        return NoAction{};
    }
    if (!is_plain(key)) return NoAction{};
    if (key.key == Key::escape) return Quit{};
    if (count == 0 || menu.is_chosen) return NoAction{};
    menu.typed = 0;
    switch (key.key) {
    case Key::up:
        menu.selected = (menu.selected + count - 1) % count;
        break;
    case Key::down:
        menu.selected = (menu.selected + 1) % count;
        break;
    case Key::home:
        menu.selected = 0;
        break;
    case Key::end:
        menu.selected = count - 1;
        break;
    case Key::enter:
        // A key that repeats must not open twice.
        menu.is_chosen = true;
        return Choose{menu.selected};
    default:
        break;
    }
    return NoAction{};
}

ScreenAction Screens::feed(TypedKey const& key, Deadline now)
{
    if (is_plain(key) && key.key == static_cast<Key>(static_cast<int>(Key::f1) + 1)) {
        language_ = language_ == Language::french ? Language::english : Language::french;
        return NoAction{};
    }
    if (auto* form = std::get_if<LoginForm>(&state_)) return feed_form(*form, key, now);
    if (auto* menu = std::get_if<Menu>(&state_)) return feed_menu(*menu, key);
    if (!is_plain(key)) return NoAction{};
    bool const is_last_word =
        !std::holds_alternative<Waiting>(state_) && !std::holds_alternative<Connecting>(state_);
    if (key.key == Key::escape || (is_last_word && key.key == Key::enter)) return Quit{};
    return NoAction{};
}

void Screens::lay_out(Column& column, LoginForm const& form, Deadline now) const
{
    column.text(Face::heading, words(TextKey::rdp_login_title), palette::brand, 1);
    column.gap(6);
    column.text(Face::body, words(TextKey::rdp_login_notice), palette::faint, 3);
    column.gap(16);
    struct Line {
        LoginForm::Part part;
        TextKey label;
    };
    for (auto const& line : {
             Line{LoginForm::login, TextKey::rdp_login_login},
             Line{LoginForm::password, TextKey::rdp_login_password},
             Line{LoginForm::code, TextKey::rdp_login_code},
         }) {
        auto const& field = form.field(line.part);
        bool const has_focus = form.focus() == line.part && !form.is_checking();
        // A code serves once and is copied by eye: it is shown, so that a slip is seen. No copy is
        // made of it.
        auto const hidden =
            line.part == LoginForm::password ? dots(field.characters()) : std::string{};
        column.field(
            words(line.label),
            line.part == LoginForm::code ? words(TextKey::rdp_login_code_hint) : "",
            line.part == LoginForm::password ? std::string_view{hidden} : field.text(),
            has_focus ? static_cast<int>(field.caret()) : -1
        );
    }
    column.gap(4);
    // Always the same height, so that nothing jumps when a sentence appears.
    auto const wait = form.wait_s(now);
    if (form.is_checking())
        column.note(words(TextKey::rdp_login_checking), false);
    else if (form.is_incomplete())
        column.note(words(TextKey::rdp_login_incomplete), true);
    else if (form.is_refused() && wait > 0)
        column.note(words(TextKey::rdp_login_wait, {{"n", std::to_string(wait)}}), true);
    else if (form.is_refused())
        column.note(words(TextKey::rdp_login_wrong), true);
    else
        column.gap(line_height(Face::body) + 16);
    column.gap(16);
    column.hints(
        {{words(TextKey::rdp_key_enter), words(TextKey::rdp_label_connect), true},
         {words(TextKey::rdp_key_tab), words(TextKey::rdp_label_next_field), false},
         {words(TextKey::rdp_key_escape), words(TextKey::rdp_label_quit), false}}
    );
}

void Screens::lay_out(Column& column, Menu const& menu, Deadline now) const
{
    column.text(Face::heading, words(TextKey::rdp_menu_title), palette::brand, 1);
    column.gap(6);
    column.text(Face::body, menu.welcome, palette::faint, 3);
    column.gap(12);

    int const width = column.width();
    int const number_x = 26;
    int const target_x = 64;
    int const left_x = width - 80;
    int const end_x = left_x - 80;
    int const account_x = target_x + (end_x - target_x) * 64 / 100;
    int const left = column.area().x;
    auto const cell = [&](int x, int to, int y, Face face, std::string_view text, Color color) {
        if (column.canvas() == nullptr) return;
        column.canvas()->draw_text(left + x, y, face, cut_to(face, text, to - x - 10), color);
    };
    struct Heading {
        int x;
        int to;
        TextKey key;
    };
    for (auto const& heading : {
             Heading{number_x, target_x + 10, TextKey::rdp_menu_number},
             Heading{target_x, account_x, TextKey::rdp_menu_target},
             Heading{account_x, end_x, TextKey::rdp_menu_account},
             Heading{end_x, left_x, TextKey::rdp_menu_end},
             Heading{left_x, width, TextKey::rdp_menu_left},
         })
        cell(heading.x, heading.to, column.y(), Face::small, words(heading.key), palette::faint);
    column.gap(line_height(Face::small) + 4);
    if (column.canvas() != nullptr)
        column.canvas()->fill({left, column.y(), width, 1}, palette::line);
    column.gap(5);

    // What stands below the rows: a line of text and the keys.
    int const below = line_height(Face::small) + 18 + 36;
    int const room = column.area().height - (column.y() - column.area().y) - below;
    auto const fitting = static_cast<std::size_t>(std::max(room / row_height, 1));
    auto const count = menu.rows.size();
    auto const first = first_seen(count, fitting, menu.selected);
    auto const last = std::min(first + fitting, count);
    for (auto i = first; i < last; ++i) {
        auto const& row = menu.rows[i];
        bool const is_selected = i == menu.selected;
        auto const ink = is_selected ? palette::on_brand : palette::ink;
        Face const face = is_selected ? Face::bold : Face::body;
        int const y = column.y() + (row_height - line_height(face)) / 2;
        if (is_selected && column.canvas() != nullptr) {
            column.canvas()->fill_rounded({left, column.y(), width, row_height}, 5, palette::brand);
            column.canvas()->draw_text(left + 8, y, face, "▸", ink);
        }
        auto const left_ms =
            std::chrono::floor<std::chrono::milliseconds>(row.closes - now).count();
        cell(number_x, target_x + 10, y, face, std::to_string(i + 1), ink);
        cell(target_x, account_x, y, face, row.target, ink);
        cell(account_x, end_x, y, face, row.account, ink);
        cell(end_x, left_x, y, face, row.end, ink);
        cell(left_x, width + 10, y, face, left_text(std::max<std::int64_t>(left_ms, 0)), ink);
        column.gap(row_height);
    }
    if (count == 0) column.note(words(TextKey::refusal_e_fen_01_reason), true);
    column.gap(6);
    std::string foot = words(TextKey::rdp_menu_zone);
    if (last - first < count)
        foot = words(
            TextKey::rdp_menu_part,
            {{"first", std::to_string(first + 1)},
             {"last", std::to_string(last)},
             {"n", std::to_string(count)}}
        );
    cell(0, width, column.y(), Face::small, foot, palette::faint);
    column.gap(line_height(Face::small) + 12);
    column.hints(
        {{words(TextKey::rdp_key_enter), words(TextKey::rdp_label_open), true},
         {words(TextKey::rdp_key_arrows), words(TextKey::rdp_label_choose), false},
         {words(TextKey::rdp_key_escape), words(TextKey::rdp_label_quit), false}}
    );
}

void Screens::lay_out(Column& column, Waiting const& waiting, Deadline now) const
{
    column.text(Face::heading, words(TextKey::rdp_waiting_title), palette::brand, 2);
    column.gap(10);
    column.text(Face::bold, waiting.target, palette::ink, 2);
    column.gap(6);
    column.text(Face::body, words(TextKey::rdp_waiting_text), palette::ink, 4);
    column.gap(16);
    column.busy(seconds_of(now));
    column.gap(16);
    column.hints({{words(TextKey::rdp_key_escape), words(TextKey::rdp_label_give_up), false}});
}

void Screens::lay_out(Column& column, Connecting const& connecting, Deadline now) const
{
    column.text(
        Face::heading,
        words(TextKey::rdp_connecting_title, {{"target", connecting.target}}),
        palette::brand,
        2
    );
    column.gap(10);
    column.text(Face::body, words(TextKey::rdp_connecting_text), palette::ink, 3);
    column.gap(16);
    column.busy(seconds_of(now));
    column.gap(16);
    column.hints({{words(TextKey::rdp_key_escape), words(TextKey::rdp_label_give_up), false}});
}

void Screens::lay_out(Column& column, RefusalText const& refusal, Deadline) const
{
    column.text(
        Face::heading,
        words(TextKey::rdp_refused_title, {{"code", refusal.code}}),
        palette::alert,
        1
    );
    column.gap(8);
    column.text(Face::bold, as_sentence(refusal.reason), palette::ink, 4);
    column.gap(18);
    if (!refusal.next.empty())
        column.labelled(words(TextKey::rdp_refused_next), Face::body, refusal.next);
    if (!refusal.action.empty())
        column.labelled(
            words(TextKey::rdp_refused_action), Face::body, as_sentence(refusal.action)
        );
    if (!refusal.reference.empty())
        column.labelled(words(TextKey::rdp_refused_reference), Face::mono, refusal.reference);
    column.gap(10);
    column.hints({{words(TextKey::rdp_key_enter), words(TextKey::rdp_label_close), true}});
}

void Screens::lay_out(Column& column, Ended const& ended, Deadline) const
{
    column.text(Face::heading, words(TextKey::rdp_ended_title), palette::brand, 1);
    column.gap(8);
    column.text(Face::body, as_sentence(ended.reason), palette::ink, 6);
    if (!ended.report.empty()) {
        column.gap(16);
        column.labelled(words(TextKey::rdp_ended_report), Face::bold, as_sentence(ended.report));
    }
    column.gap(14);
    column.hints({{words(TextKey::rdp_key_enter), words(TextKey::rdp_label_close), true}});
}

void Screens::lay_out(Column& column, Message const& message, Deadline) const
{
    column.text(Face::heading, words(TextKey::rdp_message_title), palette::brand, 1);
    column.gap(8);
    column.text(Face::body, message.text, palette::ink, 10);
    column.gap(16);
    column.hints({{words(TextKey::rdp_key_enter), words(TextKey::rdp_label_close), true}});
}

std::vector<Rect> Screens::draw(Canvas& canvas, Deadline now) const
{
    auto const area = draw_frame(
        canvas,
        {.product = words(TextKey::rdp_product),
         .purpose = words(TextKey::rdp_product_purpose),
         .site = site_.name,
         .help = site_.phone.empty() ? "" : words(TextKey::rdp_help, {{"phone", site_.phone}}),
         .other_language = words(TextKey::rdp_label_other_language)}
    );
    bool const is_menu = std::holds_alternative<Menu>(state_);
    int const width = is_menu ? menu_width : panel_width;
    auto const edge = std::holds_alternative<RefusalText>(state_) ? palette::alert : palette::brand;
    std::visit(
        [&](auto const& state) {
            // Twice the same way: once to know how high the panel is.
            auto inside = panel_inside(area, width);
            Column measured{nullptr, inside};
            lay_out(measured, state, now);
            auto const drawn = draw_panel(canvas, area, width, measured.y() - inside.y, edge);
            inside.x = drawn.x;
            inside.y = drawn.y;
            Column column{&canvas, inside};
            lay_out(column, state, now);
        },
        state_
    );
    return canvas.take_changes();
}

} // namespace ecluse::rdp
