#pragma once

#include "gateway/rdp/channels/channel_watch.h"
#include "gateway/rdp/channels/reassembler.h"
#include "gateway/rdp/channels/wire.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Builds what an RDP client or server would send on its channels, byte by byte as the
/// specifications have it; also what they must not send.
namespace ecluse::rdp::pdu {

[[nodiscard]] inline std::string u16(std::uint64_t value)
{
    std::string out;
    put_number(out, value, 2);
    return out;
}
[[nodiscard]] inline std::string u32(std::uint64_t value)
{
    std::string out;
    put_number(out, value, 4);
    return out;
}
[[nodiscard]] inline std::string u64(std::uint64_t value)
{
    std::string out;
    put_number(out, value, 8);
    return out;
}
[[nodiscard]] inline std::string zeros(std::size_t count)
{
    return std::string(count, '\0');
}
/// UTF-16LE of a text in the Basic Multilingual Plane's first page.
[[nodiscard]] inline std::string utf16(std::string_view latin1)
{
    std::string out;
    for (char const c : latin1) {
        out.push_back(c);
        out.push_back('\0');
    }
    return out;
}

// The clipboard ([MS-RDPECLIP]).
[[nodiscard]] inline std::string
clip(std::uint16_t type, std::uint16_t flags, std::string const& body)
{
    return u16(type) + u16(flags) + u32(body.size()) + body;
}
[[nodiscard]] inline std::string clip_capabilities(std::uint32_t flags)
{
    return clip(7, 0, u16(1) + u16(0) + u16(1) + u16(12) + u32(2) + u32(flags));
}
struct NamedFormat {
    std::uint32_t id;
    std::string name;
};
[[nodiscard]] inline std::string clip_formats(std::vector<NamedFormat> const& formats)
{
    std::string body;
    for (auto const& [id, name] : formats)
        body += u32(id) + utf16(name) + u16(0);
    return clip(2, 0, body);
}
[[nodiscard]] inline std::string clip_formats_answer(bool ok = true)
{
    return clip(3, ok ? 1 : 2, {});
}
[[nodiscard]] inline std::string clip_ask(std::uint32_t format)
{
    return clip(4, 0, u32(format));
}
[[nodiscard]] inline std::string clip_data(std::string const& data)
{
    return clip(5, 1, data);
}
[[nodiscard]] inline std::string clip_no_data()
{
    return clip(5, 2, {});
}
struct ListedFile {
    std::string name;
    std::uint64_t size = 0;
    bool size_known = true;
    bool folder = false;
};
[[nodiscard]] inline std::string clip_file_list(std::vector<ListedFile> const& files)
{
    auto body = u32(files.size());
    for (auto const& file : files) {
        auto name = utf16(file.name);
        name.resize(520, '\0');
        body += u32((file.size_known ? 0x40U : 0U) | 0x04U) + zeros(32) +
                u32(file.folder ? 0x10 : 0x80) + zeros(24) + u32(file.size >> 32) +
                u32(file.size & 0xFFFFFFFF) + name;
    }
    return clip_data(body);
}
[[nodiscard]] inline std::string clip_ask_size(std::uint32_t stream, std::uint32_t index)
{
    return clip(8, 0, u32(stream) + u32(index) + u32(1) + u64(0) + u32(8));
}
[[nodiscard]] inline std::string
clip_ask_range(std::uint32_t stream, std::uint32_t index, std::uint64_t offset, std::uint32_t bytes)
{
    return clip(8, 0, u32(stream) + u32(index) + u32(2) + u64(offset) + u32(bytes));
}
[[nodiscard]] inline std::string clip_contents(std::uint32_t stream, std::string const& data)
{
    return clip(9, 1, u32(stream) + data);
}
[[nodiscard]] inline std::string clip_no_contents(std::uint32_t stream)
{
    return clip(9, 2, u32(stream));
}

/// A watch with channels admitted, talked to in whole messages and listened to in whole messages.
class Conversation {
public:
    Conversation(Grants const& grants, Limits const& limits, std::string channel)
        : watch{grants, limits}, channel_{std::move(channel)}
    {
        admission = watch.may_create_static(channel_, 0x00200000);
    }

    struct Heard {
        std::string to_target; // one whole message, or nothing; several: see `all_…`
        std::string to_vendor;
        std::vector<std::string> all_to_target;
        std::vector<std::string> all_to_vendor;
        std::vector<std::string> told;
        std::vector<std::string> recorded;
        std::vector<std::string> graphics;
        std::string fault;
    };

    Heard vendor_says(std::string_view message) { return say(Direction::to_target, message); }
    Heard target_says(std::string_view message) { return say(Direction::to_vendor, message); }

    Heard say(Direction direction, std::string_view message)
    {
        Heard heard;
        auto const total = static_cast<std::uint32_t>(message.size());
        auto flags = std::uint32_t{chunk_first};
        while (!message.empty()) {
            auto const part = message.substr(0, 1600);
            message.remove_prefix(part.size());
            if (message.empty()) flags |= chunk_last;
            listen(watch.on_static(channel_, direction, part, flags, total), heard);
            flags = 0;
        }
        return heard;
    }

    ChannelWatch watch;
    Admission admission;

private:
    void listen(Verdict const& verdict, Heard& heard)
    {
        for (auto const& fact : verdict.facts) {
            if (!fact.told.empty()) heard.told.push_back(fact.told);
            if (!fact.recorded.empty()) heard.recorded.push_back(fact.recorded);
        }
        heard.graphics.insert(
            heard.graphics.end(), verdict.graphics.begin(), verdict.graphics.end()
        );
        for (auto const& chunk : verdict.forward) {
            bool const to_target = chunk.direction == Direction::to_target;
            auto& all = to_target ? heard.all_to_target : heard.all_to_vendor;
            if ((chunk.flags & chunk_first) != 0) all.emplace_back();
            all.back() += chunk.bytes;
            (to_target ? heard.to_target : heard.to_vendor) = all.back();
        }
        if (!verdict.fault.empty()) heard.fault = verdict.fault;
    }

    std::string channel_;
};

} // namespace ecluse::rdp::pdu
