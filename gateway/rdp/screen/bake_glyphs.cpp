// Runs at build time only: draws the letters that the screens need and writes them as a C++ source.
// The program that faces outsiders then holds pictures, and no font library.
//
//   bake_glyphs REGULAR.ttf BOLD.ttf MONO.ttf > glyph_tables.cpp
#include <ft2build.h>
#include FT_FREETYPE_H

#include <cstdio>
#include <string>
#include <vector>

namespace {

struct FaceRequest {
    char const* name; // of the tables
    int file;         // which argument
    unsigned pixels;
};

/// In the order of enum Face.
constexpr FaceRequest requests[] = {
    {"small", 1, 14}, {"body", 1, 16}, {"bold", 2, 16}, {"heading", 2, 22}, {"mono", 3, 16}};

struct Range {
    unsigned first;
    unsigned last;
};

/// Latin-1, Latin Extended-A, and the punctuation of French texts.
constexpr Range ranges[] = {{0x20, 0x7E},     {0xA0, 0x17F},    {0x192, 0x192},   {0x2C6, 0x2C7},
                            {0x2D8, 0x2DD},   {0x2009, 0x200A}, {0x2010, 0x2015}, {0x2018, 0x201E},
                            {0x2020, 0x2022}, {0x2026, 0x2026}, {0x202F, 0x202F}, {0x2030, 0x2030},
                            {0x2032, 0x2033}, {0x2039, 0x203A}, {0x20AC, 0x20AC}, {0x2116, 0x2116},
                            {0x2122, 0x2122}, {0x2190, 0x2193}, {0x2212, 0x2212}, {0x25B8, 0x25B8},
                            {0x25CF, 0x25CF}, {0x2713, 0x2713}, {0xFFFD, 0xFFFD}};

bool fail(char const* what, unsigned point)
{
    std::fprintf(stderr, "bake_glyphs: %s (U+%04X)\n", what, point);
    return false;
}

bool bake(FT_Face face, FaceRequest const& request)
{
    if (FT_Set_Pixel_Sizes(face, 0, request.pixels) != 0) return fail("size", 0);
    std::string glyphs;
    std::string coverage;
    std::size_t offset = 0;
    for (auto const& range : ranges) {
        for (unsigned point = range.first; point <= range.last; ++point) {
            auto const index = FT_Get_Char_Index(face, point);
            // A font may lack an arrow; the letters of a language it may not.
            if (index == 0 && point < 0x180 && point != 0x149) return fail("no such letter", point);
            if (index == 0) continue;
            if (FT_Load_Glyph(face, index, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) != 0)
                return fail("load", point);
            auto const* slot = face->glyph;
            auto const& bitmap = slot->bitmap;
            char line[128];
            std::snprintf(
                line,
                sizeof line,
                "    {0x%X, %d, %d, %u, %u, %ld, %zu},\n",
                point,
                slot->bitmap_left,
                slot->bitmap_top,
                bitmap.width,
                bitmap.rows,
                (slot->advance.x + 32) / 64,
                offset
            );
            glyphs += line;
            for (unsigned row = 0; row < bitmap.rows; ++row) {
                for (unsigned column = 0; column < bitmap.width; ++column) {
                    auto const at = static_cast<std::ptrdiff_t>(row) * bitmap.pitch +
                                    static_cast<std::ptrdiff_t>(column);
                    coverage += std::to_string(static_cast<unsigned>(bitmap.buffer[at]));
                    coverage += ++offset % 32 == 0 ? ",\n" : ",";
                }
            }
        }
    }
    auto const& metrics = face->size->metrics;
    std::printf(
        "constexpr std::uint8_t %s_coverage[] = {\n%s0};\n", request.name, coverage.c_str()
    );
    std::printf("constexpr Glyph %s_glyphs[] = {\n%s};\n", request.name, glyphs.c_str());
    std::printf(
        "constexpr FaceData %s_data{%s_glyphs, %s_coverage, %ld, %ld};\n\n",
        request.name,
        request.name,
        request.name,
        (metrics.ascender + 63) / 64,
        (metrics.ascender + 63) / 64 + (-metrics.descender + 63) / 64
    );
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 4) {
        std::fputs("usage: bake_glyphs REGULAR.ttf BOLD.ttf MONO.ttf > OUTPUT.cpp\n", stderr);
        return 2;
    }
    FT_Library library = nullptr;
    if (FT_Init_FreeType(&library) != 0) return 1;
    std::puts("#include \"gateway/rdp/screen/glyphs.h\"\n\nnamespace ecluse::rdp {\nnamespace {\n");
    bool good = true;
    for (auto const& request : requests) {
        FT_Face face = nullptr;
        if (FT_New_Face(library, argv[request.file], 0, &face) != 0) {
            std::fprintf(stderr, "bake_glyphs: cannot open %s\n", argv[request.file]);
            good = false;
            break;
        }
        good = bake(face, request);
        FT_Done_Face(face);
        if (!good) break;
    }
    FT_Done_FreeType(library);
    std::puts("} // namespace\n\nFaceData const& face_data(Face face)\n{\n    switch (face) {");
    for (auto const& request : requests)
        std::printf("    case Face::%s: return %s_data;\n", request.name, request.name);
    std::puts("    }\n    return body_data;\n}\n\n} // namespace ecluse::rdp");
    return good && std::fflush(stdout) == 0 ? 0 : 1;
}
