#pragma once

#include "common/text.h"
#include "policies/ctl/command.h"

#include <boost/json/fwd.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ecluse::ctl {

/// Before the object: where, who, and how answers look.
struct Globals {
    std::string root, as;
    bool json = false;
    bool help = false;
    bool version = false;
    Language language = Language::french;
};

/// What was typed, not yet judged by policyd.
struct Typed {
    Command const* command = nullptr;
    std::map<std::string, std::vector<std::string>, std::less<>> values; // by option name
    std::vector<std::string> words; // when no command was found
};

/// Said on standard error with the closest known word; exit 2.
struct Misuse {
    TextKey key;
    std::vector<std::pair<std::string, std::string>> holes;
};

[[nodiscard]] std::variant<Typed, Misuse>
parse_arguments(std::vector<std::string> const& arguments, Globals& globals);

/// Options of every command that asks a secret again or anew.
inline constexpr std::string_view secret_suffixes[] = {"-file", "-stdin"};

} // namespace ecluse::ctl
