#include "gateway/rdp/keyboard/layouts.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

using namespace std::literals;

constexpr char16_t grave = 0x300;
constexpr char16_t acute = 0x301;
constexpr char16_t circumflex = 0x302;
constexpr char16_t tilde = 0x303;
constexpr char16_t diaeresis = 0x308;

// Four pieces per level, as on the keyboard: the digits' row from the key left of "1", then three
// rows of letters, the last from the key left of the left Shift's neighbour (0x56, between Shift
// and Z or W).

constexpr Layout make_layout(
    std::uint32_t id,
    std::string_view name,
    std::array<std::u16string_view, 4> levels,
    std::string_view caps,
    bool has_alt_gr
)
{
    return {
        .id = id,
        .name = name,
        .levels = levels,
        .caps = caps,
        .caps_rows = {},
        .has_alt_gr = has_alt_gr,
        .keypad_decimal = u'.',
        .lone_diaeresis = u'\u00A8'};
}

constexpr auto french = make_layout(
    0x0000040C,
    "French",
    {u"²&é\"'(-è_çà)=" //
     u"azertyuiop\u0302$"
     u"qsdfghjklmù*"
     u"<wxcvbn,;:!"sv,
     u" 1234567890°+"
     u"AZERTYUIOP\u0308£"
     u"QSDFGHJKLM%µ"
     u">WXCVBN?./§"sv,
     u"  \u0303#{[|\u0300\\^@]}"
     u"  €        ¤"
     u"            "
     u"           "sv,
     {}},
    " CCCCCCCCCCCC"
    "CCCCCCCCCCCC"
    "CCCCCCCCCCCC"
    " CCCCCCCCCC"sv,
    true
);

constexpr Layout belgian(std::uint32_t id, std::string_view name, char16_t keypad_decimal)
{
    auto layout = make_layout(
        id,
        name,
        {u"²&é\"'(§è!çà)-"
         u"azertyuiop\u0302$"
         u"qsdfghjklmùµ"
         u"<wxcvbn,;:="sv,
         u"³1234567890°_"
         u"AZERTYUIOP\u0308*"
         u"QSDFGHJKLM%£"
         u">WXCVBN?./+"sv,
         u" |@#{[^  {}  "
         u"  €       []"
         u"          \u0301\u0300"
         u"\\         \u0303"sv,
         u"             "
         u"            "
         u"          \u0301\u0300"
         u"          \u0303"sv},
        " CCCCCCCCCCCC"
        "CCCCCCCCCCCC"
        "CCCCCCCCCCCC"
        " CCCCCCCCCC"sv,
        true
    );
    layout.keypad_decimal = keypad_decimal;
    return layout;
}

constexpr auto us = make_layout(
    0x00000409,
    "US",
    {u"`1234567890-="
     u"qwertyuiop[]"
     u"asdfghjkl;'\\"
     u"\\zxcvbnm,./"sv,
     u"~!@#$%^&*()_+"
     u"QWERTYUIOP{}"
     u"ASDFGHJKL:\"|"
     u"|ZXCVBNM<>?"sv,
     {},
     {}},
    "             "
    "CCCCCCCCCC  "
    "CCCCCCCCC   "
    " CCCCCCC   "sv,
    false
);

constexpr auto united_kingdom = make_layout(
    0x00000809,
    "United Kingdom",
    {u"`1234567890-="
     u"qwertyuiop[]"
     u"asdfghjkl;'#"
     u"\\zxcvbnm,./"sv,
     u"¬!\"£$%^&*()_+"
     u"QWERTYUIOP{}"
     u"ASDFGHJKL:@~"
     u"|ZXCVBNM<>?"sv,
     u"¦   €        "
     u"  é   úíó   "
     u"á           "
     u"           "sv,
     u"             "
     u"  É   ÚÍÓ   "
     u"Á           "
     u"           "sv},
    "             "
    "CCCCCCCCCC  "
    "CCCCCCCCC   "
    " CCCCCCC   "sv,
    true
);

constexpr CapsRow swiss_capitals[] = {{23, u'È', u'Ü'}, {34, u'É', u'Ö'}, {35, u'À', u'Ä'}};

constexpr Layout swiss_french_layout()
{
    auto layout = make_layout(
        0x0000100C,
        "Swiss French",
        {u"§1234567890'\u0302"
         u"qwertzuiopè\u0308"
         u"asdfghjkléà$"
         u"<yxcvbnm,.-"sv,
         u"°+\"*ç%&/()=?\u0300"
         u"QWERTZUIOPü!"
         u"ASDFGHJKLöä£"
         u">YXCVBNM;:_"sv,
         u" ¦@#°§¬|¢  \u0301\u0303"
         u"  €       []"
         u"          {}"
         u"\\          "sv,
         {}},
        "             "
        "CCCCCCCCCC  "
        "CCCCCCCCC   "
        " CCCCCCC   "sv,
        true
    );
    layout.caps_rows = swiss_capitals;
    layout.lone_diaeresis = u'"';
    return layout;
}

constexpr Layout layouts[] = {
    french,
    belgian(0x0000080C, "Belgian French", u'.'),
    belgian(0x00000813, "Belgian (period)", u'.'),
    belgian(0x0001080C, "Belgian (comma)", u','),
    us,
    united_kingdom,
    swiss_french_layout()};

constexpr bool is_complete(Layout const& layout)
{
    for (auto const& level : layout.levels)
        if (!level.empty() && level.size() != character_positions.size()) return false;
    return layout.caps.size() == character_positions.size();
}
static_assert(std::all_of(std::begin(layouts), std::end(layouts), is_complete));

struct Composition {
    char16_t mark;
    std::u16string_view letters;
    std::u16string_view composed;
};

/// The same for all these layouts.
constexpr Composition compositions[] = {
    {grave, u"aAeEiIoOuU", u"àÀèÈìÌòÒùÙ"},
    {acute, u"aAeEiIoOuUyY", u"áÁéÉíÍóÓúÚýÝ"},
    {circumflex, u"aAeEiIoOuU", u"âÂêÊîÎôÔûÛ"},
    {tilde, u"aAnNoO", u"ãÃñÑõÕ"},
    {diaeresis, u"aAeEiIoOuUy", u"äÄëËïÏöÖüÜÿ"}};

} // namespace

Layout const* find_layout(std::uint32_t id)
{
    auto const found =
        std::find_if(std::begin(layouts), std::end(layouts), [&](Layout const& layout) {
            return layout.id == id;
        });
    return found == std::end(layouts) ? nullptr : found;
}

std::span<Layout const> all_layouts()
{
    return layouts;
}

Layout const& french_layout()
{
    return layouts[0];
}

int find_position(std::uint8_t code)
{
    auto const found = std::find(character_positions.begin(), character_positions.end(), code);
    return found == character_positions.end()
               ? -1
               : static_cast<int>(found - character_positions.begin());
}

char16_t unit_at(Layout const& layout, Level level, int position)
{
    auto const& units = layout.levels[static_cast<std::size_t>(level)];
    if (units.empty() || position < 0) return 0;
    char16_t const unit = units[static_cast<std::size_t>(position)];
    return unit == u' ' ? u'\0' : unit;
}

char16_t spacing_form(char16_t mark)
{
    switch (mark) {
    case grave:
        return u'`';
    case acute:
        return u'\u00B4';
    case circumflex:
        return u'^';
    case tilde:
        return u'~';
    case diaeresis:
        return u'\u00A8';
    default:
        return 0;
    }
}

char16_t compose(char16_t mark, char16_t letter)
{
    for (auto const& row : compositions) {
        if (row.mark != mark) continue;
        auto const at = row.letters.find(letter);
        return at == std::u16string_view::npos ? u'\0' : row.composed[at];
    }
    return 0;
}

} // namespace ecluse::rdp
