#include "common/text_table.h"
#include "common/utf8.h"
#include "gateway/rdp/screen/banner.h"
#include "gateway/rdp/screen/paint.h"
#include "gateway/rdp/screen/screens.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace ecluse;
using namespace ecluse::rdp;
using namespace std::chrono_literals;

namespace {

Deadline const start{100h};
Site const site{"Centre hospitalier de Saint-Malo", "02 99 00 00 00"};
constexpr auto f2 = static_cast<Key>(static_cast<int>(Key::f1) + 1);

struct Held {
    bool shift = false;
    bool ctrl = false;
    bool alt = false;
};

TypedKey key(Key which, Held held = {})
{
    TypedKey typed;
    typed.stroke.down = true;
    typed.key = which;
    typed.shift = held.shift;
    typed.ctrl = held.ctrl;
    typed.alt = held.alt;
    return typed;
}

TypedKey letter(std::string_view text)
{
    auto typed = key(Key::character);
    typed.text = text;
    return typed;
}

/// A person in front of the screens.
struct Person {
    ScreenAction press(Key which, Held held = {}) { return screens.feed(key(which, held), now); }
    ScreenAction type(std::string_view text)
    {
        ScreenAction last = NoAction{};
        while (!text.empty()) {
            auto const length = decode_utf8(text).length;
            last = screens.feed(letter(text.substr(0, length)), now);
            text.remove_prefix(length);
        }
        return last;
    }
    void fill_form()
    {
        type("a.martin");
        press(Key::tab);
        type("mot de passé");
        press(Key::tab);
        type("123456");
    }

    Screens screens{site, Language::french};
    Deadline now = start;
};

bool is_nothing(ScreenAction const& action)
{
    return std::holds_alternative<NoAction>(action);
}

bool is_quit(ScreenAction const& action)
{
    return std::holds_alternative<Quit>(action);
}

std::vector<WindowRow> rows(std::size_t count)
{
    std::vector<WindowRow> list;
    for (std::size_t i = 1; i <= count; ++i)
        list.push_back({"cible " + std::to_string(i), "admin", "18:00", start + 2h});
    return list;
}

/// Of WCAG 2.1: 1 to 21.
double contrast(Color a, Color b)
{
    auto const luminance = [](Color color) {
        auto const channel = [&](unsigned shift) {
            double const value = ((color >> shift) & 0xFFU) / 255.0;
            return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
        };
        return 0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0);
    };
    double const one = luminance(a);
    double const other = luminance(b);
    return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

std::string repeat(std::string_view piece, std::size_t times)
{
    std::string text;
    for (std::size_t i = 0; i < times; ++i)
        text += piece;
    return text;
}

std::vector<std::string> const hostile_texts{
    "",
    std::string(1'000'000, 'a'),
    repeat("é", 500'000),
    repeat("a\n", 100'000),
    repeat("mot ", 100'000),
    std::string("nul\0byte", 8),
    "\x1b[31mrouge\x1b]0;titre\x07",
    "\xff\xfe\xc3",
    "gauche \u202e droite \u2066 isolé \u200f",
    "e\u0301\u0302\u0303" + repeat("\u0301", 5000),
    "\u65e5\u672c\u8a9e \U0001F600 \U0010FFFD",
    repeat("\u00a0", 5000),
};

std::string glyph_gaps(std::string_view text)
{
    std::string missing;
    while (!text.empty()) {
        auto const [point, length] = decode_utf8(text);
        if (length == 0) return "not UTF-8";
        for (auto const face : {Face::small, Face::body, Face::bold, Face::heading, Face::mono})
            if (point != U'\n' && find_glyph(face, point) == nullptr)
                missing += text.substr(0, length);
        text.remove_prefix(length);
    }
    return missing;
}

} // namespace

TEST_CASE("the login form sends what was typed, both factors together")
{
    Person person;
    person.fill_form();
    auto action = person.press(Key::enter);
    REQUIRE(std::holds_alternative<Submit>(action));
    auto const& submit = std::get<Submit>(action);
    CHECK(submit.login == "a.martin");
    CHECK(submit.password.reveal() == "mot de passé");
    CHECK(submit.code.reveal() == "123456");
    // Nothing twice while the answer is awaited, and no way to type into it.
    CHECK(is_nothing(person.press(Key::enter)));
    CHECK(is_nothing(person.press(Key::escape)));
    CHECK(is_nothing(person.type("x")));
}

TEST_CASE("Enter goes to the field that is still empty")
{
    Person person;
    CHECK(is_nothing(person.press(Key::enter)));
    person.type("alice");
    CHECK(is_nothing(person.press(Key::enter)));
    person.type("secret");
    CHECK(is_nothing(person.press(Key::enter)));
    person.type("123456");
    // Back to the identifier, complete it: Enter sends from anywhere once all is there.
    person.press(Key::tab);
    person.type("+pacs");
    auto action = person.press(Key::enter);
    REQUIRE(std::holds_alternative<Submit>(action));
    CHECK(std::get<Submit>(action).login == "alice+pacs");
    CHECK(std::get<Submit>(action).password.reveal() == "secret");
}

TEST_CASE("a refused login keeps the identifier, loses the secrets and waits")
{
    Person person;
    person.fill_form();
    (void)person.press(Key::enter);
    person.screens.login_refused(8, person.now);
    person.type("encore");
    person.press(Key::tab);
    person.type("654321");
    CHECK(is_nothing(person.press(Key::enter)));
    person.now = start + 7999ms;
    CHECK(is_nothing(person.press(Key::enter)));
    person.now = start + 8s;
    auto action = person.press(Key::enter);
    REQUIRE(std::holds_alternative<Submit>(action));
    CHECK(std::get<Submit>(action).login == "a.martin");
    CHECK(std::get<Submit>(action).password.reveal() == "encore");
    CHECK(std::get<Submit>(action).code.reveal() == "654321");
}

TEST_CASE("fields are edited as everywhere")
{
    LoginForm form;
    auto const press = [&](Key which, Held held = {}) { (void)form.feed(key(which, held), start); };
    auto const type = [&](std::string_view text) { (void)form.feed(letter(text), start); };
    auto const content = [&] { return form.field(form.focus()).text(); };
    type("é");
    type("t");
    type("œ");
    press(Key::left);
    press(Key::backspace);
    CHECK(content() == "éœ");
    CHECK(form.field(LoginForm::login).caret() == 1);
    press(Key::home);
    press(Key::left);
    type("a");
    CHECK(content() == "aéœ");
    press(Key::del);
    CHECK(content() == "aœ");
    press(Key::end);
    press(Key::right);
    press(Key::del);
    press(Key::backspace);
    press(Key::backspace);
    press(Key::backspace);
    CHECK(content().empty());
    press(Key::tab, {.shift = true});
    CHECK(form.focus() == LoginForm::code);
    press(Key::tab);
    CHECK(form.focus() == LoginForm::login);
    press(Key::down);
    CHECK(form.focus() == LoginForm::password);
    press(Key::up);
    CHECK(form.focus() == LoginForm::login);
    // Shortcuts are not text, a release does nothing, two characters of a dead key both count.
    (void)form.feed(key(Key::backspace, {.ctrl = true}), start);
    auto release = key(Key::tab);
    release.stroke.down = false;
    (void)form.feed(release, start);
    type("^z");
    CHECK(content() == "^z");
}

TEST_CASE("what is typed is bounded and free of control characters")
{
    LoginForm form;
    for (int i = 0; i < 5000; ++i)
        (void)form.feed(letter("é"), start);
    CHECK(form.field(LoginForm::login).characters() == 200);
    (void)form.feed(key(Key::tab), start);
    (void)form.feed(letter(std::string("a\0b\n\x7f\xc2\x85", 8)), start);
    CHECK(form.field(LoginForm::password).text() == "ab");
    (void)form.feed(letter("\xff"), start);
    CHECK(form.field(LoginForm::password).text() == "ab");
    for (int i = 0; i < 5000; ++i)
        (void)form.feed(letter("\U0001F600"), start);
    CHECK(form.field(LoginForm::password).characters() == 128);
}

TEST_CASE("a field never moves its bytes, and wipes them")
{
    Field field{128};
    auto const* const place = field.text().data();
    for (int i = 0; i < 300; ++i)
        field.insert("\U0001F600");
    CHECK(field.text().data() == place);
    CHECK(field.text().size() == 512);
    field.clear();
    CHECK(field.text().data() == place);
    CHECK(std::all_of(place, place + 512, [](char c) { return c == 0; }));
}

TEST_CASE("the menu is chosen with arrows and with numbers")
{
    Person person;
    person.screens.show_menu("Bonjour.", rows(12));
    auto const chosen = [&] {
        auto const action = person.press(Key::enter);
        REQUIRE(std::holds_alternative<Choose>(action));
        auto const row = std::get<Choose>(action).row;
        // A key that repeats does not open twice.
        CHECK(is_nothing(person.press(Key::enter)));
        person.screens.show_menu("Bonjour.", rows(12));
        return row;
    };
    CHECK(chosen() == 0);
    person.press(Key::down);
    person.press(Key::down);
    CHECK(chosen() == 2);
    person.press(Key::up);
    CHECK(chosen() == 11);
    person.type("4");
    CHECK(chosen() == 3);
    person.type("12");
    CHECK(chosen() == 11);
    person.type("13"); // no such row: the 3 begins anew
    CHECK(chosen() == 2);
    person.type("0");
    CHECK(chosen() == 0);
    person.press(Key::end);
    CHECK(chosen() == 11);
    CHECK(is_quit(person.press(Key::escape)));
}

TEST_CASE("an empty menu can only be left")
{
    Person person;
    person.screens.show_menu("", {});
    CHECK(is_nothing(person.press(Key::enter)));
    CHECK(is_nothing(person.press(Key::down)));
    CHECK(is_nothing(person.type("1")));
    CHECK(is_quit(person.press(Key::escape)));
}

TEST_CASE("every other screen can be left, and a wait only on purpose")
{
    Person person;
    person.screens.show_waiting("cible");
    CHECK(is_nothing(person.press(Key::enter)));
    CHECK(is_quit(person.press(Key::escape)));
    person.screens.show_connecting("cible");
    CHECK(is_nothing(person.press(Key::enter)));
    CHECK(is_quit(person.press(Key::escape)));
    person.screens.show_refusal({"E-FEN-01", "aucun créneau", "", "appeler", "R-1"});
    CHECK(is_nothing(person.type("x")));
    CHECK(is_quit(person.press(Key::enter)));
    person.screens.show_ended("fin", "");
    CHECK(is_quit(person.press(Key::enter)));
    person.screens.show_message("message");
    CHECK(is_quit(person.press(Key::escape)));
    CHECK(is_nothing(person.press(Key::escape, {.ctrl = true})));
}

TEST_CASE("F2 changes the language and nothing else")
{
    Person person;
    person.type("alice");
    CHECK(is_nothing(person.press(f2)));
    CHECK(person.screens.language() == Language::english);
    CHECK(is_nothing(person.press(f2)));
    CHECK(person.screens.language() == Language::french);
    person.press(Key::tab);
    person.type("s");
    person.press(Key::tab);
    person.type("c");
    auto const action = person.press(Key::enter);
    REQUIRE(std::holds_alternative<Submit>(action));
    CHECK(std::get<Submit>(action).login == "alice");
}

TEST_CASE("text is cut into lines where it may be")
{
    auto const wide = measure(Face::body, "Fermeture dans dix minutes");
    using Lines = std::vector<std::string>;
    CHECK(
        wrap(Face::body, "Fermeture dans dix minutes", wide, 9) ==
        Lines{"Fermeture dans dix minutes"}
    );
    CHECK(
        wrap(Face::body, "Fermeture dans dix minutes", wide - 1, 9) ==
        Lines{"Fermeture dans dix", "minutes"}
    );
    // Never at a non-breaking space.
    CHECK(
        wrap(Face::body, "Fermeture dans\u00a0dix\u00a0minutes", wide - 1, 9) ==
        Lines{"Fermeture", "dans\u00a0dix\u00a0minutes"}
    );
    CHECK(wrap(Face::body, "un\n\ndeux", 500, 9) == Lines{"un", "", "deux"});
    CHECK(wrap(Face::body, "un\ndeux\ntrois", 500, 2) == Lines{"un", "deux…"});
    // Spaces at the end take no room.
    auto const word = measure(Face::body, "dans");
    CHECK(wrap(Face::body, "dans   dans   ", word, 9) == Lines{"dans", "dans"});
    CHECK(wrap(Face::body, "dans   ", word, 9) == Lines{"dans"});
    CHECK(wrap(Face::body, "", 500, 9) == Lines{""});
    CHECK(wrap(Face::body, "abc", 500, 0).empty());
    for (auto const& text : hostile_texts) {
        for (int const width : {-5, 0, 1, 7, 40, 300}) {
            auto const lines = wrap(Face::body, shown(text), width, 50);
            CHECK(lines.size() <= 50);
            for (auto const& line : lines)
                CHECK(
                    (decode_utf8(line + " ").length != 0 &&
                     (width < 40 || measure(Face::body, line) <= width))
                );
        }
    }
    CHECK(cut_to(Face::body, "minutes", measure(Face::body, "minutes")) == "minutes");
    auto const cut = cut_to(Face::body, "minutes", measure(Face::body, "minutes") - 1);
    CHECK(cut.starts_with("minu"));
    CHECK(cut.ends_with("…"));
    CHECK(measure(Face::body, cut) < measure(Face::body, "minutes"));
}

TEST_CASE("every character of the catalogue that a screen may show is baked")
{
    // Texts of other programs reach the screens through policyd: refusals, endings, welcome.
    std::size_t seen = 0;
    for (std::size_t i = 0; i < text_count; ++i) {
        std::string_view const name = text_table[i].key;
        bool const is_ours = name.starts_with("rdp.") || name.starts_with("refusal.") ||
                             name.starts_with("session.") || name.starts_with("operator.ending") ||
                             name.starts_with("ssh.");
        if (!is_ours) continue;
        ++seen;
        CAPTURE(name);
        CHECK(glyph_gaps(text_table[i].french).empty());
        CHECK(glyph_gaps(text_table[i].english).empty());
    }
    CHECK(seen > 100);
    CHECK(glyph_gaps(
              "«\u00a0Où êtes-vous\u202f? Ça coûte 3,50\u00a0€ – l’œuvre naïve… Ÿ Œ Æ •\u00a0»"
    )
              .empty());
    CHECK(find_glyph(Face::body, U'\u65e5') == nullptr);
}

TEST_CASE("colours of text and ground differ enough for everybody")
{
    using namespace palette;
    for (auto const& [text, ground_color] : std::initializer_list<std::pair<Color, Color>>{
             {on_brand, brand},
             {faint_on_brand, brand},
             {ink, panel},
             {ink, ground},
             {ink, notice_ground},
             {faint, panel},
             {faint, ground},
             {brand, panel},
             {alert, panel},
             {alert, alert_ground},
             {on_brand, alert},
             {on_brand, warning_ground}})
        CHECK(contrast(text, ground_color) >= 4.5);
    // Shapes.
    CHECK(contrast(field_edge, panel) >= 3);
    CHECK(contrast(focus, panel) >= 3);
}

TEST_CASE("drawing stays on the canvas, whatever the numbers")
{
    for (auto const& [width, height] : std::initializer_list<std::pair<int, int>>{
             {1, 1}, {3, 200}, {200, 3}, {64, 64}, {333, 111}}) {
        Canvas canvas{width, height};
        constexpr int extreme[] = {-2147483647 - 1, -70'000, -1, 0, 1, 70'000, 2147483647};
        for (int const x : extreme)
            for (int const y : extreme) {
                canvas.fill({x, y, 2147483647, 2147483647}, 0x123456);
                canvas.fill({x, y, -5, 10}, 0xFFFFFF);
                if (x > -100'000 && x < 100'000 && y > -100'000 && y < 100'000) {
                    canvas.fill_rounded({x, y, 70'000, 70'000}, 9, 0x654321);
                    canvas.frame({x, y, 70'000, 70'000}, 3, 0x111111);
                    canvas.draw_text(x, y, Face::heading, "Écluse \u65e5", 0xFFFFFF);
                }
            }
        CHECK(
            canvas.pixels().size() ==
            static_cast<std::size_t>(width) * static_cast<std::size_t>(height)
        );
        CHECK(std::all_of(canvas.pixels().begin(), canvas.pixels().end(), [](Color c) {
            return c <= 0xFFFFFF;
        }));
    }
    CHECK(Canvas{0, -7}.width() == 1);
    CHECK(Canvas{100'000, 2}.width() == Canvas::side_max);
}

TEST_CASE("text stays inside its clip")
{
    Canvas canvas{200, 60};
    canvas.draw_text(5, 10, Face::heading, "Mot de passe ÀÉ \u65e5", 0xFFFFFF, {40, 15, 50, 12});
    bool drawn = false;
    for (int y = 0; y < 60; ++y)
        for (int x = 0; x < 200; ++x) {
            bool const inside = x >= 40 && x < 90 && y >= 15 && y < 27;
            auto const pixel = canvas.pixels()[static_cast<std::size_t>(y * 200 + x)];
            if (!inside) CHECK(pixel == 0);
            drawn = drawn || pixel != 0;
        }
    CHECK(drawn);
}

TEST_CASE("only what changed is sent again")
{
    Person person;
    Canvas canvas{800, 600};
    auto const first = person.screens.draw(canvas, start);
    CHECK(first == std::vector<Rect>{{0, 0, 800, 600}});
    CHECK(person.screens.draw(canvas, start).empty());
    std::vector<Color> const before{canvas.pixels().begin(), canvas.pixels().end()};
    person.type("a");
    auto const changes = person.screens.draw(canvas, start);
    REQUIRE(!changes.empty());
    std::size_t area = 0;
    for (auto const& change : changes)
        area += static_cast<std::size_t>(change.width * change.height);
    CHECK(area < 800 * 600 / 10);
    // Every pixel that differs lies in one of them.
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i] == canvas.pixels()[i]) continue;
        int const x = static_cast<int>(i % 800);
        int const y = static_cast<int>(i / 800);
        CHECK(std::any_of(changes.begin(), changes.end(), [&](Rect const& r) {
            return x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
        }));
    }
    // The countdown moves by itself.
    person.screens.login_refused(8, start);
    (void)person.screens.draw(canvas, start);
    CHECK(person.screens.draw(canvas, start + 100ms).empty());
    CHECK(!person.screens.draw(canvas, start + 1s).empty());
}

TEST_CASE("a password is shown as dots")
{
    // Two passwords of the same length give the same picture.
    Person one;
    Person other;
    Canvas first{800, 600};
    Canvas second{800, 600};
    for (auto const& [person, text] : {std::pair{&one, "secret"}, {&other, "WWWWWW"}}) {
        person->press(Key::tab);
        person->type(text);
    }
    (void)one.screens.draw(first, start);
    (void)other.screens.draw(second, start);
    CHECK(std::equal(first.pixels().begin(), first.pixels().end(), second.pixels().begin()));
    other.type("x");
    (void)other.screens.draw(second, start);
    CHECK(!std::equal(first.pixels().begin(), first.pixels().end(), second.pixels().begin()));
}

TEST_CASE("every screen draws on tiny and huge canvases, with hostile texts")
{
    for (auto const& [width, height] : std::initializer_list<std::pair<int, int>>{
             {1, 1}, {20, 15}, {200, 150}, {320, 200}, {640, 480}, {4096, 300}}) {
        for (auto const& text : hostile_texts) {
            Screens screens{{text, text}, Language::french};
            Canvas canvas{width, height};
            auto const draw = [&] { return screens.draw(canvas, start + 3s); };
            CHECK(draw().size() == 1);
            (void)screens.feed(letter(text.substr(0, 4096)), start);
            (void)draw();
            std::vector<WindowRow> list(3, {text, text, text, start - 1h});
            screens.show_menu(text, list);
            (void)draw();
            screens.show_waiting(text);
            (void)draw();
            screens.show_connecting(text);
            (void)draw();
            screens.show_refusal({text, text, text, text, text});
            (void)draw();
            screens.show_ended(text, text);
            (void)draw();
            screens.show_message(text);
            (void)draw();
            auto const banner =
                draw_banner(text, BannerTone::alert, Language::english, width, height);
            CHECK(banner.place.x >= 0);
            CHECK(banner.place.x + banner.place.width <= width);
            CHECK(banner.place.height <= height);
        }
    }
}

TEST_CASE("a long menu shows the chosen row and no more than the screen holds")
{
    Person person;
    person.screens.show_menu("Bonjour.", rows(500));
    Canvas canvas{640, 480};
    (void)person.screens.draw(canvas, start);
    std::vector<Color> const before{canvas.pixels().begin(), canvas.pixels().end()};
    person.press(Key::end);
    auto const action = person.press(Key::enter);
    REQUIRE(std::holds_alternative<Choose>(action));
    CHECK(std::get<Choose>(action).row == Screens::rows_max - 1);
    // The foot of the screen is untouched: the panel ends above it.
    (void)person.screens.draw(canvas, start);
    CHECK(std::equal(before.end() - 640 * 36, before.end(), canvas.pixels().end() - 640 * 36));
}

TEST_CASE("a banner is a small opaque strip with its place")
{
    auto const banner = draw_banner(
        "Session enregistrée – observée par la DSI", BannerTone::notice, Language::french, 1280, 800
    );
    CHECK(banner.place.y == 0);
    CHECK(banner.place.width < 640);
    CHECK(banner.place.height < 80);
    CHECK(
        banner.pixels.size() == static_cast<std::size_t>(banner.place.width * banner.place.height)
    );
    CHECK(std::abs(banner.place.x * 2 + banner.place.width - 1280) <= 1);
    CHECK(banner.covers(640, 5));
    CHECK(!banner.covers(640, banner.place.height));
    CHECK(!banner.covers(banner.place.x - 1, 5));
    CHECK(dismisses_banner(key(Key::escape, {.ctrl = true, .alt = true})));
    CHECK(!dismisses_banner(key(Key::escape)));
    auto release = key(Key::escape, {.ctrl = true, .alt = true});
    release.stroke.down = false;
    CHECK(!dismisses_banner(release));
}
