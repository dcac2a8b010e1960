#include "admin-web/server/challenge.h"

#include "common/bytes.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <vector>

namespace ecluse::web {
namespace {

constexpr std::size_t nonce_bytes = 16;
constexpr std::size_t text_bytes_max = 256, solution_bytes_max = 20;
constexpr std::string_view version = "e1";

std::vector<std::string_view> split(std::string_view text, char at)
{
    std::vector<std::string_view> parts;
    for (;;) {
        auto const end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::int64_t> to_number(std::string_view text)
{
    std::int64_t number = 0;
    auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_digits(std::string_view text)
{
    return !text.empty() && text.size() <= solution_bytes_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

unsigned leading_zero_bits(std::string_view digest)
{
    unsigned bits = 0;
    for (char const c : digest) {
        auto const byte = static_cast<unsigned char>(c);
        bits += static_cast<unsigned>(std::countl_zero(byte));
        if (byte != 0) break;
    }
    return bits;
}

Challenges::Challenges(Secret key) : key_{std::move(key)} {}

std::string Challenges::mark(std::string_view text, std::string_view address) const
{
    auto const signed_text = std::string{text} + "|" + std::string{address};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    auto const* const done = ::HMAC(
        EVP_sha256(),
        key_.reveal().data(),
        static_cast<int>(key_.reveal().size()),
        reinterpret_cast<unsigned char const*>(signed_text.data()),
        signed_text.size(),
        digest,
        &size
    );
    // Only memory could fail here.
    if (!done) return random_bytes(nonce_bytes);
    return to_hex({reinterpret_cast<char const*>(digest), size});
}

Challenges::Challenge
Challenges::make(std::string_view request, std::string const& address, Seconds now) const
{
    auto const found = failures_.find(address);
    auto const failures = found == failures_.end() ? 0U : found->second.failures;
    auto const bits = std::min(bits_at_rest + failures, bits_max);
    auto const text = std::string{version} + "~" + to_hex(random_bytes(nonce_bytes)) + "~" +
                      std::to_string(bits) + "~" + std::to_string((now + life).count()) + "~" +
                      std::string{request};
    return {text + "~" + mark(text, address), bits};
}

bool Challenges::accept(
    std::string_view text,
    std::string_view solution,
    std::string_view request,
    std::string const& address,
    Seconds now
)
{
    if (text.size() > text_bytes_max || !is_digits(solution)) return false;
    auto const parts = split(text, '~');
    if (parts.size() != 6 || parts[0] != version || parts[4] != request) return false;
    auto const body = text.substr(0, text.rfind('~'));
    if (!equal_in_constant_time(parts[5], mark(body, address))) return false;
    auto const bits = to_number(parts[2]);
    auto const expiry = to_number(parts[3]);
    if (!bits || !expiry || now.count() >= *expiry) return false;
    auto const digest = sha256(std::string{text} + "." + std::string{solution});
    if (leading_zero_bits(digest) < static_cast<unsigned>(*bits)) return false;
    forget(now);
    if (used_.size() >= used_max) return false;
    return used_.emplace(std::string{parts[1]}, Seconds{*expiry}).second;
}

void Challenges::forget(Seconds now)
{
    std::erase_if(used_, [now](auto const& one) { return one.second <= now; });
}

void Challenges::failed(std::string const& address, Seconds now)
{
    std::erase_if(failures_, [now](auto const& one) {
        return now - one.second.last >= failures_forgotten_after;
    });
    if (failures_.size() >= failures_max && !failures_.contains(address)) return;
    auto& count = failures_[address];
    ++count.failures;
    count.last = now;
}

void Challenges::succeeded(std::string const& address)
{
    failures_.erase(address);
}

} // namespace ecluse::web
