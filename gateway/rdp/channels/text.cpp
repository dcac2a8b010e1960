#include "gateway/rdp/channels/text.h"

#include "common/utf8.h"

#include <fmt/format.h>

namespace ecluse::rdp {
namespace {

/// 0x80…0x9F; zero: not assigned.
constexpr char16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/// 0x80…0xFF.
constexpr std::u16string_view code_page_850 =
    u"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤"
    u"ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0";
static_assert(code_page_850.size() == 128);

char32_t unit_at(std::string_view bytes, std::size_t at)
{
    return static_cast<char32_t>(
        static_cast<unsigned char>(bytes[at]) | static_cast<unsigned char>(bytes[at + 1]) << 8
    );
}

} // namespace

std::string utf8_from_utf16(std::string_view bytes)
{
    std::string text;
    text.reserve(bytes.size());
    std::size_t at = 0;
    for (; at + 2 <= bytes.size(); at += 2) {
        auto const unit = unit_at(bytes, at);
        if (unit < 0xD800 || unit >= 0xE000) {
            append_utf8(text, unit);
            continue;
        }
        auto const next = at + 4 <= bytes.size() ? unit_at(bytes, at + 2) : 0;
        if (unit < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
            append_utf8(text, 0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00));
            at += 2;
        } else {
            text += fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(unit));
        }
    }
    if (at < bytes.size()) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[at]));
    return text;
}

std::string utf8_from_ansi(std::string_view bytes)
{
    std::string text;
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        char32_t const point = byte >= 0x80 && byte < 0xA0 ? windows_1252[byte - 0x80] : byte;
        if (point == 0 && byte != 0)
            text += fmt::format("\\x{:02x}", byte);
        else
            append_utf8(text, point);
    }
    return text;
}

std::string utf8_from_oem(std::string_view bytes)
{
    std::string text;
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        append_utf8(text, byte < 0x80 ? char32_t{byte} : char32_t{code_page_850[byte - 0x80U]});
    }
    return text;
}

std::string utf16_from_ascii(std::string_view text)
{
    std::string bytes;
    for (char const c : text) {
        bytes.push_back(c);
        bytes.push_back('\0');
    }
    return bytes;
}

std::string_view until_nul16(std::string_view bytes)
{
    for (std::size_t at = 0; at + 2 <= bytes.size(); at += 2)
        if (bytes[at] == '\0' && bytes[at + 1] == '\0') return bytes.substr(0, at);
    return bytes;
}

bool is_plain_path(std::string_view utf8, bool rooted)
{
    for (char const c : utf8)
        if (static_cast<unsigned char>(c) < 0x20 || c == ':' || c == '/') return false;
    if (rooted) {
        if (utf8.empty() || utf8 == "\\") return true; // the drive itself
        if (utf8.front() != '\\') return false;
        utf8.remove_prefix(1);
        if (utf8.back() == '\\') utf8.remove_suffix(1); // a folder, as some clients write it
    }
    for (;;) {
        auto const end = utf8.find('\\');
        auto const element = utf8.substr(0, end);
        if (element.empty() || element == "." || element == "..") return false;
        if (end == std::string_view::npos) return true;
        utf8.remove_prefix(end + 1);
    }
}

} // namespace ecluse::rdp
