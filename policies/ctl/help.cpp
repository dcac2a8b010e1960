#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"

#include <fmt/format.h>

#include <algorithm>

namespace ecluse::ctl {
namespace {

std::string sentence(Ctl const& ctl, std::string const& key)
{
    auto const found = find_text(key);
    return found ? text(ctl.language(), *found) : std::string{};
}

std::string usage(Command const& command)
{
    std::string line = "eclusectl " + command.words();
    for (auto const& option : command.options) {
        if (!option.positional) continue;
        std::string name{option.name};
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
            return static_cast<char>(std::toupper(letter));
        });
        line += option.required ? " " + name : " [" + name + "]";
    }
    return line + " [--…]";
}

std::string option_name(Option const& option)
{
    if (option.positional) return std::string{option.name};
    if (option.kind == Kind::secret) return "--" + std::string{option.name} + "-file";
    return "--" + std::string{option.name};
}

void print_row(std::string_view name, std::string_view what, std::size_t wide)
{
    auto const pad = width(name) < wide ? wide - width(name) : 0;
    fmt::print("  {}{}  {}\n", name, std::string(pad, ' '), what);
}

} // namespace

void print_general_help(Ctl const& ctl)
{
    fmt::print("{}\n\n", text(ctl.language(), TextKey::ctl_help_usage));
    std::string_view last;
    for (auto const& command : commands()) {
        if (command.object == last && !command.verb.empty()) continue;
        last = command.object;
        std::string verbs;
        for (auto const& other : commands())
            if (other.object == command.object && !other.verb.empty())
                verbs += (verbs.empty() ? "" : ", ") + std::string{other.verb};
        print_row(
            command.object, verbs.empty() ? sentence(ctl, command.key() + ".purpose") : verbs, 14
        );
    }
    fmt::print("\n{}\n", text(ctl.language(), TextKey::ctl_help_globals));
    fmt::print("\n{}\n", text(ctl.language(), TextKey::ctl_help_exits));
}

void print_object_help(Ctl const& ctl, std::string_view object)
{
    for (auto const& command : commands())
        if (command.object == object)
            print_row(command.words(), sentence(ctl, command.key() + ".purpose"), 26);
}

void print_command_help(Ctl const& ctl, Command const& command)
{
    auto const language = ctl.language();
    fmt::print("{}\n", sentence(ctl, command.key() + ".purpose"));
    fmt::print("\n{}\n  {}\n", text(language, TextKey::ctl_help_form), usage(command));
    if (!command.options.empty()) {
        fmt::print("\n{}\n", text(language, TextKey::ctl_help_fields));
        for (auto const& option : command.options) {
            auto what = sentence(ctl, "ctl.option." + option.field());
            if (!option.values.empty()) what += " (" + std::string{option.values} + ")";
            if (option.required) what += " " + text(language, TextKey::ctl_help_required);
            print_row(option_name(option), what, 22);
        }
    }
    if (command.signs) fmt::print("\n{}\n", text(language, TextKey::ctl_help_signs));
    if (!command.example.empty())
        fmt::print(
            "\n{}\n  eclusectl {}\n", text(language, TextKey::ctl_help_example), command.example
        );
}

Exit run_help(Ctl& ctl, Command const& command, json::object fields)
{
    if (ctl.has("roles")) {
        auto const answer = ctl.ask("help.roles", {});
        if (!answer) return ctl.exit();
        Command rows = command;
        rows.columns = {"request", "access", "roles", "signs"};
        if (ctl.json()) {
            fmt::print("{}\n", json::serialize(answer->fields));
            return Exit::ok;
        }
        auto const* list = answer->fields.if_contains("rows");
        if (list && list->is_array())
            fmt::print("{}", table(list->get_array(), rows.columns, ctl.language()));
        return Exit::ok;
    }
    auto const word = [&](char const* name) {
        auto const* value = fields.if_contains(name);
        return value ? std::string{std::string_view{value->get_string()}} : std::string{};
    };
    auto const object = word("object"), verb = word("verb");
    if (object.empty()) {
        print_general_help(ctl);
    } else if (auto const* found = find_command(object, verb)) {
        print_command_help(ctl, *found);
    } else {
        print_object_help(ctl, object);
    }
    return Exit::ok;
}

} // namespace ecluse::ctl
