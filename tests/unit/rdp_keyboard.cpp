#include "gateway/rdp/keyboard/keyboard.h"
#include "gateway/rdp/keyboard/secret_entry.h"

#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace ecluse;
using namespace ecluse::rdp;

namespace {

constexpr std::uint32_t french_id = 0x0000040C;
constexpr std::uint32_t belgian_id = 0x0000080C;
constexpr std::uint32_t us_id = 0x00000409;
constexpr std::uint32_t uk_id = 0x00000809;
constexpr std::uint32_t swiss_id = 0x0000100C;

constexpr KeyStroke shift{.code = 0x2A};
constexpr KeyStroke ctrl{.code = 0x1D};
constexpr KeyStroke alt{.code = 0x38};
constexpr KeyStroke alt_gr{.code = 0x38, .extended = true};
constexpr KeyStroke win{.code = 0x5B, .extended = true};
constexpr KeyStroke caps_lock{.code = 0x3A};
constexpr KeyStroke enter{.code = 0x1C};
constexpr KeyStroke space{.code = 0x39};
constexpr KeyStroke del{.code = 0x53, .extended = true};

constexpr std::string_view digits_row = "\x29\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D";
constexpr std::string_view upper_row = "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B";
constexpr std::string_view middle_row = "\x1E\x1F\x20\x21\x22\x23\x24\x25\x26\x27\x28\x2B";
constexpr std::string_view lower_row = "\x56\x2C\x2D\x2E\x2F\x30\x31\x32\x33\x34\x35";

/// A person at a keyboard.
struct Typist {
    explicit Typist(std::uint32_t layout) : keyboard{layout} {}

    std::string down(KeyStroke stroke)
    {
        stroke.down = true;
        auto const typed = keyboard.press(stroke);
        name = typed.name;
        key = typed.key;
        return typed.text;
    }
    std::string up(KeyStroke stroke)
    {
        stroke.down = false;
        return keyboard.press(stroke).text;
    }
    /// Holds `modifiers`, strikes the key, lets go.
    std::string strike(KeyStroke stroke, std::vector<KeyStroke> const& modifiers = {})
    {
        for (auto const& modifier : modifiers)
            (void)down(modifier);
        auto text = down(stroke);
        auto const struck = name;
        text += up(stroke);
        for (auto const& modifier : modifiers)
            text += up(modifier);
        name = struck;
        return text;
    }
    std::string strike_row(std::string_view codes, std::vector<KeyStroke> const& modifiers = {})
    {
        std::string text;
        for (char const code : codes)
            text += strike({.code = static_cast<std::uint8_t>(code)}, modifiers);
        return text;
    }

    Keyboard keyboard;
    std::string name;
    Key key = Key::unknown;
};

std::string strike_names(Typist& typist, std::vector<KeyStroke> const& keys)
{
    std::vector<KeyStroke> modifiers{keys.begin(), keys.end() - 1};
    (void)typist.strike(keys.back(), modifiers);
    return typist.name;
}

} // namespace

TEST_CASE("every character key of the French keyboard types what Windows types")
{
    Typist typist{french_id};
    CHECK(typist.keyboard.layout_is_known());
    CHECK(typist.keyboard.layout_name() == "French");
    CHECK(typist.strike_row(digits_row) == "²&é\"'(-è_çà)=");
    // The dead key ^ comes out when $ does not combine with it.
    CHECK(typist.strike_row(upper_row) == "azertyuiop^$");
    CHECK(typist.strike_row(middle_row) == "qsdfghjklmù*");
    CHECK(typist.strike_row(lower_row) == "<wxcvbn,;:!");
    CHECK(typist.strike_row(digits_row, {shift}) == "1234567890°+");
    CHECK(typist.strike_row(upper_row, {shift}) == "AZERTYUIOP¨£");
    CHECK(typist.strike_row(middle_row, {shift}) == "QSDFGHJKLM%µ");
    CHECK(typist.strike_row(lower_row, {shift}) == ">WXCVBN?./§");
    CHECK(typist.strike_row(digits_row, {alt_gr}) == "~#{[|`\\^@]}");
    CHECK(typist.strike_row(upper_row, {alt_gr}) == "€¤");
    CHECK(typist.strike_row(middle_row, {alt_gr}).empty());
    CHECK(typist.strike_row(lower_row, {alt_gr}).empty());
    CHECK(typist.strike_row(digits_row, {alt_gr, shift}).empty());
    CHECK(typist.strike(space) == " ");
}

TEST_CASE("Caps Lock on a French keyboard gives the digits")
{
    Typist typist{french_id};
    (void)typist.strike(caps_lock);
    CHECK(typist.strike_row(digits_row) == "²1234567890°+");
    CHECK(typist.strike_row(upper_row) == "AZERTYUIOP¨£");
    CHECK(typist.strike_row(middle_row) == "QSDFGHJKLM%µ");
    CHECK(typist.strike_row(lower_row) == "<WXCVBN?./§");
    CHECK(typist.strike_row(digits_row, {shift}) == "&é\"'(-è_çà)=");
    CHECK(typist.strike_row(digits_row, {alt_gr}) == "~#{[|`\\^@]}");
    // Held, it repeats; that is still one press.
    (void)typist.down(caps_lock);
    (void)typist.down(caps_lock);
    (void)typist.up(caps_lock);
    CHECK(typist.strike_row(upper_row) == "azertyuiop^$");
}

TEST_CASE("every character key of the Belgian keyboard types what Windows types")
{
    Typist typist{belgian_id};
    CHECK(typist.keyboard.layout_name() == "Belgian French");
    CHECK(typist.strike_row(digits_row) == "²&é\"'(§è!çà)-");
    CHECK(typist.strike_row(upper_row) == "azertyuiop^$");
    CHECK(typist.strike_row(middle_row) == "qsdfghjklmùµ");
    CHECK(typist.strike_row(lower_row) == "<wxcvbn,;:=");
    CHECK(typist.strike_row(digits_row, {shift}) == "³1234567890°_");
    CHECK(typist.strike_row(upper_row, {shift}) == "AZERTYUIOP¨*");
    CHECK(typist.strike_row(middle_row, {shift}) == "QSDFGHJKLM%£");
    CHECK(typist.strike_row(lower_row, {shift}) == ">WXCVBN?./+");
    CHECK(typist.strike_row(digits_row, {alt_gr}) == "|@#{[^{}");
    CHECK(typist.strike_row(upper_row, {alt_gr}) == "€[]");
    CHECK(typist.strike_row(middle_row, {alt_gr}) == "´`");
    CHECK(typist.strike_row(lower_row, {alt_gr}) == "\\");
    CHECK(typist.strike(space) == "~");
    (void)typist.strike(caps_lock);
    CHECK(typist.strike_row(digits_row) == "²1234567890°_");
    CHECK(typist.strike_row(lower_row) == "<WXCVBN?./+");
}

TEST_CASE("every character key of the US keyboard types what Windows types")
{
    Typist typist{us_id};
    CHECK(typist.strike_row(digits_row) == "`1234567890-=");
    CHECK(typist.strike_row(upper_row) == "qwertyuiop[]");
    CHECK(typist.strike_row(middle_row) == "asdfghjkl;'\\");
    CHECK(typist.strike_row(lower_row) == "\\zxcvbnm,./");
    CHECK(typist.strike_row(digits_row, {shift}) == "~!@#$%^&*()_+");
    CHECK(typist.strike_row(upper_row, {shift}) == "QWERTYUIOP{}");
    CHECK(typist.strike_row(middle_row, {shift}) == "ASDFGHJKL:\"|");
    CHECK(typist.strike_row(lower_row, {shift}) == "|ZXCVBNM<>?");
    // Its right Alt is an Alt.
    CHECK(typist.strike({.code = 0x12}, {alt_gr}).empty());
    CHECK(typist.name == "Alt+E");
    (void)typist.strike(caps_lock);
    CHECK(typist.strike_row(digits_row) == "`1234567890-=");
    CHECK(typist.strike_row(upper_row) == "QWERTYUIOP[]");
    CHECK(typist.strike_row(lower_row) == "\\ZXCVBNM,./");
}

TEST_CASE("every character key of the UK keyboard types what Windows types")
{
    Typist typist{uk_id};
    CHECK(typist.strike_row(digits_row) == "`1234567890-=");
    CHECK(typist.strike_row(middle_row) == "asdfghjkl;'#");
    CHECK(typist.strike_row(digits_row, {shift}) == "¬!\"£$%^&*()_+");
    CHECK(typist.strike_row(middle_row, {shift}) == "ASDFGHJKL:@~");
    CHECK(typist.strike_row(lower_row, {shift}) == "|ZXCVBNM<>?");
    CHECK(typist.strike_row(digits_row, {alt_gr}) == "¦€");
    CHECK(typist.strike_row(upper_row, {alt_gr}) == "éúíó");
    CHECK(typist.strike_row(middle_row, {alt_gr}) == "á");
    CHECK(typist.strike_row(upper_row, {alt_gr, shift}) == "ÉÚÍÓ");
}

TEST_CASE("every character key of the Swiss French keyboard types what Windows types")
{
    Typist typist{swiss_id};
    CHECK(typist.strike_row(digits_row) == "§1234567890'");
    CHECK(typist.strike(space) == "^");
    CHECK(typist.strike_row(upper_row) == "qwertzuiopè");
    CHECK(typist.strike(space) == "\"");
    CHECK(typist.strike_row(middle_row) == "asdfghjkléà$");
    CHECK(typist.strike_row(lower_row) == "<yxcvbnm,.-");
    CHECK(typist.strike_row(digits_row, {shift}) == "°+\"*ç%&/()=?");
    CHECK(typist.strike(space) == "`");
    CHECK(typist.strike_row(upper_row, {shift}) == "QWERTZUIOPü!");
    CHECK(typist.strike_row(middle_row, {shift}) == "ASDFGHJKLöä£");
    CHECK(typist.strike_row(lower_row, {shift}) == ">YXCVBNM;:_");
    CHECK(typist.strike_row(digits_row, {alt_gr}) == "¦@#°§¬|¢´~");
    CHECK(typist.strike_row(upper_row, {alt_gr}) == "€[]");
    CHECK(typist.strike_row(middle_row, {alt_gr}) == "{}");
    CHECK(typist.strike_row(lower_row, {alt_gr}) == "\\");
    // Caps Lock gives these keys capitals that Shift does not give.
    (void)typist.strike(caps_lock);
    CHECK(typist.strike_row("\x1A\x27\x28") == "ÈÉÀ");
    CHECK(typist.strike_row("\x1A\x27\x28", {shift}) == "ÜÖÄ");
    CHECK(typist.strike_row("\x02\x05") == "14");
}

TEST_CASE("a dead key waits for its letter")
{
    struct Row {
        std::vector<KeyStroke> accent; // the last one is struck, the others are held
        KeyStroke letter;
        char const* text;
    };
    KeyStroke const circumflex{.code = 0x1A};
    KeyStroke const tilde{.code = 0x03};
    KeyStroke const grave{.code = 0x08};
    for (auto const& row : std::initializer_list<Row>{
             {{circumflex}, {.code = 0x12}, "ê"},
             {{circumflex}, {.code = 0x18}, "ô"},
             {{shift, circumflex}, {.code = 0x17}, "ï"},
             {{shift, circumflex}, {.code = 0x15}, "ÿ"},
             {{alt_gr, tilde}, {.code = 0x31}, "ñ"},
             {{alt_gr, grave}, {.code = 0x16}, "ù"},
             {{circumflex}, space, "^"},
             {{shift, circumflex}, space, "¨"},
             {{alt_gr, tilde}, space, "~"},
             {{circumflex}, {.code = 0x11}, "^z"},    // does not combine: both
             {{circumflex}, {.code = 0x1A}, "^^"},    // twice: both
             {{alt_gr, grave}, {.code = 0x1A}, "`^"}, // two different ones: both
             {{circumflex}, {.code = 0x02}, "^&"},
             {{circumflex}, {.code = 0x4F}, "^1"}, // the keypad as well
             {{circumflex}, enter, "^"},
         }) {
        CAPTURE(row.text);
        Typist typist{french_id};
        std::vector<KeyStroke> const modifiers{row.accent.begin(), row.accent.end() - 1};
        CHECK(typist.strike(row.accent.back(), modifiers).empty());
        CHECK(typist.strike(row.letter) == row.text);
        // And it is spent.
        CHECK(typist.strike({.code = 0x12}) == "e");
    }
    // A capital, with Shift pressed in between; an arrow does not disturb it.
    Typist typist{french_id};
    CHECK(typist.strike(circumflex).empty());
    CHECK(typist.strike({.code = 0x4B, .extended = true}).empty());
    CHECK(typist.strike({.code = 0x12}, {shift}) == "Ê");
}

TEST_CASE("a whole French sentence comes out of the scan codes")
{
    Typist typist{french_id};
    std::string text;
    auto const say = [&](std::string_view codes, std::vector<KeyStroke> const& modifiers = {}) {
        text += typist.strike_row(codes, modifiers);
    };
    // "Où êtes-vous ? Ça coûte 3,50 €" as a Windows keyboard can: the Ç by Alt + 0199, the dash and
    // the œ likewise.
    say("\x18", {shift});
    say("\x28\x39\x1A\x12\x14\x12\x1F\x07\x2F\x18\x16\x1F\x39");
    say("\x32", {shift});
    say("\x39");
    (void)typist.down(alt);
    say("\x52\x4F\x49\x49"); // 0199 on the keypad
    text += typist.up(alt);
    say("\x10\x39\x2E\x18\x1A\x16\x14\x12\x39");
    say("\x04", {shift});
    say("\x32");
    say("\x06\x0B", {shift});
    say("\x39");
    say("\x12", {alt_gr});
    say("\x39");
    (void)typist.down(alt);
    say("\x52\x4F\x4C\x52"); // 0150
    text += typist.up(alt);
    say("\x39\x26\x05");
    (void)typist.down(alt);
    say("\x52\x4F\x4C\x4D"); // 0156
    text += typist.up(alt);
    say("\x16\x2F\x13\x12\x39\x31\x10");
    say("\x1A", {shift});
    say("\x17\x2F\x12");
    CHECK(text == "Où êtes-vous ? Ça coûte 3,50 € – l'œuvre naïve");
}

TEST_CASE("Alt and keypad digits spell a character when Alt goes up")
{
    struct Row {
        char const* codes;
        char const* text;
    };
    for (auto const& row : std::initializer_list<Row>{
             {"\x52\x4F\x4C\x4D", "œ"}, // 0156, Windows-1252
             {"\x52\x50\x51\x51", "é"}, // 0233
             {"\x4F\x51\x52", "é"},     // 130, code page 850
             {"\x4F\x4B\x4B", "É"},     // 144
             {"\x52\x4F\x50\x48", "€"}, // 0128
             {"\x4D\x4C", "A"},         // 65
             {"\x51\x50\x4F", "A"},     // 321: modulo 256
             {"\x4F\x51", ""},          // 13: not a character
             {"\x52", ""},              // nothing
         }) {
        CAPTURE(row.text);
        Typist typist{french_id};
        typist.keyboard.synchronise({.scroll = false, .num = false, .caps = false});
        (void)typist.down(alt);
        CHECK(typist.strike_row(row.codes).empty());
        CHECK(typist.up(alt) == row.text);
        CHECK(typist.strike({.code = 0x12}) == "e");
    }
    Typist typist{french_id};
    (void)typist.down(alt);
    CHECK(typist.strike_row(std::string(100'000, '\x4F')).empty());
    (void)typist.up(alt);
}

TEST_CASE("AltGr is the right Alt, with or without a Ctrl, and Ctrl with Alt")
{
    Typist typist{french_id};
    CHECK(typist.strike({.code = 0x12}, {alt_gr}) == "€");
    CHECK(typist.strike({.code = 0x12}, {ctrl, alt_gr}) == "€"); // as Windows keyboards send it
    CHECK(typist.strike({.code = 0x12}, {ctrl, alt}) == "€");
    CHECK(typist.name.empty());
    CHECK(typist.strike({.code = 0x10}, {ctrl, alt}).empty());
    CHECK(typist.name == "Ctrl+Alt+A");
    CHECK(typist.strike({.code = 0x10}, {alt_gr}).empty());
    CHECK(typist.name == "AltGr+A");
}

TEST_CASE("keys that type nothing are named")
{
    Typist typist{french_id};
    struct Row {
        std::vector<KeyStroke> keys;
        char const* name;
    };
    for (auto const& row : std::initializer_list<Row>{
             {{enter}, "Enter"},
             {{{.code = 0x1C, .extended = true}}, "Enter"},
             {{{.code = 0x01}}, "Esc"},
             {{{.code = 0x0E}}, "Backspace"},
             {{{.code = 0x0F}}, "Tab"},
             {{shift, {.code = 0x0F}}, "Shift+Tab"},
             {{{.code = 0x3F}}, "F5"},
             {{{.code = 0x44}}, "F10"},
             {{{.code = 0x58}}, "F12"},
             {{{.code = 0x64}}, "F13"},
             {{{.code = 0x76}}, "F24"},
             {{alt, {.code = 0x3E}}, "Alt+F4"},
             {{ctrl, alt, del}, "Ctrl+Alt+Del"},
             {{ctrl, {.code = 0x2E}}, "Ctrl+C"},
             {{ctrl, {.code = 0x1E}}, "Ctrl+Q"}, // the key where a US keyboard has an A
             {{ctrl, shift, {.code = 0x2E}}, "Ctrl+Shift+C"},
             {{ctrl, {.code = 0x02}}, "Ctrl+1"},
             {{ctrl, {.code = 0x1A}}, "Ctrl+^"},
             {{ctrl, space}, "Ctrl+Space"},
             {{alt, {.code = 0x21}}, "Alt+F"},
             {{win, {.code = 0x26}}, "Win+L"},
             {{win}, "Win"},
             {{{.code = 0x5D, .extended = true}}, "Menu"},
             {{{.code = 0x4B, .extended = true}}, "Left"},
             {{shift, {.code = 0x4F, .extended = true}}, "Shift+End"},
             {{{.code = 0x37, .extended = true}}, "Print Screen"},
             {{shift}, "Shift"},
             {{alt_gr}, "AltGr"},
             {{{.code = 0x46}}, "Scroll Lock"},
             {{{.code = 0x7B}}, ""},
             {{space}, ""},
             {{{.code = 0x10}}, ""},
         }) {
        CAPTURE(row.name);
        CHECK(strike_names(typist, row.keys) == row.name);
    }
}

TEST_CASE("the keypad follows Num Lock, and Shift turns it round")
{
    Typist typist{belgian_id};
    constexpr std::string_view keypad = "\x47\x48\x49\x4A\x4B\x4C\x4D\x4E\x4F\x50\x51\x52\x53\x37";
    typist.keyboard.synchronise({.scroll = false, .num = true, .caps = false});
    CHECK(typist.strike_row(keypad) == "789-456+1230.*");
    CHECK(typist.strike({.code = 0x35, .extended = true}) == "/");
    CHECK(typist.strike_row(keypad, {shift}) == "-+*");
    CHECK(strike_names(typist, {shift, {.code = 0x47}}) == "Shift+Home");
    (void)typist.strike({.code = 0x45}); // Num Lock
    CHECK(typist.strike_row(keypad) == "-+*");
    CHECK(strike_names(typist, {{.code = 0x53}}) == "Del");
    CHECK(strike_names(typist, {ctrl, alt, {.code = 0x53}}) == "Ctrl+Alt+Del");
    Typist comma{0x0001080C};
    CHECK(comma.strike({.code = 0x53}) == ",");
}

TEST_CASE("Pause is neither Ctrl nor Num Lock")
{
    Typist typist{french_id};
    KeyStroke const prefix{.code = 0x1D, .pause = true};
    (void)typist.down(prefix);
    (void)typist.down({.code = 0x45});
    CHECK(typist.name == "Pause");
    (void)typist.up(prefix);
    (void)typist.up({.code = 0x45});
    CHECK(typist.strike({.code = 0x47}) == "7"); // Num Lock is still on
    CHECK(typist.strike({.code = 0x2E}) == "c"); // no Ctrl is held
}

TEST_CASE("stray releases and lost releases do not change what is typed")
{
    Typist typist{french_id};
    // What a client sends first, to be sure that nothing is held.
    for (auto const& key : {shift, ctrl, alt, alt_gr, win, caps_lock, enter})
        (void)typist.up(key);
    CHECK(typist.strike({.code = 0x10}) == "a");
    // The release of Alt was swallowed by the client's own window manager: it synchronises when it
    // comes back.
    (void)typist.down(alt);
    (void)typist.down(shift);
    typist.keyboard.synchronise({.scroll = false, .num = false, .caps = true});
    CHECK(typist.strike({.code = 0x10}) == "A");
    CHECK(typist.name.empty());
    typist.keyboard.synchronise({.scroll = false, .num = true, .caps = false});
    CHECK(typist.strike({.code = 0x10}) == "a");
    // Two Shifts are held, one goes up.
    (void)typist.down(shift);
    (void)typist.down({.code = 0x36});
    (void)typist.up(shift);
    CHECK(typist.strike({.code = 0x10}) == "A");
    // The Shift that old keyboards put around arrows.
    (void)typist.up({.code = 0x36});
    (void)typist.down({.code = 0x2A, .extended = true});
    CHECK(typist.strike({.code = 0x10}) == "a");
}

TEST_CASE("an unknown layout is read as French and says so")
{
    for (std::uint32_t const id : {0U, 0x00000411U, 0xFFFFFFFFU, 0x0001040CU}) {
        Typist typist{id};
        CHECK(!typist.keyboard.layout_is_known());
        CHECK(typist.keyboard.layout_name() == "French");
        CHECK(typist.strike_row(upper_row.substr(0, 6)) == "azerty");
    }
    std::set<std::uint32_t> ids;
    for (auto const& layout : all_layouts())
        CHECK(ids.insert(layout.id).second);
}

TEST_CASE("Unicode events are typed as they are, pairs joined")
{
    Keyboard keyboard{french_id};
    CHECK(keyboard.unicode(u'œ', true).text == "œ");
    CHECK(keyboard.unicode(u'œ', false).text.empty());
    CHECK(keyboard.unicode(0xD83D, true).text.empty());
    CHECK(keyboard.unicode(0xDE00, true).text == "\U0001F600");
    CHECK(keyboard.unicode(0xDE00, true).text == "\uFFFD");
    CHECK(keyboard.unicode(0xD83D, true).text.empty());
    CHECK(keyboard.unicode(u'a', true).text == "\uFFFDa");
    CHECK(keyboard.unicode(u'\r', true).key == Key::enter);
    CHECK(keyboard.unicode(u'\b', true).name == "Backspace");
    CHECK(keyboard.unicode(0x07, true).text.empty());
    CHECK(keyboard.unicode(0, true).text.empty());
}

namespace {

/// What a recording would show of the text, hidden characters as stars.
struct Watched {
    void down(KeyStroke stroke)
    {
        stroke.down = true;
        auto const typed = keyboard.press(stroke);
        bool const hidden = secrets.hides(typed);
        for (std::size_t i = 0; i < typed.text.size(); ++i)
            shown += hidden ? '*' : typed.text[i];
        if (typed.key == Key::enter) shown += hidden ? "[hidden enter]" : "[enter]";
    }
    bool up(KeyStroke stroke)
    {
        stroke.down = false;
        return secrets.hides(keyboard.press(stroke));
    }
    void strike(std::string_view codes)
    {
        for (char const code : codes) {
            down({.code = static_cast<std::uint8_t>(code)});
            (void)up({.code = static_cast<std::uint8_t>(code)});
        }
    }
    void chord(std::initializer_list<KeyStroke> keys)
    {
        for (auto const& key : keys)
            down(key);
        for (auto const& key : keys)
            (void)up(key);
    }

    Keyboard keyboard{french_id};
    SecretEntry secrets{true};
    std::string shown;
};

} // namespace

TEST_CASE("after Ctrl+Alt+Del or Win+L keys are hidden until the Enter that follows a secret")
{
    Watched watched;
    watched.strike("\x1E");
    watched.chord({ctrl, alt, del});
    watched.strike("\x10\x11\x1C\x1E");
    CHECK(watched.shown == "q**[hidden enter]q");

    watched.shown.clear();
    watched.chord({win, {.code = 0x26}});
    // A bare Enter only lifts the curtain.
    watched.strike("\x1C\x10\x11\x1C\x1E");
    CHECK(watched.shown == "[hidden enter]**[hidden enter]q");

    watched.shown.clear();
    watched.chord({ctrl, alt, {.code = 0x4F, .extended = true}});
    watched.strike("\x10\x1C\x1C");
    CHECK(watched.shown == "*[hidden enter][enter]");
}

TEST_CASE("the release of a hidden key is hidden even after the Enter")
{
    Watched watched;
    watched.chord({ctrl, alt, del});
    watched.down({.code = 0x10});
    watched.down(enter);
    CHECK(watched.up({.code = 0x10}));
    CHECK(watched.up(enter));
    watched.down({.code = 0x10});
    CHECK(!watched.up({.code = 0x10}));
}

TEST_CASE("hiding ends where no password is that long, and can be off")
{
    Watched watched;
    watched.chord({ctrl, alt, del});
    watched.strike(std::string(300, '\x10'));
    CHECK(watched.shown == std::string(256, '*') + std::string(44, 'a'));

    Watched off;
    off.secrets = SecretEntry{false};
    off.chord({ctrl, alt, del});
    off.strike("\x10");
    CHECK(off.shown == "a");
}
