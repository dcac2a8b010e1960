#include "gateway/ssh/sftp_tap.h"

#include "gateway/ssh/events.h"
#include "gateway/ssh/wire.h"

#include <algorithm>
#include <array>

namespace ecluse::ssh {
namespace {

/// OpenSSH's own bound, for both directions.
constexpr std::uint32_t packet_max = 256 * 1024 + 1024;
/// Clients keep at most some hundred requests under way.
constexpr std::size_t requests_max = 2048;
/// OpenSSH's server opens at most a hundred or so.
constexpr std::size_t files_max = 1024;
/// Beyond it nobody waits for our refusals any more.
constexpr std::size_t replies_max = 256 * 1024;
constexpr std::size_t handle_max = 256;

enum Type : std::uint8_t {
    init = 1,
    version = 2,
    open = 3,
    close_handle = 4,
    read = 5,
    write = 6,
    lstat = 7,
    fstat = 8,
    setstat = 9,
    fsetstat = 10,
    opendir = 11,
    readdir = 12,
    remove_file = 13,
    mkdir = 14,
    rmdir = 15,
    realpath = 16,
    stat = 17,
    rename_file = 18,
    readlink = 19,
    symlink = 20,
    status = 101,
    handle = 102,
    data = 103,
    name = 104,
    attrs = 105,
    extended = 200,
    extended_reply = 201
};
enum Status : std::uint32_t { ok = 0, end_of_file = 1, permission_denied = 3, unsupported = 8 };
enum Open : std::uint32_t { for_read = 1, for_write = 2, append = 4, create = 8, truncate = 16 };
constexpr std::uint32_t attr_size = 1;

struct Extension {
    std::string_view name;
    bool changes; // needs the right to write
    std::string_view operation;
};
/// What may be asked. Missing on purpose: copy-data and hardlink, which move or duplicate contents
/// that we never see.
constexpr std::array<Extension, 8> extensions{{
    {"posix-rename@openssh.com", true, "rename"},
    {"lsetstat@openssh.com", true, "setstat"},
    {"statvfs@openssh.com", false, ""},
    {"fstatvfs@openssh.com", false, ""},
    {"fsync@openssh.com", false, ""},
    {"limits@openssh.com", false, ""},
    {"expand-path@openssh.com", false, ""},
    {"users-groups-by-id@openssh.com", false, ""},
}};

Extension const* find_extension(std::string_view wanted)
{
    auto const found = std::find_if(extensions.begin(), extensions.end(), [&](auto const& known) {
        return known.name == wanted;
    });
    return found == extensions.end() ? nullptr : &*found;
}

} // namespace

void SftpTap::Transfer::begin(std::uint64_t offset)
{
    if (offset != next) sequential = false;
}

void SftpTap::Transfer::add(std::string_view bytes_now)
{
    bytes += bytes_now.size();
    if (!sequential) return;
    hash.update(bytes_now);
    next += bytes_now.size();
}

std::optional<std::size_t> SftpTap::wanted_up(std::string_view head)
{
    if (head.size() < 5) return 5;
    std::size_t const whole = 4 + std::size_t{get_u32(head)};
    if (whole < 5 || whole > packet_max) return std::nullopt;
    if (static_cast<std::uint8_t>(head[4]) != Type::write) return whole;
    // id, handle, offset, length: the contents flow through.
    if (head.size() < 13) return std::min<std::size_t>(13, whole);
    std::size_t const length = get_u32(head.substr(9));
    if (length > handle_max || 13 + length + 12 > whole) return std::nullopt;
    return 13 + length + 12;
}

std::optional<std::size_t> SftpTap::wanted_down(std::string_view head)
{
    if (head.size() < 5) return 5;
    std::size_t const whole = 4 + std::size_t{get_u32(head)};
    if (whole < 5 || whole > packet_max) return std::nullopt;
    switch (static_cast<std::uint8_t>(head[4])) {
    case Type::data:
        return whole < 13 ? std::nullopt : std::optional<std::size_t>{13};
    case Type::name:
    case Type::extended_reply:
        return whole < 9 ? std::nullopt : std::optional<std::size_t>{9};
    default:
        return whole;
    }
}

bool SftpTap::track(std::uint32_t id, Request request)
{
    if (requests_.size() >= requests_max) return false;
    // Two requests of one number under way could not be told apart.
    return requests_.emplace(id, std::move(request)).second;
}

void SftpTap::refuse(
    std::uint32_t id,
    std::uint32_t code,
    std::string_view what,
    std::string_view named,
    Result& result
)
{
    std::string packet;
    packet.push_back(static_cast<char>(Type::status));
    put_u32(packet, id);
    put_u32(packet, code);
    put_text(packet, code == Status::permission_denied ? rules_.refusal : "Operation unsupported");
    put_text(packet, "");
    put_text(replies_, packet);
    if (!what.empty()) result.events.push_back(function_refused(what, named));
}

bool SftpTap::on_init()
{
    // Version 3 is what we read; a server that could do more must not.
    WireReader reader{std::string_view{up_.head}.substr(5)};
    auto const asked = reader.u32();
    if (initialised_ || !reader.good() || asked < 3) return false;
    initialised_ = true;
    std::string packet;
    packet.push_back(static_cast<char>(Type::init));
    put_u32(packet, 3);
    put_text(up_.out, packet);
    return true;
}

bool SftpTap::on_write(Result&)
{
    WireReader reader{std::string_view{up_.head}.substr(5)};
    auto const id = reader.u32();
    auto const file_handle = reader.text();
    auto const offset = reader.u64();
    auto const length = reader.u32();
    std::size_t const whole = 4 + std::size_t{get_u32(up_.head)};
    if (!reader.good() || up_.head.size() + length != whole) return false;
    auto const file = files_.find(std::string{file_handle});
    passing_up_ = nullptr;
    if (file != files_.end() && file->second.upload) {
        passing_up_ = &*file->second.upload;
        passing_up_->begin(offset);
    }
    if (!track(id, {.type = Type::write, .name = std::string{file_handle}})) return false;
    up_.pass = length;
    up_.out += up_.head;
    return true;
}

bool SftpTap::judge_request(Result& result)
{
    std::string_view const packet = up_.head;
    auto const type = static_cast<std::uint8_t>(packet[4]);
    if (type == Type::init) return on_init();
    if (!initialised_) return false;
    if (type == Type::write) return on_write(result);
    WireReader reader{packet.substr(5)};
    auto const id = reader.u32();
    Request request{.type = type};
    bool changes = false;
    switch (type) {
    case Type::open:
        request.name = reader.text();
        request.flags = reader.u32();
        changes =
            (request.flags & (Open::for_write | Open::append | Open::create | Open::truncate)) != 0;
        if (reader.good() && (request.flags & Open::for_read) != 0 && !rules_.may_download) {
            refuse(id, Status::permission_denied, "file_down", request.name, result);
            return true;
        }
        break;
    case Type::read:
        request.name = reader.text();
        request.offset = reader.u64();
        break;
    case Type::close_handle:
    case Type::fstat:
    case Type::readdir:
    case Type::lstat:
    case Type::stat:
    case Type::opendir:
    case Type::realpath:
    case Type::readlink:
        request.name = reader.text();
        break;
    case Type::setstat:
    case Type::fsetstat:
        changes = true;
        request.operation = "setstat";
        request.name = reader.text();
        break;
    case Type::remove_file:
        changes = true;
        request.operation = "remove";
        request.name = reader.text();
        break;
    case Type::mkdir:
        changes = true;
        request.operation = "mkdir";
        request.name = reader.text();
        break;
    case Type::rmdir:
        changes = true;
        request.operation = "rmdir";
        request.name = reader.text();
        break;
    case Type::rename_file:
        changes = true;
        request.operation = "rename";
        request.name = reader.text();
        request.to = reader.text();
        break;
    case Type::symlink:
        changes = true;
        request.operation = "symlink";
        request.name = reader.text();
        request.to = reader.text();
        break;
    case Type::extended: {
        auto const wanted = reader.text();
        auto const* const known = find_extension(wanted);
        if (!reader.good()) return false;
        if (!known) {
            refuse(id, Status::unsupported, "", wanted, result);
            return true;
        }
        changes = known->changes;
        request.operation = known->operation;
        if (changes) request.name = reader.text();
        if (known->operation == "rename") request.to = reader.text();
        break;
    }
    default:
        if (!reader.good()) return false;
        refuse(id, Status::unsupported, "", "", result);
        return true;
    }
    if (!reader.good()) return false;
    if (changes && !rules_.may_upload) {
        refuse(id, Status::permission_denied, "file_up", request.name, result);
        return true;
    }
    if (type == Type::fsetstat)
        if (auto const file = files_.find(request.name); file != files_.end())
            request.to = file->second.path;
    if (!track(id, std::move(request))) return false;
    up_.out += up_.head;
    return true;
}

bool SftpTap::feed_up(std::string_view bytes, Result& result)
{
    for (;;) {
        if (up_.pass > 0) {
            auto const part = bytes.substr(0, up_.pass);
            if (passing_up_) passing_up_->add(part);
            up_.out += part;
            up_.pass -= part.size();
            bytes.remove_prefix(part.size());
            if (up_.pass > 0) return true;
            up_.head.clear();
        }
        auto const wanted = wanted_up(up_.head);
        if (!wanted) return false;
        if (up_.head.size() < *wanted) {
            if (bytes.empty()) return true;
            auto const part = bytes.substr(0, *wanted - up_.head.size());
            up_.head += part;
            bytes.remove_prefix(part.size());
            continue;
        }
        if (!judge_request(result)) return false;
        if (up_.pass == 0) up_.head.clear();
        if (replies_.size() > replies_max) return false;
    }
}

bool SftpTap::on_version()
{
    WireReader reader{std::string_view{down_.head}.substr(5)};
    auto const number = reader.u32();
    if (!reader.good() || number > 3) return false;
    std::string packet;
    packet.push_back(static_cast<char>(Type::version));
    put_u32(packet, number);
    while (!reader.empty()) {
        auto const extension = reader.text();
        auto const value = reader.text();
        if (!reader.good()) return false;
        if (!find_extension(extension)) continue;
        put_text(packet, extension);
        put_text(packet, value);
    }
    put_text(down_.out, packet);
    return true;
}

void SftpTap::close_file(
    std::map<std::string, File>::iterator entry, bool closed, std::vector<std::string>& events
)
{
    auto& file = entry->second;
    auto const tell = [&](Transfer& transfer, bool is_up, bool whole) {
        events.push_back(to_event(TransferEvent{
            .channel = rules_.channel,
            .protocol = "sftp",
            .up = is_up,
            .name = file.path,
            .bytes = transfer.bytes,
            .sha256 = transfer.sequential ? std::optional{transfer.hash.finish()} : std::nullopt,
            .sequential = transfer.sequential,
            .complete = closed && !transfer.failed && whole}));
    };
    if (file.upload && (file.for_writing || file.upload->bytes > 0)) tell(*file.upload, true, true);
    if (file.download && (file.download->bytes > 0 || file.end_seen)) {
        bool const whole = file.end_seen || (file.size && file.download->bytes >= *file.size);
        tell(*file.download, false, whole);
    }
    if (file.upload && passing_up_ == &*file.upload) passing_up_ = nullptr;
    if (file.download && passing_down_ == &*file.download) passing_down_ = nullptr;
    files_.erase(entry);
}

bool SftpTap::on_status(Request const& request, std::uint32_t code, Result& result)
{
    auto const file = files_.find(request.name);
    switch (request.type) {
    case Type::close_handle:
        if (file != files_.end()) close_file(file, code == Status::ok, result.events);
        return true;
    case Type::write:
        if (code != Status::ok && file != files_.end() && file->second.upload)
            file->second.upload->failed = true;
        return true;
    case Type::read:
        if (file != files_.end() && file->second.download) {
            if (code == Status::end_of_file)
                file->second.end_seen = true;
            else if (code != Status::ok)
                file->second.download->failed = true;
        }
        return true;
    default:
        if (request.operation.empty()) return true;
        // By a handle: the path is what a person understands.
        bool const by_handle = request.type == Type::fsetstat;
        result.events.push_back(to_event(FileEvent{
            request.operation,
            by_handle ? request.to : request.name,
            by_handle ? std::string_view{} : request.to,
            code}));
        return true;
    }
}

bool SftpTap::judge_reply(Result& result)
{
    std::string_view const packet = down_.head;
    auto const type = static_cast<std::uint8_t>(packet[4]);
    if (type == Type::version) return on_version();
    WireReader reader{packet.substr(5)};
    auto const id = reader.u32();
    auto const found = requests_.find(id);
    if (!reader.good() || found == requests_.end()) return false;
    auto const request = std::move(found->second);
    requests_.erase(found);
    std::size_t const whole = 4 + std::size_t{get_u32(packet)};
    switch (type) {
    case Type::status: {
        auto const code = reader.u32();
        if (!reader.good() || !on_status(request, code, result)) return false;
        break;
    }
    case Type::handle: {
        std::string const file_handle{reader.text()};
        if (!reader.good() || file_handle.size() > handle_max) return false;
        if (request.type != Type::open) break;
        if (files_.size() >= files_max) return false;
        File file;
        file.path = request.name;
        file.for_writing = (request.flags & Open::for_write) != 0;
        if (file.for_writing) file.upload.emplace();
        if ((request.flags & Open::for_read) != 0) file.download.emplace();
        if (file.path == stat_path_ && !file.path.empty()) file.size = stat_size_;
        if (!files_.emplace(file_handle, std::move(file)).second) return false;
        break;
    }
    case Type::data: {
        auto const length = reader.u32();
        if (!reader.good() || request.type != Type::read || packet.size() + length != whole)
            return false;
        auto const file = files_.find(request.name);
        passing_down_ = nullptr;
        if (file != files_.end() && file->second.download) {
            passing_down_ = &*file->second.download;
            passing_down_->begin(request.offset);
        }
        down_.pass = length;
        break;
    }
    case Type::attrs: {
        auto const flags = reader.u32();
        auto const size = (flags & attr_size) != 0 ? reader.u64() : 0;
        if (!reader.good()) return false;
        if ((flags & attr_size) == 0) break;
        if (request.type == Type::fstat) {
            if (auto const file = files_.find(request.name); file != files_.end())
                file->second.size = size;
        } else {
            stat_path_ = request.name;
            stat_size_ = size;
        }
        break;
    }
    case Type::name:
    case Type::extended_reply:
        down_.pass = whole - packet.size();
        break;
    default:
        return false;
    }
    down_.out += packet;
    return true;
}

bool SftpTap::feed_down(std::string_view bytes, Result& result)
{
    for (;;) {
        if (down_.pass > 0) {
            auto const part = bytes.substr(0, down_.pass);
            if (passing_down_) passing_down_->add(part);
            down_.out += part;
            down_.pass -= part.size();
            bytes.remove_prefix(part.size());
            if (down_.pass > 0) return true;
            down_.head.clear();
            passing_down_ = nullptr;
        }
        // Between two packets: room for our own.
        if (down_.head.empty() && !replies_.empty()) down_.out += std::exchange(replies_, {});
        auto const wanted = wanted_down(down_.head);
        if (!wanted) return false;
        if (down_.head.size() < *wanted) {
            if (bytes.empty()) return true;
            auto const part = bytes.substr(0, *wanted - down_.head.size());
            down_.head += part;
            bytes.remove_prefix(part.size());
            continue;
        }
        if (!judge_reply(result)) return false;
        if (down_.pass == 0) down_.head.clear();
    }
}

Tap::Result SftpTap::up(std::string_view bytes, Deadline)
{
    Result result;
    up_.out.clear();
    if (!feed_up(bytes, result)) result.stop = "protocol";
    // A packet that is being passed to the vendor must end first.
    if (down_.pass == 0) result.reply = std::exchange(replies_, {});
    result.forward = up_.out;
    return result;
}

Tap::Result SftpTap::down(std::string_view bytes, Deadline)
{
    Result result;
    down_.out.clear();
    if (!feed_down(bytes, result)) result.stop = "protocol";
    result.forward = down_.out;
    return result;
}

std::vector<std::string> SftpTap::conclude(std::optional<int>)
{
    std::vector<std::string> events;
    while (!files_.empty())
        close_file(files_.begin(), false, events);
    return events;
}

} // namespace ecluse::ssh
