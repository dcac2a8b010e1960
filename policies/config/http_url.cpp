#include "policies/config/http_url.h"

#include <algorithm>
#include <charconv>

namespace ecluse {
namespace {

constexpr std::size_t host_bytes_max = 253;
constexpr std::size_t path_bytes_max = 1024;

bool is_host(std::string_view host)
{
    return !host.empty() && host.size() <= host_bytes_max && host.front() != '-' &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == ':';
           });
}

} // namespace

Result<HttpUrl> parse_http_url(std::string_view text)
{
    Error const bad{Errc::malformed, "not an http:// or https:// address"};
    HttpUrl url;
    url.tls = text.starts_with("https://");
    if (!url.tls && !text.starts_with("http://")) return bad;
    text.remove_prefix(url.tls ? 8 : 7);
    auto const slash = std::min(text.find('/'), text.size());
    auto place = text.substr(0, slash);
    url.path = slash == text.size() ? "/" : std::string{text.substr(slash)};
    bool const plain = std::all_of(url.path.begin(), url.path.end(), [](char c) {
        return c > 0x20 && c < 0x7f && c != '#';
    });
    if (!plain || url.path.size() > path_bytes_max) return bad;
    if (place.starts_with('[')) { // [2001:db8::1]:8080
        auto const end = place.find(']');
        if (end == std::string_view::npos) return bad;
        url.host = place.substr(1, end - 1);
        place.remove_prefix(end + 1);
    } else {
        auto const colon = std::min(place.find(':'), place.size());
        url.host = place.substr(0, colon);
        place.remove_prefix(colon);
    }
    if (!is_host(url.host)) return bad;
    url.port = url.tls ? 443 : 80;
    if (place.empty()) return url;
    auto const* const end = place.data() + place.size();
    auto const parsed = std::from_chars(place.data() + 1, end, url.port);
    if (place.front() != ':' || parsed.ec != std::errc{} || parsed.ptr != end || url.port == 0)
        return bad;
    return url;
}

} // namespace ecluse
