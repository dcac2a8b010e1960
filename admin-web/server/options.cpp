#include "admin-web/server/options.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace ecluse::web {

Result<Options> parse_options(int count, char const* const* words)
{
    Options options;
    if (auto const* const root = std::getenv("ECLUSE_ROOT")) options.root = root;
    for (int i = 1; i < count; ++i) {
        std::string_view const word{words[i]};
        if (word == "--help") {
            options.help = true;
            continue;
        }
        if (i + 1 >= count) return Error{Errc::malformed, "unknown option " + std::string{word}};
        std::string_view const value{words[++i]};
        if (word == "--door") {
            options.door = value;
        } else if (word == "--root") {
            options.root = value;
        } else if (word == "--address") {
            options.address = value;
        } else if (word == "--pages") {
            options.pages = value;
        } else if (word == "--port") {
            auto const [end, wrong] =
                std::from_chars(value.data(), value.data() + value.size(), options.port);
            if (wrong != std::errc{} || end != value.data() + value.size())
                return Error{Errc::malformed, "--port: not a port"};
        } else {
            return Error{Errc::malformed, "unknown option " + std::string{word}};
        }
    }
    if (!options.help && options.door != "portal" && options.door != "console")
        return Error{Errc::malformed, "--door: portal or console"};
    auto const run = options.root.empty() ? std::string{"/run/ecluse"} : options.root + "/run";
    options.socket = run + "/" + options.door + ".sock";
    if (options.pages.empty()) options.pages = ECLUSE_PAGES "/" + options.door;
    return options;
}

} // namespace ecluse::web
