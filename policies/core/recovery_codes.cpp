#include "policies/core/recovery_codes.h"

#include "common/result.h"

namespace ecluse {

namespace {

constexpr std::size_t group_characters = 4;
/// The characters of random_spelling(), which leaves out those that look alike.
constexpr std::string_view spelled = "346789BCDFGHJKLMNPQRTVWXYZ";
constexpr std::size_t typed_max = 64;

} // namespace

std::string format_recovery_code(std::string_view spelling)
{
    ECLUSE_ASSERT(spelling.size() == recovery_code_characters);
    std::string code;
    for (std::size_t i = 0; i < spelling.size(); ++i) {
        if (i > 0 && i % group_characters == 0) code += '-';
        code += spelling[i];
    }
    return code;
}

std::optional<std::string> normalize_recovery_code(std::string_view typed)
{
    if (typed.size() > typed_max) return std::nullopt;
    std::string normal;
    for (char c : typed) {
        if (c == ' ' || c == '-') continue;
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (spelled.find(c) == std::string_view::npos) return std::nullopt;
        normal += c;
    }
    if (normal.size() != recovery_code_characters) return std::nullopt;
    return normal;
}

} // namespace ecluse
