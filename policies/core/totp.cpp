#include "policies/core/totp.h"

#include "common/result.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

namespace ecluse {

namespace {

constexpr std::string_view base32_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Far above any secret; a bound for what a person pastes.
constexpr std::size_t base32_text_max = 512;

std::array<unsigned char, 8> big_endian(std::int64_t step)
{
    std::array<unsigned char, 8> bytes{};
    auto rest = static_cast<std::uint64_t>(step);
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, rest >>= 8)
        *byte = static_cast<unsigned char>(rest & 0xff);
    return bytes;
}

bool unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

std::string percent_encoded(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (char const c : text) {
        if (unreserved(c)) {
            encoded += c;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += digits[byte >> 4];
        encoded += digits[byte & 15];
    }
    return encoded;
}

} // namespace

std::int64_t totp_step(UtcTime at)
{
    return at.time_since_epoch().count() / totp_step_seconds;
}

std::string totp_code(std::string_view secret, std::int64_t step)
{
    auto const message = big_endian(step);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    auto const* done = HMAC(
        EVP_sha1(),
        secret.data(),
        static_cast<int>(secret.size()),
        message.data(),
        message.size(),
        digest.data(),
        &size
    );
    ECLUSE_ASSERT(done != nullptr && size == 20);
    std::size_t const offset = digest[size - 1] & 0x0fU;
    std::uint32_t const truncated =
        (digest[offset] & 0x7fU) << 24U | static_cast<std::uint32_t>(digest[offset + 1]) << 16U |
        static_cast<std::uint32_t>(digest[offset + 2]) << 8U | digest[offset + 3];
    constexpr std::size_t digits = 6;
    auto text = std::to_string(truncated % 1000000U);
    return std::string(digits - text.size(), '0') + text;
}

std::optional<std::int64_t> accept_totp(
    std::string_view secret,
    std::string_view code,
    UtcTime now,
    std::optional<std::int64_t> last_accepted
)
{
    auto const present = totp_step(now);
    std::optional<std::int64_t> accepted;
    // All steps are computed, whatever matches: the time taken says nothing about which.
    for (auto step = present - totp_steps_around; step <= present + totp_steps_around; ++step) {
        bool const same = equal_in_constant_time(totp_code(secret, step), code);
        bool const fresh = !last_accepted || step > *last_accepted;
        if (same && fresh && !accepted) accepted = step;
    }
    // An empty secret would make codes that anybody can compute.
    if (secret.empty() || !looks_like_totp(code)) return std::nullopt;
    return accepted;
}

bool looks_like_totp(std::string_view code)
{
    return code.size() == 6 &&
           std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string to_base32(std::string_view bytes)
{
    std::string text;
    std::uint32_t buffer = 0;
    unsigned bits = 0;
    for (char const c : bytes) {
        buffer = (buffer << 8U | static_cast<unsigned char>(c)) & 0xffffU;
        bits += 8;
        for (; bits >= 5; bits -= 5)
            text += base32_digits[buffer >> (bits - 5) & 31U];
    }
    if (bits > 0) text += base32_digits[buffer << (5 - bits) & 31U];
    return text;
}

Result<std::string> from_base32(std::string_view text)
{
    Error const malformed{Errc::malformed, "not base 32"};
    if (text.size() > base32_text_max) return malformed;
    std::string bytes;
    std::uint32_t buffer = 0;
    unsigned bits = 0;
    for (char c : text) {
        if (c == ' ' || c == '-') continue;
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        auto const digit = base32_digits.find(c);
        if (digit == std::string_view::npos) return malformed;
        buffer = (buffer << 5U | static_cast<std::uint32_t>(digit)) & 0xfffU;
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>(buffer >> bits & 0xffU);
    }
    // What is left is padding: less than a digit, and zero, or a digit was lost.
    if (bits >= 5 || (buffer & ((1U << bits) - 1)) != 0) return malformed;
    return bytes;
}

Secret otpauth_uri(std::string_view secret, std::string_view site, std::string_view login)
{
    auto encoded = to_base32(secret);
    auto const issuer = percent_encoded(site);
    auto uri = "otpauth://totp/" + issuer + ":" + percent_encoded(login) + "?secret=" + encoded +
               "&issuer=" + issuer + "&algorithm=SHA1&digits=6&period=30";
    wipe(encoded);
    return Secret{uri};
}

} // namespace ecluse
