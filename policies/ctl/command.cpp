#include "policies/ctl/command.h"

#include <algorithm>

namespace ecluse::ctl {
namespace {

std::string with_underscores(std::string_view name)
{
    std::string field{name};
    std::replace(field.begin(), field.end(), '-', '_');
    return field;
}

std::vector<Command> build()
{
    std::vector<Command> all;
    add_system_commands(all);
    add_people_commands(all);
    add_place_commands(all);
    add_window_commands(all);
    add_rdp_commands(all);
    add_report_commands(all);
    add_evidence_commands(all);
    return all;
}

} // namespace

std::string Option::field() const
{
    return with_underscores(name);
}

std::string Command::key() const
{
    auto const start = "ctl." + with_underscores(object);
    return verb.empty() ? start : start + "." + with_underscores(verb);
}

std::string Command::words() const
{
    return verb.empty() ? std::string{object} : std::string{object} + " " + std::string{verb};
}

std::span<Command const> commands()
{
    static auto const all = build();
    return all;
}

Command const* find_command(std::string_view object, std::string_view verb)
{
    auto const all = commands();
    auto const found = std::find_if(all.begin(), all.end(), [&](Command const& command) {
        return command.object == object && command.verb == verb;
    });
    return found == all.end() ? nullptr : &*found;
}

} // namespace ecluse::ctl
