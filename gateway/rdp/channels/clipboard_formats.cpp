#include "gateway/rdp/channels/clipboard_formats.h"

#include "gateway/rdp/channels/text.h"
#include "gateway/rdp/channels/wire.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

/// An office program offers some sixty.
constexpr std::size_t formats_max = 512;
constexpr std::size_t short_name_bytes = 32;
/// Registered formats, the only ones that have a name, begin here.
constexpr std::uint32_t registered_min = 0xC000;
constexpr std::uint32_t registered_max = 0xFFFF;
constexpr std::string_view files_name = "FileGroupDescriptorW";

FormatKind kind_of(std::uint32_t id, std::string_view name)
{
    // A standard number with a name, or a name we know under a standard number, is neither.
    if (name.empty()) {
        if (id == 13) return FormatKind::unicode_text;
        if (id == 1) return FormatKind::ansi_text;
        if (id == 7) return FormatKind::oem_text;
    }
    if (name == files_name && id >= registered_min && id <= registered_max)
        return FormatKind::files;
    return FormatKind::other;
}

std::string_view until_nul(std::string_view bytes)
{
    return bytes.substr(0, bytes.find('\0'));
}

} // namespace

std::optional<std::vector<ClipboardFormat>>
parse_formats(std::string_view body, NameSpelling spelling)
{
    std::vector<ClipboardFormat> formats;
    WireReader reader{body};
    while (!reader.empty()) {
        if (formats.size() == formats_max) return std::nullopt;
        auto const id = reader.u32();
        std::string name;
        switch (spelling) {
        case NameSpelling::long_unicode: {
            auto const left = reader.rest();
            auto const text = until_nul16(left);
            if (text.size() + 2 > left.size()) return std::nullopt; // no end
            name = utf8_from_utf16(text);
            reader.take(text.size() + 2);
            break;
        }
        case NameSpelling::short_unicode:
            name = utf8_from_utf16(until_nul16(reader.take(short_name_bytes)));
            break;
        case NameSpelling::short_ascii:
            name = until_nul(reader.take(short_name_bytes));
            break;
        }
        if (!reader.good()) return std::nullopt;
        // Cut to fifteen characters and a NUL when names are short.
        if (spelling == NameSpelling::short_unicode && name.size() >= 15 &&
            files_name.substr(0, name.size()) == name)
            name = files_name;
        bool const again = std::any_of(formats.begin(), formats.end(), [&](auto const& format) {
            return format.id == id;
        });
        // A number that means two things means nothing: the first one counts.
        if (!again) formats.push_back({id, kind_of(id, name)});
    }
    return formats;
}

std::string build_formats(std::vector<ClipboardFormat> const& formats, NameSpelling spelling)
{
    std::string body;
    for (auto const& format : formats) {
        put_u32(body, format.id);
        std::string name{format.kind == FormatKind::files ? files_name : std::string_view{}};
        switch (spelling) {
        case NameSpelling::long_unicode:
            body += utf16_from_ascii(name);
            put_u16(body, 0);
            break;
        case NameSpelling::short_unicode:
            name.resize(std::min<std::size_t>(name.size(), 15));
            name = utf16_from_ascii(name);
            name.resize(short_name_bytes, '\0');
            body += name;
            break;
        case NameSpelling::short_ascii:
            name.resize(short_name_bytes, '\0');
            body += name;
            break;
        }
    }
    return body;
}

} // namespace ecluse::rdp
