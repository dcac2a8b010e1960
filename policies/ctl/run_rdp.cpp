#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/rdp_file.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"

#include <fmt/format.h>

namespace ecluse::ctl {
namespace {

std::string text_of(json::object const& object, std::string_view field)
{
    auto const* value = object.if_contains(field);
    return value && value->is_string() ? std::string{std::string_view{value->get_string()}} : "";
}

std::int64_t number_of(json::object const& object, std::string_view field)
{
    auto const* value = object.if_contains(field);
    return value && value->is_int64() ? value->get_int64() : 0;
}

std::vector<std::string> texts_of(json::object const& object, std::string_view field)
{
    std::vector<std::string> texts;
    auto const* value = object.if_contains(field);
    if (value && value->is_array())
        for (auto const& one : value->get_array())
            if (one.is_string()) texts.emplace_back(one.get_string());
    return texts;
}

} // namespace

Exit run_ticket(Ctl& ctl, Command const& command, json::object fields)
{
    if (!fields.contains("window") && !fields.contains("asset"))
        return ctl.fail(Exit::usage, TextKey::ctl_ticket_needs);
    if (!ctl.sign(fields)) return ctl.exit();
    auto answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    auto ticket = text_of(answer->fields, "ticket");
    auto const host = text_of(answer->fields, "host");
    auto const path = ctl.value("output");
    auto text = rdp_file(
        {.host = host,
         .port = static_cast<std::uint16_t>(number_of(answer->fields, "port")),
         .ticket = ticket,
         .functions = texts_of(answer->fields, "functions")}
    );
    auto const written = write_file_durably(path, text, 0600);
    wipe(text);
    wipe(ticket);
    answer->fields.erase("ticket"); // it is in its file, and nowhere else
    if (!written) return ctl.fail(written.error());
    answer->fields["output"] = path;
    show(ctl, command, answer->fields);
    auto const file = printable(path);
    ctl.say(TextKey::ctl_ticket_open, {{"path", file}});
    ctl.say(TextKey::ctl_ticket_certificate);
    ctl.say(TextKey::ctl_ticket_after, {{"path", file}});
    return Exit::ok;
}

Exit run_certificate_request(Ctl& ctl, Command const& command, json::object fields)
{
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    if (ctl.json()) {
        show(ctl, command, answer->fields);
        return Exit::ok;
    }
    auto const text = text_of(answer->fields, "request");
    if (!ctl.has("output")) {
        fmt::print("{}", text);
        return Exit::ok;
    }
    auto const path = ctl.value("output");
    if (auto const written = write_file_durably(path, text, 0644); !written)
        return ctl.fail(written.error());
    ctl.say(TextKey::ctl_certificate_requested, {{"path", printable(path)}});
    return Exit::ok;
}

} // namespace ecluse::ctl
