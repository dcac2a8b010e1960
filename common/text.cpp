#include "common/text.h"

#include "common/fill_text.h"
#include "common/result.h"
#include "common/text_table.h"

#include <algorithm>

namespace ecluse {

std::optional<Language> parse_language(std::string_view code)
{
    if (code == "fr") return Language::french;
    if (code == "en") return Language::english;
    return std::nullopt;
}

std::string_view to_code(Language language)
{
    return language == Language::french ? "fr" : "en";
}

namespace {

template <class Holes> std::string fill(Language language, TextKey key, Holes const& holes)
{
    auto const index = static_cast<std::size_t>(key);
    ECLUSE_ASSERT(index < text_count);
    auto const& row = text_table[index];
    std::string_view const pattern = language == Language::french ? row.french : row.english;
    std::string filled;
    for (std::size_t at = 0; at < pattern.size();) {
        auto const open = pattern.find('{', at);
        auto const close = open == std::string_view::npos ? open : pattern.find('}', open);
        if (close == std::string_view::npos) {
            filled += pattern.substr(at);
            break;
        }
        filled += pattern.substr(at, open - at);
        auto const name = pattern.substr(open + 1, close - open - 1);
        auto const given = std::find_if(holes.begin(), holes.end(), [&](auto const& hole) {
            return hole.first == name;
        });
        filled += given != holes.end() ? given->second : pattern.substr(open, close - open + 1);
        at = close + 1;
    }
    return filled;
}

} // namespace

std::string text(Language language, TextKey key, TextHoles holes)
{
    return fill(language, key, holes);
}

std::string fill_text(
    Language language, TextKey key, std::vector<std::pair<std::string, std::string>> const& holes
)
{
    return fill(language, key, holes);
}

std::optional<TextKey> find_text(std::string_view key)
{
    for (std::size_t i = 0; i < text_count; ++i)
        if (key == text_table[i].key) return static_cast<TextKey>(i);
    return std::nullopt;
}

} // namespace ecluse
