#include "policies/policyd/options.h"

#include "policies/policyd/paths.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace ecluse::policyd {

Result<Options> parse_options(int count, char const* const* words)
{
    Options options;
    if (auto const* const root = std::getenv("ECLUSE_ROOT")) options.root = root;
    for (int i = 1; i < count; ++i) {
        std::string_view const word{words[i]};
        if (word == "--help")
            options.help = true;
        else if (word == "--version")
            options.version = true;
        else if ((word == "--root" || word == "--config") && i + 1 < count)
            (word == "--root" ? options.root : options.config) = words[++i];
        else if (word == "--web-uid" && i + 1 < count) {
            unsigned uid = 0;
            std::string_view const digits{words[++i]};
            auto const [end, wrong] =
                std::from_chars(digits.data(), digits.data() + digits.size(), uid);
            if (wrong != std::errc{} || end != digits.data() + digits.size())
                return Error{Errc::malformed, "--web-uid: not a number"};
            options.web_uid = uid;
        } else if (word == "--acknowledge-rollback" && i + 1 < count)
            options.reason = words[++i];
        else if (word == "--login" && i + 1 < count)
            options.login = words[++i];
        else
            return Error{Errc::malformed, "unknown option " + std::string{word}};
    }
    if (options.reason.empty() != options.login.empty())
        return Error{Errc::malformed, "--acknowledge-rollback and --login go together"};
    while (options.root.size() > 1 && options.root.back() == '/')
        options.root.pop_back();
    if (options.config.empty()) options.config = Paths::under(options.root).config;
    return options;
}

} // namespace ecluse::policyd
