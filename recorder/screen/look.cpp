#include "recorder/screen/look.h"

#include <array>
#include <utility>

namespace ecluse::screen {
namespace {

constexpr std::uint32_t mode_bits = 0xff000000;
constexpr std::uint8_t underlines = 5;

constexpr std::array<std::pair<int, std::uint16_t>, 8> looks{{
    {1, Pen::bold},
    {2, Pen::dim},
    {3, Pen::italic},
    {5, Pen::blink},
    {7, Pen::inverse},
    {8, Pen::invisible},
    {9, Pen::strike},
    {53, Pen::overline},
}};

std::uint32_t byte_of(int value)
{
    return static_cast<std::uint32_t>(value) & 0xffU;
}

/// 38, 48 and 58, with their colour in numbers of their own or attached to them. Returns how many
/// numbers of their own were used. The slot between the mode and RGB is a colour space, which only
/// attached numbers have, and which they cannot leave out.
std::size_t apply_colour(Pen& pen, Sequence const& sequence, std::size_t at)
{
    std::array<int, 6> slots{0, 0, -1, 0, 0, 0};
    auto const& numbers = sequence.numbers;
    std::size_t shift = 0;
    std::size_t used = 0;
    std::size_t next = at;
    for (;;) {
        slots[used + shift] = numbers[next].value;
        if (next + 1 < numbers.size() && numbers[next + 1].attached) {
            for (std::size_t i = 0; next + 1 + i < numbers.size() && numbers[next + 1 + i].attached;
                 ++i) {
                if (slots[1] == 5) shift = 1;
                if (auto const slot = used + i + 1 + shift; slot < slots.size())
                    slots[slot] = numbers[next + 1 + i].value;
            }
            break;
        }
        if ((slots[1] == 5 && used + shift >= 2) || (slots[1] == 2 && used + shift >= 5)) break;
        if (slots[1] != 0) shift = 1;
        ++used;
        ++next;
        if (next >= numbers.size() || used + shift >= slots.size()) break;
    }
    for (auto& slot : slots)
        if (slot == -1) slot = 0;
    auto& colour = slots[0] == 38 ? pen.front : slots[0] == 48 ? pen.back : pen.line;
    if (slots[1] == 2)
        colour = Pen::rgb | byte_of(slots[3]) << 16U | byte_of(slots[4]) << 8U | byte_of(slots[5]);
    else if (slots[1] == 5)
        colour = Pen::indexed | byte_of(slots[3]);
    return used;
}

bool apply_simple(Pen& pen, int value)
{
    auto const basic = [](int number) { return Pen::basic | static_cast<std::uint32_t>(number); };
    if (value == 0)
        pen = {};
    else if (value >= 30 && value <= 37)
        pen.front = basic(value - 30);
    else if (value >= 40 && value <= 47)
        pen.back = basic(value - 40);
    else if (value >= 90 && value <= 97)
        pen.front = basic(value - 90 + 8);
    else if (value >= 100 && value <= 107)
        pen.back = basic(value - 100 + 8);
    else if (value == 39)
        pen.front = Pen::default_colour;
    else if (value == 49)
        pen.back = Pen::default_colour;
    else if (value == 59)
        pen.line = Pen::default_colour;
    else if (value == 21)
        pen.underline = 2;
    else if (value == 24)
        pen.underline = 0;
    else if (value == 55)
        pen.looks &= static_cast<std::uint16_t>(~Pen::overline);
    else if (value == 22)
        pen.looks &= static_cast<std::uint16_t>(~(Pen::bold | Pen::dim));
    else
        return false;
    return true;
}

void apply_flag(Pen& pen, int value)
{
    for (auto const& [number, look] : looks) {
        if (value == number) pen.looks |= look;
        if (number != 1 && number != 2 && value == number + 20)
            pen.looks &= static_cast<std::uint16_t>(~look);
    }
}

void add_colour(std::string& text, std::uint32_t colour, int base, int bright)
{
    auto const value = colour & ~mode_bits;
    auto const extended = std::to_string(base + 8);
    switch (colour & mode_bits) {
    case Pen::basic:
        text += ';' + std::to_string(
                          value < 8 ? base + static_cast<int>(value)
                                    : bright + static_cast<int>(value) - 8
                      );
        return;
    case Pen::indexed:
        text += ';' + extended + ";5;" + std::to_string(value);
        return;
    case Pen::rgb:
        text += ';' + extended + ";2;" + std::to_string(value >> 16U) + ';' +
                std::to_string(value >> 8U & 0xffU) + ';' + std::to_string(value & 0xffU);
        return;
    default:
        return;
    }
}

} // namespace

void apply_look(Pen& pen, Sequence const& sequence)
{
    auto const& numbers = sequence.numbers;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i].attached) continue;
        auto const value = numbers[i].value;
        if (value == 38 || value == 48 || value == 58) {
            i += apply_colour(pen, sequence, i);
        } else if (value == 4) {
            bool const styled = i + 1 < numbers.size() && numbers[i + 1].attached;
            auto const style = styled ? numbers[i + 1].value : 1;
            pen.underline = style < 0 || style > underlines ? 1 : static_cast<std::uint8_t>(style);
        } else if (!apply_simple(pen, value)) {
            apply_flag(pen, value);
        }
    }
}

std::string look_of(Pen const& pen)
{
    std::string text = "\x1b[0";
    for (auto const& [number, look] : looks)
        if ((pen.looks & look) != 0) text += ';' + std::to_string(number);
    if (pen.underline != 0) text += ";4:" + std::to_string(pen.underline);
    add_colour(text, pen.front, 30, 90);
    add_colour(text, pen.back, 40, 100);
    add_colour(text, pen.line, 50, 0); // has no basic colours
    return text + "m";
}

} // namespace ecluse::screen
