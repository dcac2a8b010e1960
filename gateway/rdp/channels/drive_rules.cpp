#include "gateway/rdp/channels/drive_rules.h"

#include "gateway/rdp/channels/text.h"
#include "gateway/rdp/channels/wire.h"
#include "gateway/ssh/events.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ecluse::rdp {
namespace {

constexpr std::uint16_t core = 0x4472;
constexpr std::uint16_t printer = 0x5052;

enum Packet : std::uint16_t {
    server_announce = 0x496E,
    client_id_confirm = 0x4343, // both ways
    client_name = 0x434E,
    devices_announce = 0x4441,
    device_reply = 0x6472,
    io_request = 0x4952,
    io_completion = 0x4943,
    server_capability = 0x5350,
    client_capability = 0x4350,
    devices_remove = 0x444D,
    user_logged_on = 0x554C
};

enum Major : std::uint32_t {
    create = 0x00,
    close_file = 0x02,
    read = 0x03,
    write = 0x04,
    query_information = 0x05,
    set_information = 0x06,
    query_volume = 0x0A,
    set_volume = 0x0B,
    directory_control = 0x0C,
    device_control = 0x0E,
    lock_control = 0x11
};
constexpr std::uint32_t query_directory = 1;

enum Status : std::uint32_t {
    success = 0,
    no_such_device = 0xC000000E,
    no_such_file = 0xC000000F,
    end_of_file = 0xC0000011,
    access_denied = 0xC0000022,
    name_invalid = 0xC0000033,
    object_not_found = 0xC0000034,
    not_supported = 0xC00000BB
};

enum DeviceType : std::uint32_t {
    device_serial = 0x01,
    device_parallel = 0x02,
    device_printer = 0x04,
    device_drive = 0x08,
    device_smart_card = 0x20
};

/// One letter each, and some more for clients that redirect folders.
constexpr std::size_t devices_max = 64;
/// A server sends some tens at a time; each is a few hundred bytes here.
constexpr std::size_t waiting_max = 1024;
/// Clients and servers move up to some MiB in one request.
constexpr std::size_t message_bytes_max = 16U << 20;
/// The protocol's own bound is 32,767 characters, no file system goes near it.
constexpr std::size_t path_bytes_max = 8192;
constexpr std::size_t small_body_max = 16UL * 1024;

constexpr std::uint32_t generic_write_bits = 0x40000000 | 0x10000000; // write, all
/// Data, append, extended attributes, delete child, attributes, delete, permissions, owner.
constexpr std::uint32_t write_bits =
    0x02 | 0x04 | 0x10 | 0x40 | 0x100 | 0x10000 | 0x40000 | 0x80000 | generic_write_bits;
constexpr std::uint32_t disposition_open = 1;
constexpr std::uint32_t disposition_create = 2;
constexpr std::uint32_t disposition_open_if = 3;
constexpr std::uint32_t disposition_max = 5;
constexpr std::uint32_t option_folder = 0x01;
constexpr std::uint32_t option_delete_on_close = 0x1000;
constexpr std::uint8_t information_superseded = 0;
constexpr std::uint8_t information_created = 2;

enum InformationClass : std::uint32_t {
    info_basic = 4,
    info_standard = 5,
    info_rename = 10,
    info_disposition = 13,
    info_allocation = 19,
    info_end_of_file = 20
};

std::string packet(std::uint16_t id, std::string_view body)
{
    std::string bytes;
    put_u16(bytes, core);
    put_u16(bytes, id);
    bytes += body;
    return bytes;
}

std::string
completion(std::uint32_t device, std::uint32_t number, std::uint32_t status, std::string_view body)
{
    std::string bytes;
    put_u32(bytes, device);
    put_u32(bytes, number);
    put_u32(bytes, status);
    bytes += body;
    return packet(io_completion, bytes);
}

/// The least body of an answer that carries nothing.
std::string empty_answer(std::uint32_t major)
{
    return std::string(major == read ? 4 : 5, '\0');
}

bool failed(std::uint32_t status)
{
    return status >= 0x80000000U;
}

/// As the journal counts outcomes for every protocol: SFTP's numbers.
std::uint32_t outcome_of(std::uint32_t status)
{
    if (!failed(status)) return 0;
    if (status == no_such_file || status == object_not_found) return 2;
    return status == access_denied ? 3 : 4;
}

std::string_view device_word(std::uint32_t type)
{
    switch (type) {
    case device_serial:
        return "rdpdr: serial port";
    case device_parallel:
        return "rdpdr: parallel port";
    case device_smart_card:
        return "rdpdr: smart card";
    default:
        return "rdpdr: other device";
    }
}

struct DrivePath {
    std::string name;  // UTF-8
    std::string bytes; // as it is forwarded
};

/// Nothing may hide behind the terminator. xrdp writes some of its paths with slashes; a client may
/// take both, so that both separate folders here as well, and one of them goes on.
std::optional<DrivePath> read_path(std::string_view given)
{
    if (given.size() % 2 != 0 || given.size() > path_bytes_max) return std::nullopt;
    std::string bytes{given};
    for (std::size_t at = 0; at < bytes.size(); at += 2)
        if (bytes[at] == '/' && bytes[at + 1] == '\0') bytes[at] = '\\';
    auto const text = until_nul16(bytes);
    if (bytes.size() - text.size() > 2) return std::nullopt;
    auto name = utf8_from_utf16(text);
    return DrivePath{std::move(name), std::move(bytes)};
}

} // namespace

std::size_t DriveRules::kept_max() const
{
    return message_bytes_max;
}

Outcome DriveRules::on_message(Message const& message)
{
    Outcome out;
    WireReader reader{message.bytes};
    auto const component = reader.u16();
    auto const id = reader.u16();
    if (!reader.good()) {
        out.fault = "devices: head";
        return out;
    }
    if (component == printer) return out; // printers never
    if (component != core) {
        out.fault = "devices: component";
        return out;
    }
    bool const from_vendor = message.direction == Direction::to_target;
    if (on_greeting(id, message, out)) return out;
    if (id == (from_vendor ? client_capability : server_capability))
        on_capabilities(id, message, out);
    else if (from_vendor && id == devices_announce)
        on_devices(reader.rest(), out);
    else if (from_vendor && id == devices_remove)
        on_devices_gone(reader.rest(), out);
    else if (from_vendor && id == io_completion)
        on_completion(reader.rest(), out);
    else if (!from_vendor && id == io_request)
        on_request(reader.rest(), out);
    else
        out.fault = "devices: packet";
    return out;
}

bool DriveRules::on_greeting(std::uint16_t id, Message const& message, Outcome& out)
{
    bool const from_vendor = message.direction == Direction::to_target;
    WireReader reader{message.bytes.substr(4)};
    switch (id) {
    case server_announce:
    case client_id_confirm: {
        auto const body = reader.take(8);
        if (!reader.good() || (id == server_announce && from_vendor)) {
            out.fault = "devices: announce";
            return true;
        }
        out.send(message.direction, packet(id, body));
        if (from_vendor) return true;
        is_confirmed_ = id == client_id_confirm;
        if (is_confirmed_ && std::exchange(logged_on_waits_, false))
            out.send(message.direction, packet(user_logged_on, {}));
        return true;
    }
    case client_name: {
        auto const unicode = reader.u32();
        reader.take(4); // a code page, always 0
        std::size_t const length = reader.u32();
        auto const name = reader.take(length);
        if (!reader.good() || !from_vendor || length > path_bytes_max) {
            out.fault = "devices: client name";
            return true;
        }
        std::string body;
        put_u32(body, unicode);
        put_u32(body, 0);
        put_u32(body, static_cast<std::uint32_t>(length));
        body += name;
        out.send(message.direction, packet(id, body));
        return true;
    }
    case user_logged_on:
        if (from_vendor)
            out.fault = "devices: logged on";
        else if (is_confirmed_)
            out.send(message.direction, packet(id, {}));
        else
            // xrdp before 0.9.24 says so first of all; FreeRDP's client, which has not heard yet
            // that this target says such things, would then announce no drive at all.
            logged_on_waits_ = true;
        return true;
    case device_reply: {
        auto const body = reader.take(8);
        if (!reader.good() || from_vendor)
            out.fault = "devices: reply";
        else if (devices_.contains(WireReader{body}.u32()))
            out.send(message.direction, packet(id, body));
        return true;
    }
    default:
        return false;
    }
}

void DriveRules::on_capabilities(std::uint16_t id, Message const& message, Outcome& out)
{
    constexpr std::uint16_t general = 1;
    constexpr std::uint16_t drive = 4;
    constexpr std::size_t general_bytes = 36;
    // What precedes and follows the number of devices that exist before logon: smart cards.
    constexpr std::size_t special_devices_at = 32;
    WireReader reader{message.bytes.substr(4)};
    auto const count = reader.u16();
    reader.take(2);
    std::uint16_t kept = 0;
    std::string sets;
    for (unsigned i = 0; i < count && reader.good(); ++i) {
        auto const type = reader.u16();
        auto const length = reader.u16();
        auto const version = reader.u32();
        if (length < 8) {
            out.fault = "devices: capability length";
            return;
        }
        std::string body{reader.take(length - 8U)};
        if (type == general) {
            // Version 1 has no number of special devices.
            if (body.size() != general_bytes && body.size() != special_devices_at) {
                out.fault = "devices: general capability";
                return;
            }
            if (body.size() > special_devices_at) {
                body.resize(special_devices_at);
                body.resize(general_bytes, '\0');
            }
        } else if (type != drive || !files_granted()) {
            continue;
        }
        put_u16(sets, type);
        put_u16(sets, length);
        put_u32(sets, version);
        sets += body;
        ++kept;
    }
    if (!reader.good()) {
        out.fault = "devices: capabilities";
        return;
    }
    std::string body;
    put_u16(body, kept);
    put_u16(body, 0);
    out.send(message.direction, packet(id, body + sets));
}

void DriveRules::on_devices(std::string_view bytes, Outcome& out)
{
    WireReader reader{bytes};
    auto const count = reader.u32();
    std::uint32_t kept = 0;
    std::string body;
    for (std::uint32_t i = 0; i < count && reader.good(); ++i) {
        auto const type = reader.u32();
        auto const id = reader.u32();
        auto const name = reader.take(8);
        auto const length = reader.u32();
        auto const data = reader.take(length);
        if (!reader.good()) break;
        if (type != device_drive) {
            out.tell_all(
                type == device_printer ? refusals_.function("printer", "rdpdr")
                                       : refusals_.channel(device_word(type))
            );
            continue;
        }
        if (!files_granted()) {
            out.tell_all(refusals_.function("file_up", "drive"));
            continue;
        }
        if (data.size() > path_bytes_max || devices_.size() >= devices_max ||
            !devices_.insert(id).second) {
            out.fault = "devices: id in use, or too many";
            return;
        }
        put_u32(body, type);
        put_u32(body, id);
        body += name;
        put_u32(body, length);
        body += data;
        ++kept;
    }
    if (!reader.good()) {
        out.fault = "devices: list";
        return;
    }
    std::string counted;
    put_u32(counted, kept);
    out.send(Direction::to_target, packet(devices_announce, counted + body));
}

void DriveRules::on_devices_gone(std::string_view bytes, Outcome& out)
{
    WireReader reader{bytes};
    auto const count = reader.u32();
    std::uint32_t kept = 0;
    std::string body;
    for (std::uint32_t i = 0; i < count && reader.good(); ++i) {
        auto const id = reader.u32();
        if (!reader.good() || devices_.erase(id) == 0) continue;
        files_.close_device(id, out.facts);
        waiting_.erase(waiting_.lower_bound({id, 0}), waiting_.upper_bound({id, UINT32_MAX}));
        put_u32(body, id);
        ++kept;
    }
    if (!reader.good()) {
        out.fault = "devices: list of those gone";
        return;
    }
    if (kept == 0) return;
    std::string counted;
    put_u32(counted, kept);
    out.send(Direction::to_target, packet(devices_remove, counted + body));
}

DriveRules::Judgement DriveRules::refuse(
    std::string_view function, std::string_view name, std::uint32_t status, Outcome& out
)
{
    if (!function.empty()) out.tell_all(refusals_.function(function, name));
    return {.status = status};
}

void DriveRules::on_request(std::string_view bytes, Outcome& out)
{
    WireReader reader{bytes};
    Request request{};
    request.device = reader.u32();
    request.file = reader.u32();
    request.completion = reader.u32();
    request.major = reader.u32();
    request.minor = reader.u32();
    request.body = reader.rest();
    if (!reader.good()) {
        out.fault = "devices: request";
        return;
    }
    auto const answer = [&](std::uint32_t status) {
        out.send(
            Direction::to_target,
            completion(request.device, request.completion, status, empty_answer(request.major))
        );
    };
    if (!devices_.contains(request.device)) {
        answer(no_such_device);
        return;
    }
    Key const key{request.device, request.completion};
    if (waiting_.contains(key) || waiting_.size() >= waiting_max) {
        out.fault = "devices: requests unanswered, or one number twice";
        return;
    }
    auto judgement = judge(request, out);
    if (!out.fault.empty()) return;
    if (judgement.status != success) {
        answer(judgement.status);
        return;
    }
    judgement.waiting.major = request.major;
    judgement.waiting.file = request.file;
    waiting_.emplace(key, std::move(judgement.waiting));
    std::string body;
    put_u32(body, request.device);
    put_u32(body, request.file);
    put_u32(body, request.completion);
    put_u32(body, request.major);
    put_u32(body, request.minor);
    out.send(Direction::to_vendor, packet(io_request, body + judgement.body));
}

DriveRules::Judgement DriveRules::judge(Request const& request, Outcome& out)
{
    switch (request.major) {
    case create:
        return judge_create(request, out);
    case close_file:
        return {.body = std::string(32, '\0')};
    case read:
        return judge_read(request, out);
    case write:
        return judge_write(request, out);
    case set_information:
        return judge_change(request, out);
    case directory_control:
        return judge_directory(request, out);
    case query_information:
    case query_volume:
    case lock_control:
        return judge_query(request, out);
    case set_volume:
        // A label: nobody's maintenance needs it.
        return {.status = access_denied};
    case device_control:
        // Control codes move data in ways of their own.
    default:
        return {.status = not_supported};
    }
}

DriveRules::Judgement DriveRules::judge_create(Request const& request, Outcome& out)
{
    WireReader reader{request.body};
    auto const access = reader.u32();
    auto const allocation = reader.u64();
    auto const attributes = reader.u32();
    auto const shared = reader.u32();
    auto const disposition = reader.u32();
    auto const options = reader.u32();
    std::size_t const length = reader.u32();
    auto const path_bytes = reader.take(length);
    if (!reader.good() || disposition > disposition_max) {
        out.fault = "devices: create";
        return {};
    }
    auto const path = read_path(path_bytes);
    if (!path || !is_plain_path(path->name, true)) return {.status = name_invalid};
    bool const creates = disposition != disposition_open;
    bool const removes = (options & option_delete_on_close) != 0;
    if ((creates || removes || (access & write_bits) != 0) && !grants_.file_down)
        return refuse("file_down", path->name, access_denied, out);
    Judgement judgement;
    judgement.waiting.opening = {
        .path = path->name,
        .creates = creates && disposition != disposition_open_if && (options & option_folder) == 0,
        .removed_on_close = removes};
    if ((options & option_folder) != 0 &&
        (disposition == disposition_create || disposition == disposition_open_if)) {
        judgement.waiting.operation = "mkdir";
        judgement.waiting.name = path->name;
        judgement.waiting.information_class = disposition;
    }
    put_u32(judgement.body, access);
    put_u64(judgement.body, allocation);
    put_u32(judgement.body, attributes);
    put_u32(judgement.body, shared);
    put_u32(judgement.body, disposition);
    put_u32(judgement.body, options);
    put_u32(judgement.body, static_cast<std::uint32_t>(path->bytes.size()));
    judgement.body += path->bytes;
    return judgement;
}

DriveRules::Judgement DriveRules::judge_read(Request const& request, Outcome& out)
{
    WireReader reader{request.body};
    auto const length = reader.u32();
    auto const offset = reader.u64();
    if (!reader.good()) {
        out.fault = "devices: read";
        return {};
    }
    auto const* const file = files_.find({request.device, request.file});
    std::string_view const name = file ? file->opening.path : std::string_view{};
    if (!grants_.file_up) return refuse("file_up", name, access_denied, out);
    // A number that was never given out has no name and no transfer.
    if (!file || length > message_bytes_max / 2) return {.status = access_denied};
    if (offset > limits_.file_bytes_max || (file->size && *file->size > limits_.file_bytes_max)) {
        out.facts.push_back(refused_act("file_up", name));
        return {.status = access_denied};
    }
    Judgement judgement;
    judgement.waiting.offset = offset;
    judgement.waiting.bytes = length;
    put_u32(judgement.body, length);
    put_u64(judgement.body, offset);
    judgement.body.append(20, '\0');
    return judgement;
}

DriveRules::Judgement DriveRules::judge_write(Request const& request, Outcome& out)
{
    WireReader reader{request.body};
    auto const length = reader.u32();
    auto const offset = reader.u64();
    reader.take(20);
    auto const data = reader.take(length);
    if (!reader.good()) {
        out.fault = "devices: write";
        return {};
    }
    auto* const file = files_.find({request.device, request.file});
    std::string_view const name = file ? file->opening.path : std::string_view{};
    if (!grants_.file_down) return refuse("file_down", name, access_denied, out);
    if (!file) return {.status = access_denied};
    if (!file->down) file->down.emplace();
    if (length > limits_.file_bytes_max - std::min(limits_.file_bytes_max, file->down->bytes())) {
        out.facts.push_back(refused_act("file_down", name));
        file->down_failed = true;
        return {.status = access_denied};
    }
    // Counted as it leaves, not as the client says it kept it.
    file->down->add(offset, data);
    Judgement judgement;
    judgement.waiting.bytes = length;
    put_u32(judgement.body, length);
    put_u64(judgement.body, offset);
    judgement.body.append(20, '\0');
    judgement.body += data;
    return judgement;
}

DriveRules::Judgement DriveRules::judge_change(Request const& request, Outcome& out)
{
    WireReader reader{request.body};
    auto const information_class = reader.u32();
    auto const length = reader.u32();
    reader.take(24);
    std::string buffer{reader.take(length)};
    if (!reader.good() || buffer.size() > small_body_max) {
        out.fault = "devices: set information";
        return {};
    }
    auto const* const file = files_.find({request.device, request.file});
    std::string_view const name = file ? file->opening.path : std::string_view{};
    if (!grants_.file_down) return refuse("file_down", name, access_denied, out);
    if (!file) return {.status = access_denied};
    Judgement judgement;
    judgement.waiting.information_class = information_class;
    judgement.waiting.bytes = length;
    judgement.waiting.name = name;
    switch (information_class) {
    case info_basic:
    case info_allocation:
    case info_end_of_file:
        break;
    case info_disposition:
        // Without a buffer it means "remove".
        if (buffer.empty() || buffer.front() != '\0') judgement.waiting.operation = "remove";
        break;
    case info_rename: {
        WireReader rename{buffer};
        std::string rewritten{rename.take(2)};
        std::size_t const path_length = rename.u32();
        auto const to = read_path(rename.take(path_length));
        if (!rename.good()) {
            out.fault = "devices: rename";
            return {};
        }
        if (!to || to->name.empty() || !is_plain_path(to->name, true))
            return {.status = name_invalid};
        judgement.waiting.operation = "rename";
        judgement.waiting.to = to->name;
        put_u32(rewritten, static_cast<std::uint32_t>(to->bytes.size()));
        buffer = rewritten + to->bytes;
        break;
    }
    default:
        return {.status = not_supported};
    }
    put_u32(judgement.body, information_class);
    put_u32(judgement.body, static_cast<std::uint32_t>(buffer.size()));
    judgement.body.append(24, '\0');
    judgement.body += buffer;
    return judgement;
}

DriveRules::Judgement DriveRules::judge_directory(Request const& request, Outcome& out)
{
    // Being told of changes: some clients never answer, and their requests would pile up.
    if (request.minor != query_directory) return {.status = not_supported};
    WireReader reader{request.body};
    auto const information_class = reader.u32();
    auto const initial = reader.u8();
    std::size_t const length = reader.u32();
    reader.take(23);
    auto const path_bytes = reader.take(length);
    if (!reader.good()) {
        out.fault = "devices: query directory";
        return {};
    }
    auto const path = read_path(path_bytes);
    if (!path || !is_plain_path(path->name, true)) return {.status = name_invalid};
    Judgement judgement;
    put_u32(judgement.body, information_class);
    put_u8(judgement.body, initial);
    put_u32(judgement.body, static_cast<std::uint32_t>(path->bytes.size()));
    judgement.body.append(23, '\0');
    judgement.body += path->bytes;
    return judgement;
}

DriveRules::Judgement DriveRules::judge_query(Request const& request, Outcome& out)
{
    if (request.body.size() < 8 || request.body.size() > small_body_max) {
        out.fault = "devices: query";
        return {};
    }
    Judgement judgement;
    judgement.waiting.information_class = WireReader{request.body}.u32();
    judgement.body = request.body;
    return judgement;
}

void DriveRules::on_completion(std::string_view bytes, Outcome& out)
{
    WireReader reader{bytes};
    auto const device = reader.u32();
    auto const number = reader.u32();
    auto status = reader.u32();
    std::string body{reader.rest()};
    if (!reader.good()) {
        out.fault = "devices: completion";
        return;
    }
    auto const found = waiting_.find({device, number});
    // An answer to nothing: it would reach a request that is none.
    if (found == waiting_.end()) return;
    auto const waiting = std::move(found->second);
    waiting_.erase(found);
    if (!judge_answer({device, waiting.file}, waiting, status, body, out)) {
        if (out.fault.empty()) out.fault = "devices: answer";
        return;
    }
    out.send(Direction::to_target, completion(device, number, status, body));
}

bool DriveRules::judge_answer(
    Key key, Waiting const& waiting, std::uint32_t& status, std::string& body, Outcome& out
)
{
    bool const refused = failed(status);
    if (refused) body = empty_answer(waiting.major);
    auto const tell_operation = [&] {
        if (waiting.operation.empty()) return;
        out.tell(ssh::to_event(ssh::FileEvent{
            waiting.operation, waiting.name, waiting.to, outcome_of(status)}));
    };
    auto* const file = files_.find(key);
    WireReader reader{body};
    switch (waiting.major) {
    case create: {
        if (refused) {
            tell_operation();
            return true;
        }
        auto const id = reader.u32();
        if (!reader.good()) return false;
        auto const information = reader.empty() ? information_superseded : reader.u8();
        bool const made = waiting.information_class == disposition_create ||
                          information == information_superseded ||
                          information == information_created;
        if (made) tell_operation();
        if (!files_.open({key.first, id}, waiting.opening, out.facts)) {
            out.fault = "devices: too many open files";
            return false;
        }
        body.clear();
        put_u32(body, id);
        put_u8(body, information);
        return true;
    }
    case close_file:
        if (file && file->opening.removed_on_close)
            out.tell(ssh::to_event(ssh::FileEvent{
                "remove", file->opening.path, {}, outcome_of(status)}));
        files_.close(key, !refused, out.facts);
        body = empty_answer(close_file);
        return true;
    case read:
        return judge_read_answer(key, waiting, status, body, out);
    case write: {
        auto const written = reader.u32();
        if (!reader.good() || written > waiting.bytes) return false;
        if (file && (refused || written < waiting.bytes)) file->down_failed = true;
        body.clear();
        put_u32(body, written);
        put_u8(body, 0);
        return true;
    }
    case set_information:
        tell_operation();
        body.clear();
        put_u32(body, refused ? 0 : waiting.bytes);
        put_u8(body, 0);
        return true;
    case lock_control:
        body = empty_answer(lock_control);
        return true;
    default: {
        // What was asked about: a length and so many bytes, perhaps one of padding.
        if (refused) return true;
        std::size_t const length = reader.u32();
        auto const data = reader.take(length);
        if (!reader.good()) return false;
        if (file && waiting.major == query_information &&
            waiting.information_class == info_standard && data.size() >= 16)
            file->size = WireReader{data.substr(8)}.u64();
        body.resize(4 + length);
        return true;
    }
    }
}

bool DriveRules::judge_read_answer(
    Key key, Waiting const& waiting, std::uint32_t& status, std::string& body, Outcome& out
)
{
    auto* const file = files_.find(key);
    if (failed(status)) {
        if (file) (status == end_of_file ? file->up_end_seen : file->up_failed) = true;
        return true;
    }
    WireReader reader{body};
    std::size_t const length = reader.u32();
    auto const data = reader.take(length);
    if (!reader.good() || length > waiting.bytes) return false;
    // Closed meanwhile: nobody would tell of these bytes.
    if (!file) {
        status = access_denied;
        body = empty_answer(read);
        return true;
    }
    if (!file->up) file->up.emplace();
    if (length > limits_.file_bytes_max - std::min(limits_.file_bytes_max, file->up->bytes())) {
        out.facts.push_back(refused_act("file_up", file->opening.path));
        file->up_failed = true;
        status = access_denied;
        body = empty_answer(read);
        return true;
    }
    file->up->add(waiting.offset, data);
    if (length < waiting.bytes) file->up_end_seen = true;
    body.resize(4 + length);
    return true;
}

std::vector<Fact> DriveRules::conclude()
{
    return files_.conclude();
}

} // namespace ecluse::rdp
