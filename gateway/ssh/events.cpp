#include "gateway/ssh/events.h"

#include "common/bytes.h"
#include "common/json.h"

namespace ecluse::ssh {
namespace {

constexpr std::size_t command_chars_max = 4096;
constexpr std::size_t name_chars_max = 1024;

std::string shown(std::string_view text, std::size_t chars_max = name_chars_max)
{
    return printable(text, chars_max);
}

json::value or_null(std::optional<int> number)
{
    return number ? json::value(*number) : json::value(nullptr);
}

} // namespace

std::string to_event(ExecEvent const& event)
{
    // `printable` may lengthen; the request's bound is on bytes.
    auto command = shown(event.command, command_chars_max);
    if (command.size() > command_chars_max) command = shown(event.command, command_chars_max / 4);
    return json::serialize(json::object{
        {"type", "exec"},
        {"channel", event.channel},
        {"command", command},
        {"command_sha256", to_hex(sha256(event.command))},
        {"exit", or_null(event.exit)}});
}

std::string to_event(TransferEvent const& event)
{
    return json::serialize(json::object{
        {"type", "transfer"},
        {"channel", event.channel},
        {"protocol", event.protocol},
        {"direction", event.up ? "up" : "down"},
        {"name", shown(event.name)},
        {"bytes", event.bytes},
        {"sha256", event.sha256 ? json::value(*event.sha256) : json::value(nullptr)},
        {"sequential", event.sequential},
        {"complete", event.complete}});
}

std::string to_event(FileEvent const& event)
{
    json::object object{
        {"type", "file"}, {"operation", event.operation}, {"name", shown(event.name)}};
    if (!event.to.empty()) object["to"] = shown(event.to);
    object["outcome"] = event.outcome;
    return json::serialize(object);
}

std::string to_event(TargetEvent const& event)
{
    return json::serialize(json::object{
        {"type", "target_connected"},
        {"fingerprint", event.fingerprint},
        {"cipher_in", event.cipher_in},
        {"kex", event.kex}});
}

std::string forward_refused(std::string_view what, std::string_view detail)
{
    return json::serialize(json::object{
        {"type", "forward_refused"}, {"what", what}, {"detail", shown(detail, 256)}});
}

std::string function_refused(std::string_view what, std::string_view detail)
{
    return json::serialize(json::object{
        {"type", "function_refused"}, {"what", what}, {"detail", shown(detail, 256)}});
}

std::string channel_started(std::string_view kind, bool pty, std::string_view command)
{
    return json::serialize(json::object{
        {"type", "channel"}, {"kind", kind}, {"pty", pty}, {"command", shown(command, 1 << 18)}});
}

std::string channel_ended(std::optional<int> exit)
{
    return json::serialize(json::object{{"type", "channel_end"}, {"exit", or_null(exit)}});
}

std::string elision_started(bool up, std::uint64_t recorded)
{
    return json::serialize(json::object{
        {"type", "elision"}, {"direction", up ? "up" : "down"}, {"recorded", recorded}});
}

} // namespace ecluse::ssh
