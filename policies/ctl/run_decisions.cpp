#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "policies/policyd/paths.h"

#include <fmt/format.h>

namespace ecluse::ctl {
namespace {

std::string text_of(json::object const& object, std::string_view field)
{
    auto const* value = object.if_contains(field);
    return value && value->is_string() ? std::string{std::string_view{value->get_string()}} : "";
}

/// Several lines of somebody's words: each made safe, lines kept.
void say_lines(Ctl const& ctl, std::string_view words)
{
    constexpr std::size_t line_chars_max = 1000;
    while (!words.empty()) {
        auto const end = words.find('\n');
        auto line = words.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        ctl.say(printable(line, line_chars_max));
        words = end == std::string_view::npos ? std::string_view{} : words.substr(end + 1);
    }
}

} // namespace

Exit run_cut_many(Ctl& ctl, Command const& command, json::object fields)
{
    bool const many = fields.contains("all") || fields.contains("vendor");
    if (many == fields.contains("session")) return ctl.fail(Exit::usage, TextKey::ctl_cut_which);
    if (!many) {
        fields.erase("confirm");
        return ask_and_show(ctl, command, std::move(fields));
    }
    if (!fields.contains("confirm")) return ctl.fail(Exit::usage, TextKey::ctl_cut_confirm);
    auto const answer = ctl.ask("session.cut_many", std::move(fields));
    if (!answer) return ctl.exit();
    if (ctl.json()) {
        show(ctl, command, answer->fields);
        return Exit::ok;
    }
    auto const* ended = answer->fields.if_contains("sessions_ended");
    auto const count = ended ? json::serialize(*ended) : std::string{"0"};
    ctl.say(TextKey::ctl_cut_done, {{"count", count}});
    return Exit::ok;
}

Exit run_escort(Ctl& ctl, Command const& command, json::object fields)
{
    fields["present"] = command.verb == "arrive";
    return ask_and_show(ctl, command, std::move(fields));
}

Exit run_asset_sensitive(Ctl& ctl, Command const& command, json::object fields)
{
    fields["sensitive"] = command.verb == "sensitive";
    return ask_and_show(ctl, command, std::move(fields));
}

Exit run_charter_show(Ctl& ctl, Command const& command, json::object fields)
{
    auto answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    if (ctl.json()) {
        show(ctl, command, answer->fields);
        return Exit::ok;
    }
    auto const body = text_of(answer->fields, "body");
    answer->fields.erase("body");
    fmt::print("{}\n", details(answer->fields, ctl.language()));
    say_lines(ctl, body);
    return Exit::ok;
}

Exit run_explain(Ctl& ctl, Command const& command, json::object fields)
{
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    auto const* granted = answer->fields.if_contains("granted");
    bool const enters = granted && granted->is_bool() && granted->get_bool();
    if (ctl.json()) {
        fmt::print("{}\n", json::serialize(answer->fields));
        return enters ? Exit::ok : Exit::refused;
    }
    if (enters) {
        auto const until = in_words(answer->fields.at("until"), "until", ctl.language());
        ctl.say(
            TextKey::ctl_explain_granted,
            {{"window", printable(text_of(answer->fields, "window"))}, {"until", until}}
        );
        return Exit::ok;
    }
    ctl.say(TextKey::ctl_explain_refused);
    auto const* reasons = answer->fields.if_contains("reasons");
    if (reasons && reasons->is_array())
        for (auto const& reason : reasons->get_array()) {
            auto const& one = reason.get_object();
            ctl.say(
                "  " + printable(text_of(one, "code")) + " – " +
                printable(text_of(one, "reason"), 512)
            );
            ctl.say("      → " + printable(text_of(one, "action"), 512));
        }
    return Exit::refused;
}

Exit run_config(Ctl& ctl, Command const& command, json::object)
{
    auto const path = policyd::Paths::under(ctl.globals().root).config;
    auto const config = load_config(path);
    if (!config)
        return ctl.fail(
            Exit::failed,
            TextKey::ctl_config_bad,
            {{"why", printable(config.error().what, 1024)}},
            TextKey::ctl_config_bad_remedy
        );
    json::object const shown{
        {"path", path},
        {"site", config->site.name},
        {"phone", config->site.phone},
        {"portal", config->site.portal},
        {"per_source_max", config->ssh.per_source_max},
        {"connections_max", config->ssh.connections_max},
        {"answer_undeclared", config->ssh.answer_undeclared},
        {"kex", config->ssh.kex},
        {"ciphers", config->ssh.ciphers},
        {"macs", config->ssh.macs},
        {"idle_minutes", config->ssh.idle_minutes},
        {"max_hours", config->windows.max_hours},
        {"emergency_max_hours", config->windows.emergency_max_hours},
        {"working_hours", config->report.working_hours},
        {"holidays", config->report.holidays},
        {"blocking", config->report.blocking},
        {"length_min", config->passwords.length_min},
        {"password_history", config->passwords.history},
        {"invitation_hours", config->passwords.invitation_hours},
        {"retention_days", config->recording.retention_days},
        {"journal_days", config->recording.journal_days}};
    if (command.verb == "check" && !ctl.json()) {
        ctl.say(TextKey::ctl_config_good, {{"path", path}});
        return Exit::ok;
    }
    show(ctl, command, shown);
    return Exit::ok;
}

} // namespace ecluse::ctl
