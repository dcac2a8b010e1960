#include "policies/core/code_text.h"

#include "common/result.h"

#include <string>

namespace ecluse {

TextKey text_for_code(std::string_view family, std::string_view code, std::string_view part)
{
    std::string key{family};
    key += '.';
    for (char const c : code) {
        if (c == '-')
            key += '_';
        else
            key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    key += '.';
    key += part;
    auto const found = find_text(key);
    ECLUSE_ASSERT(found);
    return *found;
}

} // namespace ecluse
