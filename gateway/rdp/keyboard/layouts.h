#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

/// The layouts of Windows, as tables. Checked against the keyboard data that Unicode's CLDR
/// published for Windows.
namespace ecluse::rdp {

/// What the positions of a keyboard are called here: scan codes in reading order, from the key left
/// of "1".
constexpr std::array<std::uint8_t, 48> character_positions{
    0x29, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, // digits
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B,       // upper letters
    0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x2B,       // middle letters
    0x56, 0x2C, 0x2D, 0x2E, 0x2F, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35};            // lower letters

enum class Level : std::uint8_t { base, shift, alt_gr, shift_alt_gr };

/// A key that Caps Lock gives letters of its own, which Shift does not give (Swiss é: É, not ö).
struct CapsRow {
    std::uint8_t position; // index into character_positions
    char16_t base;
    char16_t shift;
};

struct Layout {
    std::uint32_t id;
    std::string_view name;
    /// One unit per position; a space is "nothing", a combining mark (U+0300 …) is a dead key. An
    /// empty level is nothing everywhere.
    std::array<std::u16string_view, 4> levels;
    /// One per position: 'C' where Caps Lock acts as Shift does.
    std::string_view caps;
    std::span<CapsRow const> caps_rows;
    bool has_alt_gr; // the right Alt is AltGr, and so are Ctrl and Alt together
    char16_t keypad_decimal;
    char16_t lone_diaeresis; // what dead ¨ and the space bar give
};

/// nullptr: not known.
[[nodiscard]] Layout const* find_layout(std::uint32_t id);
[[nodiscard]] std::span<Layout const> all_layouts();
/// Read for every layout that is not known: the hospital's own.
[[nodiscard]] Layout const& french_layout();

/// The position of a scan code; -1 for a key that is not a character's.
[[nodiscard]] int find_position(std::uint8_t code);
/// 0: nothing there.
[[nodiscard]] char16_t unit_at(Layout const& layout, Level level, int position);
/// The mark as a character of its own: U+0302 is '^'. 0: not a dead key.
[[nodiscard]] char16_t spacing_form(char16_t mark);
/// What a dead key and a letter make; 0: they do not combine.
[[nodiscard]] char16_t compose(char16_t mark, char16_t letter);

} // namespace ecluse::rdp
