#pragma once

#include "gateway/rdp/keyboard/key.h"
#include "gateway/rdp/keyboard/layouts.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ecluse::rdp {

struct Locks {
    bool scroll = false;
    bool num = false;
    bool caps = false;
};

/// From scan codes to what they type under the layout that the client announced: what a Windows
/// target with that layout would make of them (a target that uses another layout of its own
/// understands something else; the recording holds the scan codes as well). No clock, no input or
/// output; one per session.
class Keyboard {
public:
    /// `layout`: FreeRDP_KeyboardLayout. An unknown one is read as French: see `layout_is_known`.
    explicit Keyboard(std::uint32_t layout);

    [[nodiscard]] bool layout_is_known() const { return known_; }
    /// "French", "Belgian French", …: the layout in use.
    [[nodiscard]] std::string_view layout_name() const { return layout_->name; }

    /// Every key event, in order, down and up. A key that goes up without having gone down is
    /// harmless.
    [[nodiscard]] TypedKey press(KeyStroke stroke);
    /// A Unicode event: one UTF-16 unit; the two halves of a pair come one after the other.
    [[nodiscard]] TypedKey unicode(char16_t unit, bool down);
    /// A synchronise event: the locks are these, and no key is held.
    void synchronise(Locks locks);

private:
    enum Held : std::uint8_t {
        shift_l,
        shift_r,
        ctrl_l,
        ctrl_r,
        alt_l,
        alt_r,
        win_l,
        win_r,
        held_count
    };

    [[nodiscard]] bool is_held(Held a, Held b) const { return held_[a] || held_[b]; }
    [[nodiscard]] bool alt_gr() const { return layout_->has_alt_gr && held_[alt_r]; }
    void hold(TypedKey& typed, Key key, Held which);
    void lock(TypedKey& typed, Key key, bool& is_on);
    void press_keypad(TypedKey& typed);
    void press_character(TypedKey& typed);
    void type(TypedKey& typed, char16_t unit);
    void release_dead(std::string& text);
    void end_alt_code(TypedKey& typed);
    void describe(TypedKey& typed, std::string_view plain) const;

    Layout const* layout_;
    bool known_;
    Locks locks_{.scroll = false, .num = true, .caps = false};
    std::array<bool, held_count> held_{};
    std::array<bool, 3> lock_is_down_{}; // a held lock key repeats, and must not toggle again
    char16_t dead_ = 0;
    char16_t high_surrogate_ = 0;
    bool pause_begun_ = false;
    std::string alt_code_;
};

} // namespace ecluse::rdp
