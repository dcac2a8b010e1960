#include "common/json.h"
#include "policies/ctl/run.h"

#include <fmt/format.h>

#include <set>

namespace ecluse::ctl {
namespace {

std::string option_words(Command const& command)
{
    std::string words;
    auto const add = [&](std::string const& word) { words += " --" + word; };
    for (auto const& option : command.options) {
        if (option.positional) continue;
        if (option.kind == Kind::secret) {
            add(std::string{option.name} + "-file");
            add(std::string{option.name} + "-stdin");
        } else {
            add(std::string{option.name});
        }
    }
    if (command.signs)
        for (auto const* word : {"password-file", "password-stdin", "code"})
            add(word);
    return words;
}

} // namespace

Exit run_completion(Ctl&, Command const&, json::object)
{
    std::set<std::string_view> objects;
    for (auto const& command : commands())
        objects.insert(command.object);
    fmt::print("# bash completion for eclusectl; made by \"eclusectl completion bash\".\n");
    fmt::print("_eclusectl()\n{{\n    local word=\"${{COMP_WORDS[COMP_CWORD]}}\" words=() w\n");
    fmt::print("    for w in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n");
    fmt::print("        [[ $w == -* ]] || words+=(\"$w\")\n    done\n");
    fmt::print("    local options=\"--help --json --lang --as --root\" choices=\"\"\n");
    fmt::print("    case \"${{#words[@]}}:${{words[0]}}:${{words[1]}}\" in\n");
    fmt::print("    0:*) choices=\"");
    for (auto const object : objects)
        fmt::print("{} ", object);
    fmt::print("\" ;;\n");
    for (auto const object : objects) {
        std::string verbs;
        for (auto const& command : commands())
            if (command.object == object && !command.verb.empty())
                verbs += std::string{command.verb} + " ";
        if (!verbs.empty()) fmt::print("    1:{}:*) choices=\"{}\" ;;\n", object, verbs);
    }
    for (auto const& command : commands())
        fmt::print(
            "    *:{}:{}) options+=\"{}\" ;;\n",
            command.object,
            command.verb.empty() ? std::string_view{"*"} : command.verb,
            option_words(command)
        );
    fmt::print("    esac\n    [[ $word == -* ]] && choices=$options\n");
    fmt::print("    mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$word\")\n");
    fmt::print("    [[ ${{#COMPREPLY[@]}} -gt 0 ]] || compopt -o default\n}}\n");
    fmt::print("complete -F _eclusectl eclusectl\n");
    return Exit::ok;
}

} // namespace ecluse::ctl
