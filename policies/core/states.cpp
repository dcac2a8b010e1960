#include "policies/core/decide.h"

namespace ecluse {

std::string_view to_code(Protocol protocol)
{
    switch (protocol) {
    case Protocol::ssh:
        return "ssh";
    case Protocol::rdp:
        return "rdp";
    }
    assertion_failed("Protocol", __FILE__, __LINE__);
}

std::optional<Protocol> parse_protocol(std::string_view code)
{
    for (auto const protocol : {Protocol::ssh, Protocol::rdp})
        if (to_code(protocol) == code) return protocol;
    return std::nullopt;
}

FunctionWord const* find_function(std::string_view word)
{
    for (auto const& known : function_words)
        if (known.word == word) return &known;
    return nullptr;
}

std::string_view to_code(PersonState state)
{
    switch (state) {
    case PersonState::invited:
        return "invited";
    case PersonState::active:
        return "active";
    case PersonState::suspended:
        return "suspended";
    case PersonState::blocked:
        return "blocked";
    case PersonState::archived:
        return "archived";
    }
    assertion_failed("PersonState", __FILE__, __LINE__);
}

std::optional<PersonState> parse_person_state(std::string_view code)
{
    for (auto const state :
         {PersonState::invited,
          PersonState::active,
          PersonState::suspended,
          PersonState::blocked,
          PersonState::archived})
        if (to_code(state) == code) return state;
    return std::nullopt;
}

std::string_view to_code(VendorState state)
{
    switch (state) {
    case VendorState::active:
        return "active";
    case VendorState::suspended:
        return "suspended";
    case VendorState::archived:
        return "archived";
    }
    assertion_failed("VendorState", __FILE__, __LINE__);
}

std::optional<VendorState> parse_vendor_state(std::string_view code)
{
    for (auto const state : {VendorState::active, VendorState::suspended, VendorState::archived})
        if (to_code(state) == code) return state;
    return std::nullopt;
}

} // namespace ecluse
