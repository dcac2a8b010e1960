#pragma once

#include "common/result.h"

#include <optional>
#include <string>

namespace ecluse::policyd {

struct Options {
    std::string root;          // --root DIR, or ECLUSE_ROOT; empty: installed
    std::string config;        // --config FILE
    std::string reason, login; // --acknowledge-rollback REASON --login LOGIN (rollback.h)
    std::optional<unsigned> web_uid; // --web-uid N: as this process sees ecluse-web's; its own
    bool help = false, version = false;
};
[[nodiscard]] Result<Options> parse_options(int count, char const* const* words);

} // namespace ecluse::policyd
