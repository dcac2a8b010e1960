#include "common/bytes.h"
#include "common/fill_text.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text_keys.h"
#include "policies/ctl/ctl.h"
#include "policies/ctl/run.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <sys/stat.h>

namespace ecluse::ctl {
namespace {

/// What the environment says before the arguments do.
Globals from_environment()
{
    Globals globals;
    if (auto const* root = std::getenv("ECLUSE_ROOT")) globals.root = root;
    if (auto const* as = std::getenv("ECLUSE_AS")) globals.as = as;
    for (auto const* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        auto const* value = std::getenv(name);
        if (!value || !*value) continue;
        // French first: only a person who asked for English gets it.
        if (std::string_view{value}.starts_with("en")) globals.language = Language::english;
        break;
    }
    return globals;
}

Exit run(int count, char** arguments)
{
    auto globals = from_environment();
    auto parsed = parse_arguments({arguments + 1, arguments + count}, globals);
    if (auto* misuse = std::get_if<Misuse>(&parsed)) {
        for (auto& hole : misuse->holes)
            hole.second = printable(hole.second);
        auto const line = fill_text(globals.language, misuse->key, misuse->holes);
        fmt::print(stderr, "eclusectl: {}\n", line);
        fmt::print(stderr, "  → {}\n", text(globals.language, TextKey::ctl_usage_remedy));
        return Exit::usage;
    }
    auto typed = std::get<Typed>(std::move(parsed));
    auto const* command = typed.command;
    auto const object = typed.words.empty() ? std::string{} : typed.words[0];
    Ctl ctl{globals, std::move(typed)};
    if (globals.version) {
        fmt::print("eclusectl {}\n", ECLUSE_VERSION);
        return Exit::ok;
    }
    if (!command) {
        if (object.empty())
            print_general_help(ctl);
        else
            print_object_help(ctl, object);
        return globals.help ? Exit::ok : Exit::usage;
    }
    if (globals.help) {
        print_command_help(ctl, *command);
        return Exit::ok;
    }
    auto fields = read_fields(ctl, *command);
    if (!fields) return ctl.exit();
    return (command->run ? command->run : &ask_and_show)(ctl, *command, std::move(*fields));
}

} // namespace
} // namespace ecluse::ctl

int main(int count, char** arguments)
{
    ecluse::set_log_name("eclusectl");
    ::umask(077);
    try {
        return static_cast<int>(ecluse::ctl::run(count, arguments));
    } catch (std::exception const& fault) {
        fmt::print(stderr, "eclusectl: {}\n", fault.what());
        return static_cast<int>(ecluse::ctl::Exit::failed);
    }
}
