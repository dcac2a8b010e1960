#include "recorder/film/letters.h"

#include <algorithm>
#include <array>
#include <ft2build.h>
#include <string>

#include FT_FREETYPE_H
#include <fontconfig/fontconfig.h>

namespace ecluse::film {
namespace {

constexpr int letter_pixels = 15;
/// A hostile terminal shows every character there is; what people read are a few hundred.
constexpr std::size_t glyphs_max = 4096;
constexpr char const* family = "DejaVu Sans Mono";

/// The file of the family, or of what this system has instead.
Result<std::string> font_file(bool bold)
{
    auto* const pattern = ::FcPatternCreate();
    if (!pattern) return Error{Errc::unavailable, "fonts: no memory"};
    ::FcPatternAddString(pattern, FC_FAMILY, reinterpret_cast<FcChar8 const*>(family));
    ::FcPatternAddInteger(pattern, FC_SPACING, FC_MONO);
    ::FcPatternAddInteger(pattern, FC_WEIGHT, bold ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR);
    ::FcConfigSubstitute(nullptr, pattern, FcMatchPattern);
    ::FcDefaultSubstitute(pattern);
    FcResult result{};
    auto* const match = ::FcFontMatch(nullptr, pattern, &result);
    ::FcPatternDestroy(pattern);
    if (!match) return Error{Errc::not_found, "fonts: none is installed"};
    FcChar8* path = nullptr;
    bool const found = ::FcPatternGetString(match, FC_FILE, 0, &path) == FcResultMatch;
    std::string const file = found ? reinterpret_cast<char const*>(path) : "";
    ::FcPatternDestroy(match);
    if (file.empty()) return Error{Errc::not_found, "fonts: none is installed"};
    return file;
}

std::uint8_t blend(std::uint8_t back, std::uint8_t front, std::uint8_t cover)
{
    return static_cast<std::uint8_t>((back * (255 - cover) + front * cover + 127) / 255);
}

} // namespace

struct Letters::Fonts {
    FT_Library library = nullptr;
    std::array<FT_Face, 2> faces{};

    ~Fonts()
    {
        for (auto* const face : faces)
            if (face) ::FT_Done_Face(face);
        if (library) ::FT_Done_FreeType(library);
    }
};

Letters::Letters(std::unique_ptr<Fonts> fonts) : fonts_{std::move(fonts)} {}
Letters::~Letters() = default;
Letters::Letters(Letters&&) noexcept = default;
Letters& Letters::operator=(Letters&&) noexcept = default;

Result<Letters> Letters::load()
{
    auto fonts = std::make_unique<Fonts>();
    if (::FT_Init_FreeType(&fonts->library) != 0)
        return Error{Errc::unavailable, "fonts: FreeType does not start"};
    for (bool const bold : {false, true}) {
        auto const file = ECLUSE_TRY(font_file(bold));
        auto*& face = fonts->faces[bold ? 1 : 0];
        if (::FT_New_Face(fonts->library, file.c_str(), 0, &face) != 0 ||
            ::FT_Set_Pixel_Sizes(face, 0, letter_pixels) != 0)
            return Error{Errc::malformed, "fonts: " + file};
    }
    Letters letters{std::move(fonts)};
    auto* const regular = letters.fonts_->faces[0];
    if (::FT_Load_Char(regular, 'M', FT_LOAD_DEFAULT) != 0)
        return Error{Errc::malformed, "fonts: no letters"};
    // 26.6 fixed point.
    letters.width_ = std::max(1, static_cast<int>((regular->glyph->advance.x + 32) >> 6));
    letters.height_ = std::max(1, static_cast<int>((regular->size->metrics.height + 63) >> 6));
    letters.baseline_ = static_cast<int>((regular->size->metrics.ascender + 32) >> 6);
    return letters;
}

Letters::Glyph const& Letters::glyph(std::uint32_t character, bool bold)
{
    if (auto const found = glyphs_.find({character, bold}); found != glyphs_.end())
        return found->second;
    if (glyphs_.size() >= glyphs_max) glyphs_.clear();
    auto& made = glyphs_[{character, bold}];
    auto* const face = fonts_->faces[bold ? 1 : 0];
    if (::FT_Load_Char(face, character, FT_LOAD_RENDER) != 0) return made = {};
    auto const& slot = *face->glyph;
    auto const& bitmap = slot.bitmap;
    if (bitmap.pixel_mode != FT_PIXEL_MODE_GRAY || bitmap.pitch < 0) return made = {};
    made = {
        slot.bitmap_left,
        slot.bitmap_top,
        static_cast<int>(bitmap.width),
        static_cast<int>(bitmap.rows),
        {}};
    for (unsigned row = 0; row < bitmap.rows; ++row) {
        auto const* const from = bitmap.buffer + row * static_cast<unsigned>(bitmap.pitch);
        made.cover.insert(made.cover.end(), from, from + bitmap.width);
    }
    return made;
}

std::uint8_t const* Letters::draw(std::uint32_t character, int cells, Look const& look)
{
    auto const width = width_ * cells;
    pixels_.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height_) * 4);
    auto const set = [&](int x, int y, std::uint8_t cover) {
        auto* const at =
            pixels_.data() + (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                              static_cast<std::size_t>(x)) *
                                 4;
        at[0] = blend(look.back.blue, look.front.blue, cover);
        at[1] = blend(look.back.green, look.front.green, cover);
        at[2] = blend(look.back.red, look.front.red, cover);
        at[3] = 0;
    };
    for (int y = 0; y < height_; ++y)
        for (int x = 0; x < width; ++x)
            set(x, y, look.underlined && y == height_ - 2 ? 255 : 0);
    if (character <= ' ') return pixels_.data();
    auto const& shape = glyph(character, look.bold);
    for (int row = 0; row < shape.height; ++row) {
        for (int column = 0; column < shape.width; ++column) {
            auto const x = shape.left + column;
            auto const y = baseline_ - shape.top + row;
            if (x < 0 || x >= width || y < 0 || y >= height_) continue;
            auto const index = static_cast<std::size_t>(row * shape.width + column);
            if (shape.cover[index] != 0) set(x, y, shape.cover[index]);
        }
    }
    return pixels_.data();
}

} // namespace ecluse::film
