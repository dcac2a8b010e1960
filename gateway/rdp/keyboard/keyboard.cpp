#include "gateway/rdp/keyboard/keyboard.h"

#include "common/utf8.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace ecluse::rdp {
namespace {

struct NamedKey {
    std::uint8_t code;
    Key key;
    char const* name;
};

constexpr NamedKey plain_keys[] = {
    {0x01, Key::escape, "Esc"},
    {0x0E, Key::backspace, "Backspace"},
    {0x0F, Key::tab, "Tab"},
    {0x1C, Key::enter, "Enter"},
    {0x54, Key::print_screen, "Print Screen"}, // Alt + Print Screen
};

constexpr NamedKey extended_keys[] = {
    {0x1C, Key::enter, "Enter"},
    {0x37, Key::print_screen, "Print Screen"},
    {0x46, Key::pause, "Pause"}, // with Ctrl
    {0x47, Key::home, "Home"},
    {0x48, Key::up, "Up"},
    {0x49, Key::page_up, "Page Up"},
    {0x4B, Key::left, "Left"},
    {0x4D, Key::right, "Right"},
    {0x4F, Key::end, "End"},
    {0x50, Key::down, "Down"},
    {0x51, Key::page_down, "Page Down"},
    {0x52, Key::insert, "Insert"},
    {0x53, Key::del, "Del"},
    {0x5D, Key::menu, "Menu"},
};

/// The keypad in the order of its scan codes from 0x47; '-' and '+' are always themselves.
struct KeypadKey {
    char16_t digit;
    Key key;
    char const* name;
};
constexpr KeypadKey keypad[] = {
    {u'7', Key::home, "Home"},
    {u'8', Key::up, "Up"},
    {u'9', Key::page_up, "Page Up"},
    {u'-', Key::character, ""},
    {u'4', Key::left, "Left"},
    {u'5', Key::clear, "Clear"},
    {u'6', Key::right, "Right"},
    {u'+', Key::character, ""},
    {u'1', Key::end, "End"},
    {u'2', Key::down, "Down"},
    {u'3', Key::page_down, "Page Down"},
    {u'0', Key::insert, "Insert"},
    {u'.', Key::del, "Del"}};
constexpr std::uint8_t keypad_first = 0x47;
constexpr std::uint8_t keypad_last = 0x53;

/// Windows counts the digits modulo 256; more than these nobody types.
constexpr std::size_t alt_code_digits_max = 10;

/// Alt + digits without a leading zero: code page 850, from 128.
constexpr std::u16string_view code_page_850 = u"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓"
                                              u"│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀"
                                              u"ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0";
static_assert(code_page_850.size() == 128);
/// With a leading zero: Windows-1252, of which 128 to 159 are not Latin-1.
constexpr std::u16string_view code_page_1252 =
    u"€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";
static_assert(code_page_1252.size() == 32);

bool is_high_surrogate(char16_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

bool is_low_surrogate(char16_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

} // namespace

Keyboard::Keyboard(std::uint32_t layout) : layout_{find_layout(layout)}, known_{layout_ != nullptr}
{
    if (layout_ == nullptr) layout_ = &french_layout();
}

void Keyboard::synchronise(Locks locks)
{
    locks_ = locks;
    held_ = {};
    lock_is_down_ = {};
    pause_begun_ = false;
    wipe(alt_code_);
}

void Keyboard::hold(TypedKey& typed, Key key, Held which)
{
    typed.key = key;
    bool const was_alt = is_held(alt_l, alt_r);
    held_[which] = typed.stroke.down;
    if (was_alt && !is_held(alt_l, alt_r)) end_alt_code(typed);
}

void Keyboard::lock(TypedKey& typed, Key key, bool& is_on)
{
    typed.key = key;
    auto& is_down =
        lock_is_down_[static_cast<std::size_t>(key) - static_cast<std::size_t>(Key::caps_lock)];
    if (typed.stroke.down && !is_down) is_on = !is_on;
    is_down = typed.stroke.down;
}

/// "Ctrl+Shift+" and the key itself, when that says more than the text does.
void Keyboard::describe(TypedKey& typed, std::string_view plain) const
{
    if (!typed.stroke.down) return;
    if (typed.ctrl) typed.name += "Ctrl+";
    if (alt_gr()) typed.name += "AltGr+";
    if (typed.alt) typed.name += "Alt+";
    if (typed.shift) typed.name += "Shift+";
    if (typed.win) typed.name += "Win+";
    typed.name += plain;
}

void Keyboard::release_dead(std::string& text)
{
    if (dead_ != 0) append_utf8(text, spacing_form(std::exchange(dead_, u'\0')));
}

void Keyboard::type(TypedKey& typed, char16_t unit)
{
    typed.key = Key::character;
    if (spacing_form(unit) != 0) {
        // Two dead keys in a row: both appear.
        bool const second = dead_ != 0;
        release_dead(typed.text);
        if (second)
            append_utf8(typed.text, spacing_form(unit));
        else
            dead_ = unit;
        return;
    }
    if (dead_ != 0) {
        if (unit == u' ') {
            bool const diaeresis = spacing_form(dead_) == u'\u00A8';
            append_utf8(typed.text, diaeresis ? layout_->lone_diaeresis : spacing_form(dead_));
            dead_ = 0;
            return;
        }
        if (char16_t const composed = compose(dead_, unit); composed != 0) {
            append_utf8(typed.text, composed);
            dead_ = 0;
            return;
        }
        release_dead(typed.text);
    }
    append_utf8(typed.text, unit);
}

void Keyboard::end_alt_code(TypedKey& typed)
{
    if (alt_code_.empty()) return;
    unsigned value = 0;
    for (char const digit : alt_code_)
        value = value * 10 + static_cast<unsigned>(digit - '0');
    value %= 256;
    bool const ansi = alt_code_.front() == '0';
    wipe(alt_code_);
    char16_t unit = static_cast<char16_t>(value);
    if (value >= 128 && !ansi) unit = code_page_850[value - 128];
    if (value >= 128 && value < 160 && ansi) unit = code_page_1252[value - 128];
    // Below the space Windows draws pictures or obeys, as the program likes: nothing that we could
    // know.
    if (unit >= 0x20 && unit != 0x7F) append_utf8(typed.text, unit);
}

void Keyboard::press_keypad(TypedKey& typed)
{
    auto const& row = keypad[typed.stroke.code - keypad_first];
    bool const is_number = row.key != Key::character;
    if (is_number && (!locks_.num || typed.shift)) {
        typed.key = row.key;
    } else {
        typed.key = Key::character;
    }
    if (!typed.stroke.down) return;
    // Alt with keypad digits spells a character, whatever Num Lock says.
    if (typed.alt && !typed.ctrl && row.digit >= u'0' && row.digit <= u'9') {
        if (alt_code_.size() < alt_code_digits_max) alt_code_ += static_cast<char>(row.digit);
        typed.key = Key::character;
        return;
    }
    if (typed.key != Key::character) {
        describe(typed, row.name);
    } else if (typed.ctrl || typed.alt || typed.win) {
        std::string plain;
        append_utf8(plain, row.digit);
        describe(typed, plain);
    } else {
        type(typed, row.digit == u'.' ? layout_->keypad_decimal : row.digit);
    }
}

void Keyboard::press_character(TypedKey& typed)
{
    typed.key = Key::character;
    int const position = typed.stroke.code == 0x39 ? -1 : find_position(typed.stroke.code);
    if (!typed.stroke.down) return;
    bool const alt_gr_level =
        alt_gr() || (layout_->has_alt_gr && typed.ctrl && typed.alt && !typed.win);
    char16_t unit = 0;
    if (position < 0) {
        unit = alt_gr_level ? u'\0' : u' ';
    } else if (alt_gr_level) {
        unit = unit_at(*layout_, typed.shift ? Level::shift_alt_gr : Level::alt_gr, position);
    } else {
        bool shift = typed.shift;
        if (locks_.caps && layout_->caps[static_cast<std::size_t>(position)] == 'C') shift = !shift;
        unit = unit_at(*layout_, shift ? Level::shift : Level::base, position);
        if (locks_.caps)
            for (auto const& row : layout_->caps_rows)
                if (row.position == position) unit = typed.shift ? row.shift : row.base;
    }
    bool const is_shortcut = (typed.ctrl || typed.alt || typed.win) && !alt_gr_level;
    if (unit != 0 && !is_shortcut) {
        type(typed, unit);
        // Ctrl and Alt stood for AltGr.
        typed.ctrl = typed.alt = false;
        return;
    }
    if (position < 0) {
        describe(typed, "Space");
        return;
    }
    // A shortcut is called by what is printed on the key: the digit on a French "é2", else the
    // capital.
    char16_t const base = unit_at(*layout_, Level::base, position);
    char16_t const shifted = unit_at(*layout_, Level::shift, position);
    bool const by_shift =
        (shifted >= u'0' && shifted <= u'9') || (shifted >= u'A' && shifted <= u'Z');
    char16_t const printed = by_shift ? shifted : base;
    std::string plain;
    append_utf8(plain, spacing_form(printed) != 0 ? spacing_form(printed) : printed);
    if (is_shortcut || alt_gr_level) describe(typed, plain);
}

TypedKey Keyboard::press(KeyStroke stroke)
{
    TypedKey typed;
    typed.stroke = stroke;
    auto const set_held = [&] {
        typed.shift = is_held(shift_l, shift_r);
        // AltGr comes with a left Ctrl from some keyboards, without from others.
        typed.ctrl = alt_gr() ? held_[ctrl_r] : is_held(ctrl_l, ctrl_r);
        typed.alt = held_[alt_l] || (held_[alt_r] && !alt_gr());
        typed.win = is_held(win_l, win_r);
    };
    auto const named = [&](Key key, std::string_view name) {
        typed.key = key;
        // These are characters to Windows as well: a waiting dead key comes out before them.
        bool const ends_dead =
            key == Key::enter || key == Key::tab || key == Key::backspace || key == Key::escape;
        if (stroke.down && ends_dead) release_dead(typed.text);
        describe(typed, name);
    };
    auto const modifier = [&](Key key, Held which, std::string_view name) {
        hold(typed, key, which);
        set_held();
        if (stroke.down) typed.name = name;
    };
    auto const locking = [&](Key key, bool& is_on, std::string_view name) {
        lock(typed, key, is_on);
        if (stroke.down) typed.name = name;
    };
    set_held();

    if (stroke.pause) { // E1 1D, then 45: neither is a Ctrl or a Num Lock
        pause_begun_ = stroke.code == 0x1D;
        typed.key = Key::pause;
        return typed;
    }
    if (std::exchange(pause_begun_, false) && !stroke.extended && stroke.code == 0x45) {
        named(Key::pause, "Pause");
        return typed;
    }
    if (stroke.extended) {
        switch (stroke.code) {
        case 0x1D:
            modifier(Key::ctrl, ctrl_r, "Ctrl");
            return typed;
        case 0x38:
            if (layout_->has_alt_gr)
                modifier(Key::alt_gr, alt_r, "AltGr");
            else
                modifier(Key::alt, alt_r, "Alt");
            return typed;
        case 0x5B:
            modifier(Key::win, win_l, "Win");
            return typed;
        case 0x5C:
            modifier(Key::win, win_r, "Win");
            return typed;
        case 0x2A:
        case 0x36:
            typed.key = Key::shift;
            return typed; // put around arrows by old keyboards
        case 0x45:
            locking(Key::num_lock, locks_.num, "Num Lock");
            return typed;
        case 0x35: // the keypad's division
            typed.key = Key::character;
            if (stroke.down && (typed.ctrl || typed.alt || typed.win))
                describe(typed, "/");
            else if (stroke.down)
                type(typed, u'/');
            return typed;
        default:
            break;
        }
        auto const found =
            std::find_if(std::begin(extended_keys), std::end(extended_keys), [&](auto const& row) {
                return row.code == stroke.code;
            });
        if (found != std::end(extended_keys)) named(found->key, found->name);
        return typed;
    }
    switch (stroke.code) {
    case 0x1D:
        modifier(Key::ctrl, ctrl_l, "Ctrl");
        return typed;
    case 0x2A:
        modifier(Key::shift, shift_l, "Shift");
        return typed;
    case 0x36:
        modifier(Key::shift, shift_r, "Shift");
        return typed;
    case 0x38:
        modifier(Key::alt, alt_l, "Alt");
        return typed;
    case 0x3A:
        locking(Key::caps_lock, locks_.caps, "Caps Lock");
        return typed;
    case 0x45:
        locking(Key::num_lock, locks_.num, "Num Lock");
        return typed;
    case 0x46:
        locking(Key::scroll_lock, locks_.scroll, "Scroll Lock");
        return typed;
    case 0x37: // the keypad's multiplication
        typed.key = Key::character;
        if (stroke.down && (typed.ctrl || typed.alt || typed.win))
            describe(typed, "*");
        else if (stroke.down)
            type(typed, u'*');
        return typed;
    default:
        break;
    }
    // F1 to F10, F11 and F12, F13 to F23, F24.
    int function = 0;
    if (stroke.code >= 0x3B && stroke.code <= 0x44) function = stroke.code - 0x3B + 1;
    if (stroke.code == 0x57 || stroke.code == 0x58) function = stroke.code - 0x57 + 11;
    if (stroke.code >= 0x64 && stroke.code <= 0x6E) function = stroke.code - 0x64 + 13;
    if (stroke.code == 0x76) function = 24;
    if (function != 0) {
        named(
            static_cast<Key>(static_cast<int>(Key::f1) + function - 1),
            "F" + std::to_string(function)
        );
        return typed;
    }
    if (stroke.code >= keypad_first && stroke.code <= keypad_last) {
        press_keypad(typed);
        return typed;
    }
    if (stroke.code == 0x39 || find_position(stroke.code) >= 0) {
        press_character(typed);
        return typed;
    }
    auto const found =
        std::find_if(std::begin(plain_keys), std::end(plain_keys), [&](auto const& row) {
            return row.code == stroke.code;
        });
    if (found != std::end(plain_keys)) named(found->key, found->name);
    return typed;
}

TypedKey Keyboard::unicode(char16_t unit, bool down)
{
    TypedKey typed;
    typed.stroke.down = down;
    typed.key = Key::character;
    if (!down) return typed;
    auto const named = [&](Key key, char const* name) {
        typed.key = key;
        typed.name = name;
    };
    char16_t const high = std::exchange(high_surrogate_, u'\0');
    if (is_low_surrogate(unit) && high != 0) {
        append_utf8(
            typed.text, 0x10000U + ((high & 0x3FFU) << 10U) + (static_cast<char32_t>(unit) & 0x3FFU)
        );
        return typed;
    }
    if (high != 0) append_utf8(typed.text, 0xFFFD); // a half alone
    // Clients with a keyboard on the screen send these in this way too.
    if (is_high_surrogate(unit))
        high_surrogate_ = unit;
    else if (unit == u'\r' || unit == u'\n')
        named(Key::enter, "Enter");
    else if (unit == u'\t')
        named(Key::tab, "Tab");
    else if (unit == u'\b')
        named(Key::backspace, "Backspace");
    else if (unit == 0x1B)
        named(Key::escape, "Esc");
    else if (unit >= 0x20 && unit != 0x7F)
        append_utf8(typed.text, unit);
    return typed;
}

} // namespace ecluse::rdp
