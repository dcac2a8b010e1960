#include "policies/policyd/worker_events.h"

#include "common/bytes.h"
#include "common/json.h"

#include <algorithm>
#include <initializer_list>

namespace ecluse::policyd {
namespace {

constexpr std::size_t name_bytes_max = 4096;
constexpr std::size_t command_bytes_max = 4096;
constexpr std::int64_t channel_max = 0xffffffff;
constexpr std::int64_t status_max = 0xffffffff;
constexpr std::size_t digest_characters = 64;
/// The most that rdp.clipboard_bytes_max may be.
constexpr std::int64_t clipboard_bytes_max = 8 << 20;
/// FreeRDP's and Windows' own bound of a monitor layout.
constexpr std::int64_t desktop_pixels_max = 32766;

void expect_one_of(
    Fields& fields,
    std::string_view field,
    std::string const& value,
    std::initializer_list<std::string_view> known
)
{
    if (std::find(known.begin(), known.end(), value) == known.end()) fields.fault(field, "unknown");
}

/// Absent and null are the same.
json::value nullable_number(json::object& object, Fields& fields, std::string_view name)
{
    if (auto* const value = object.if_contains(name); value && value->is_null()) {
        object.erase(name);
        return nullptr;
    }
    auto const number = fields.optional_number(name);
    return number ? json::value(*number) : json::value(nullptr);
}

json::value nullable_digest(json::object& object, Fields& fields, std::string_view name)
{
    if (auto* const value = object.if_contains(name); value && value->is_null()) {
        object.erase(name);
        return nullptr;
    }
    auto const digest = fields.optional_text(name, digest_characters);
    if (!digest) return nullptr;
    if (digest->size() != digest_characters || !from_hex(*digest))
        fields.fault(name, "not a digest");
    return json::value(*digest);
}

void read_exec(json::object& object, Fields& fields, WorkerEvent& event)
{
    event.type = "command.exec";
    event.detail["channel"] = fields.number("channel", 0, channel_max);
    event.detail["command"] =
        printable(fields.text("command", command_bytes_max), command_bytes_max);
    event.detail["command_sha256"] = nullable_digest(object, fields, "command_sha256");
    auto const exit = nullable_number(object, fields, "exit");
    event.detail["exit"] = exit;
    event.outcome = exit.is_null() ? "no exit status" : "exit " + std::to_string(exit.get_int64());
}

using Words = std::initializer_list<std::string_view>;

void read_refused(Fields& fields, WorkerEvent& event, std::string type, Words known = {})
{
    event.type = std::move(type);
    event.outcome = printable(fields.text("what", 64), 64);
    if (known.size() > 0) expect_one_of(fields, "what", event.outcome, known);
    event.detail["what"] = event.outcome;
    event.detail["detail"] =
        printable(fields.optional_text("detail", name_bytes_max).value_or(""), name_bytes_max);
}

void read_transfer(json::object& object, Fields& fields, WorkerEvent& event, Words protocols)
{
    event.detail["channel"] = fields.number("channel", 0, channel_max);
    auto const protocol = fields.text("protocol", 16);
    auto const direction = fields.text("direction", 8);
    expect_one_of(fields, "protocol", protocol, protocols);
    expect_one_of(fields, "direction", direction, {"up", "down"});
    event.type = "transfer." + direction;
    event.detail["protocol"] = protocol;
    event.detail["direction"] = direction;
    event.detail["name"] = printable(fields.text("name", name_bytes_max), name_bytes_max);
    event.detail["bytes"] = fields.number("bytes", 0);
    event.detail["sha256"] = nullable_digest(object, fields, "sha256");
    event.detail["sequential"] = fields.flag("sequential");
    bool const complete = fields.flag("complete");
    event.detail["complete"] = complete;
    event.outcome = complete ? "complete" : "incomplete";
}

void read_file_operation(Fields& fields, WorkerEvent& event)
{
    auto const operation = fields.text("operation", 16);
    expect_one_of(
        fields, "operation", operation, {"remove", "rename", "mkdir", "rmdir", "setstat", "symlink"}
    );
    event.type = "transfer.file";
    event.detail["operation"] = operation;
    event.detail["name"] = printable(fields.text("name", name_bytes_max), name_bytes_max);
    if (auto const to = fields.optional_text("to", name_bytes_max))
        event.detail["to"] = printable(*to, name_bytes_max);
    auto const status = fields.number("outcome", 0, status_max);
    event.detail["outcome"] = status;
    event.outcome = operation + " status " + std::to_string(status);
}

/// Text that went over the clipboard: its length and digest; what it says is in the recording only.
void read_clipboard(json::object& object, Fields& fields, WorkerEvent& event)
{
    auto const direction = fields.text("direction", 8);
    expect_one_of(fields, "direction", direction, {"in", "out"});
    event.type = "clipboard." + direction;
    event.detail["direction"] = direction;
    auto const bytes = fields.number("bytes", 0, clipboard_bytes_max);
    event.detail["bytes"] = bytes;
    event.detail["sha256"] = nullable_digest(object, fields, "sha256");
    event.outcome = std::to_string(bytes) + " bytes";
}

void read_connected(Fields& fields, WorkerEvent& event)
{
    event.type = "session.target_connected";
    for (auto const name : {"fingerprint", "cipher_in", "kex"})
        event.detail[name] = printable(fields.text(name, 128));
    event.outcome = "connected";
    event.target_ready = true;
}

void read_desktop_connected(Fields& fields, WorkerEvent& event)
{
    event.type = "session.target_connected";
    event.detail["fingerprint"] = printable(fields.text("fingerprint", 128));
    auto const security = fields.text("security", 8);
    expect_one_of(fields, "security", security, {"tls", "nla"});
    event.detail["security"] = security;
    for (auto const name : {"width", "height"})
        event.detail[name] = fields.number(name, 1, desktop_pixels_max);
    event.outcome = "connected";
    event.target_ready = true;
}

bool read_ssh_event(std::string_view type, json::object& object, Fields& fields, WorkerEvent& event)
{
    if (type == "exec")
        read_exec(object, fields, event);
    else if (type == "forward_refused")
        read_refused(fields, event, "session.forward_refused");
    else if (type == "function_refused")
        read_refused(fields, event, "session.function_refused");
    else if (type == "transfer")
        read_transfer(object, fields, event, {"sftp", "scp", "rsync", "exec"});
    else if (type == "target_connected")
        read_connected(fields, event);
    else
        return false;
    return true;
}

bool read_rdp_event(std::string_view type, json::object& object, Fields& fields, WorkerEvent& event)
{
    if (type == "clipboard")
        read_clipboard(object, fields, event);
    else if (type == "forward_refused")
        read_refused(fields, event, "session.forward_refused", {"channel"});
    else if (type == "function_refused")
        read_refused(
            fields,
            event,
            "session.function_refused",
            {"clipboard_in", "clipboard_out", "file_up", "file_down", "sound", "printer"}
        );
    else if (type == "transfer")
        read_transfer(object, fields, event, {"rdp_clipboard", "rdp_drive"});
    else if (type == "target_connected")
        read_desktop_connected(fields, event);
    else
        return false;
    return true;
}

} // namespace

Result<WorkerEvent> read_worker_event(json::object const& given, Protocol protocol)
{
    // A copy, because a null counts as absent, which Fields does not know.
    auto object = given;
    Fields fields{object};
    WorkerEvent event;
    auto const type = fields.text("type", 32);
    bool const known = protocol == Protocol::ssh ? read_ssh_event(type, object, fields, event)
                                                 : read_rdp_event(type, object, fields, event);
    // Files are removed and renamed by SFTP and in a redirected drive alike.
    if (!known && type == "file")
        read_file_operation(fields, event);
    else if (!known)
        fields.fault("type", "unknown");
    ECLUSE_TRY(fields.finish());
    return event;
}

} // namespace ecluse::policyd
