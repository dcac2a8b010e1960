#include "policies/report/form.h"

#include <cstdint>
#include <cstdlib>

/// A form comes from a technician: whatever is accepted must be read back the same, and whatever is
/// refused must be explained.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse;
    using namespace ecluse::report;
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    for (auto const& answer : {parse_form(text), parse_form_json(text)}) {
        if (auto const* const faults = std::get_if<FormFaults>(&answer)) {
            if (faults->empty()) std::abort();
            for (auto const& fault : *faults)
                if (explain(Language::french, fault).empty()) std::abort();
            continue;
        }
        auto const written = canonical_form(std::get<Form>(answer));
        auto const again = parse_form_json(written);
        if (!std::holds_alternative<Form>(again)) std::abort();
        if (canonical_form(std::get<Form>(again)) != written) std::abort();
    }
    return 0;
}
