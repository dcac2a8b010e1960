#include "policies/journal/line.h"

#include <cstdlib>

/// What is read is spelled in one way only, or two verifiers could see different journals.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    if (auto const line = ecluse::parse_journal_line(text))
        if (ecluse::to_line(*line) != text) std::abort();
    if (auto const header = ecluse::parse_journal_header(text))
        if (ecluse::to_line(*header) != text) std::abort();
    return 0;
}
