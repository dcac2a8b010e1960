#pragma once

#include "common/secret.h"

#include <cstdint>
#include <string>

/// What a person presses, as it comes from the wire and as it is understood.
namespace ecluse::rdp {

/// A scan code as RDP carries it: set 1, the prefix as a flag (MS-RDPBCGR 2.2.8.1.1.3.1.1.1).
struct KeyStroke {
    std::uint8_t code = 0;
    bool extended = false; // KBD_FLAGS_EXTENDED, the E0 of a keyboard
    bool pause = false;    // KBD_FLAGS_EXTENDED1, the E1: only the Pause key has it
    bool down = false;
    friend bool operator==(KeyStroke const&, KeyStroke const&) = default;
};

enum class Key : std::uint8_t {
    unknown,
    character, // what it types is in the text, and depends on the layout
    shift,
    ctrl,
    alt,
    alt_gr,
    win,
    menu,
    caps_lock,
    num_lock,
    scroll_lock,
    enter,
    tab,
    backspace,
    escape,
    insert,
    del,
    home,
    end,
    page_up,
    page_down,
    left,
    right,
    up,
    down,
    clear, // the 5 of the keypad without Num Lock
    print_screen,
    pause,
    f1, // f1 … f24 follow each other
    f24 = f1 + 23,
};

/// One key event, understood. The text may be part of a password: it is wiped with the event.
struct TypedKey {
    KeyStroke stroke; // code 0: a Unicode event
    Key key = Key::unknown;
    bool shift = false;
    bool ctrl = false; // not the one that a keyboard adds to AltGr by itself
    bool alt = false;
    bool win = false;
    /// UTF-8, empty when nothing is typed. Two characters after a dead key that does not combine.
    /// Only on the way down, except for a character entered as Alt + digits, which appears when Alt
    /// is released.
    std::string text;
    /// "Enter", "F5", "Ctrl+C", "Alt+F4", "Ctrl+Alt+Del"; empty for plain characters and on the way
    /// up.
    std::string name;

    TypedKey() = default;
    TypedKey(TypedKey&&) = default;
    TypedKey& operator=(TypedKey&&) = default;
    TypedKey(TypedKey const&) = delete;
    TypedKey& operator=(TypedKey const&) = delete;
    ~TypedKey()
    {
        wipe(text);
        wipe(name);
    }
};

} // namespace ecluse::rdp
