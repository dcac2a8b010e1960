#include "common/bytes.h"

#include "common/utf8.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstdint>

namespace ecluse {
namespace {

unsigned char const* octets(std::string_view bytes)
{
    return reinterpret_cast<unsigned char const*>(bytes.data());
}

unsigned char* octets(std::string& bytes)
{
    return reinterpret_cast<unsigned char*>(bytes.data());
}

/// No vowel, no digit that reads like a letter. 32 characters: five bits each.
constexpr std::string_view spelling = "23456789BCDFGHJKLMNPQRSTVWXZbdhk";
constexpr std::string_view capitals = "346789BCDFGHJKLMNPQRTVWXYZ"; // 26: for reading aloud

bool harmless(char32_t point)
{
    if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return false;
    if (point == 0x061C || (point >= 0x200B && point <= 0x200F)) return false; // marks, zero width
    if (point >= 0x2028 && point <= 0x202E) return false;                      // separators, bidi
    if (point >= 0x2060 && point <= 0x206F) return false;                      // joiners, isolates
    return point != 0xFEFF && !(point >= 0xFFF0 && point <= 0xFFFF) &&
           !(point >= 0xE0000 && point < 0xE1000);
}

} // namespace

std::string to_hex(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

Result<std::string> from_hex(std::string_view text)
{
    Error const malformed{Errc::malformed, "not lower-case hexadecimal"};
    if (text.size() % 2 != 0) return malformed;
    auto const digit = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        int const high = digit(text[i]);
        int const low = digit(text[i + 1]);
        if (high < 0 || low < 0) return malformed;
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

std::string to_base64(std::string_view bytes)
{
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    int const length = EVP_EncodeBlock(octets(text), octets(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

Result<std::string> from_base64(std::string_view text)
{
    Error const malformed{Errc::malformed, "not base64"};
    if (text.size() % 4 != 0) return malformed;
    if (text.empty()) return std::string{};
    std::size_t padding = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        bool const letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                            (c >= '0' && c <= '9') || c == '+' || c == '/';
        if (c == '=' && i + 2 >= text.size())
            ++padding;
        else if (!letter || padding > 0)
            return malformed;
    }
    std::string bytes(text.size() / 4 * 3, '\0');
    int const length = EVP_DecodeBlock(octets(bytes), octets(text), static_cast<int>(text.size()));
    if (length < 0) return malformed;
    bytes.resize(static_cast<std::size_t>(length) - padding);
    return bytes;
}

std::string sha256(std::string_view bytes)
{
    std::string digest(32, '\0');
    unsigned length = 0;
    ECLUSE_ASSERT(
        EVP_Digest(bytes.data(), bytes.size(), octets(digest), &length, EVP_sha256(), nullptr) == 1
    );
    return digest;
}

std::string random_bytes(std::size_t count)
{
    std::string bytes(count, '\0');
    ECLUSE_ASSERT(RAND_bytes(octets(bytes), static_cast<int>(count)) == 1);
    return bytes;
}

std::string random_id(char kind)
{
    std::string id{kind, '-'};
    for (char const c : random_bytes(20))
        id += spelling[static_cast<unsigned char>(c) & 31U];
    return id;
}

std::string random_spelling(std::size_t count)
{
    std::string text;
    while (text.size() < count) {
        for (char const c : random_bytes(count)) {
            // Rejection keeps every character equally likely.
            auto const byte = static_cast<unsigned char>(c);
            if (byte < 256 / capitals.size() * capitals.size() && text.size() < count)
                text += capitals[byte % capitals.size()];
        }
    }
    return text;
}

std::string printable(std::string_view text, std::size_t chars_max)
{
    std::string shown;
    std::size_t count = 0;
    while (!text.empty()) {
        if (count++ == chars_max) return shown + "…";
        auto const [point, length] = decode_utf8(text);
        if (length == 0) {
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
            text.remove_prefix(1);
            continue;
        }
        if (harmless(point))
            shown.append(text.substr(0, length));
        else if (point < 0x100)
            shown += fmt::format("\\x{:02x}", static_cast<unsigned>(point));
        else
            shown += fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(point));
        text.remove_prefix(length);
    }
    return shown;
}

} // namespace ecluse
