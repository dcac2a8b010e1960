#include "gateway/ssh/client_hello.h"

#include "gateway/ssh/wire.h"

#include <cstdint>
#include <string>

namespace ecluse::ssh {
namespace {

constexpr std::size_t version_line_bytes_max = 255; // RFC 4253, 4.2, its end included
constexpr std::string_view version_2 = "SSH-2.0-";
constexpr std::string_view strict_word = "kex-strict-c-v00@openssh.com";
constexpr char message_kexinit = 20;
constexpr std::size_t cookie_bytes = 16;
constexpr std::size_t padding_bytes_min = 4;
constexpr std::size_t block_bytes = 8; // before any cipher

bool names(std::string_view list, std::string_view word)
{
    for (;;) {
        auto const comma = list.find(',');
        if (list.substr(0, comma) == word) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
}

/// The payload of the first packet, once it is whole and well formed.
StrictKex read_packet(std::string_view bytes)
{
    if (bytes.size() < 4) return StrictKex::unknown;
    std::size_t const length = get_u32(bytes);
    if (length > client_hello_bytes_max || (length + 4) % block_bytes != 0)
        return StrictKex::absent;
    bytes.remove_prefix(4);
    if (bytes.size() < length) return StrictKex::unknown;
    bytes = bytes.substr(0, length);
    if (bytes.empty()) return StrictKex::absent;
    std::size_t const padding = static_cast<std::uint8_t>(bytes.front());
    if (padding < padding_bytes_min || padding + 1 >= length) return StrictKex::absent;
    auto payload = bytes.substr(1, length - padding - 1);
    // Strict key exchange wants KEXINIT before everything else.
    if (payload.front() != message_kexinit) return StrictKex::absent;
    payload.remove_prefix(1);
    if (payload.size() < cookie_bytes + 4) return StrictKex::absent;
    payload.remove_prefix(cookie_bytes);
    std::size_t const list_bytes = get_u32(payload);
    payload.remove_prefix(4);
    if (list_bytes > payload.size()) return StrictKex::absent;
    return names(payload.substr(0, list_bytes), strict_word) ? StrictKex::offered
                                                             : StrictKex::absent;
}

std::string without(std::string_view list, bool (*unwanted)(std::string_view))
{
    std::string kept;
    while (!list.empty()) {
        auto const name = list.substr(0, list.find(','));
        list.remove_prefix(name.size() == list.size() ? name.size() : name.size() + 1);
        if (name.empty() || unwanted(name)) continue;
        if (!kept.empty()) kept += ',';
        kept += name;
    }
    return kept;
}

} // namespace

StrictKex strict_kex(std::string_view bytes)
{
    bytes = bytes.substr(0, client_hello_bytes_max);
    if (bytes.substr(0, version_2.size()) != version_2.substr(0, bytes.size()))
        return StrictKex::absent;
    auto const end = bytes.substr(0, version_line_bytes_max).find('\n');
    if (end == std::string_view::npos)
        return bytes.size() < version_line_bytes_max ? StrictKex::unknown : StrictKex::absent;
    auto const found = read_packet(bytes.substr(end + 1));
    if (found == StrictKex::unknown && bytes.size() == client_hello_bytes_max)
        return StrictKex::absent;
    return found;
}

Algorithms without_truncation(Algorithms lists)
{
    bool const encrypts_first = lists.macs.find("-etm@") != std::string::npos;
    lists.ciphers = without(lists.ciphers, [](std::string_view name) {
        return name == "chacha20-poly1305@openssh.com";
    });
    if (encrypts_first)
        lists.ciphers = without(lists.ciphers, [](std::string_view name) {
            return name.find("-cbc") != std::string_view::npos;
        });
    return lists;
}

} // namespace ecluse::ssh
