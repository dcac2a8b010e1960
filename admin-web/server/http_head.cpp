#include "admin-web/server/http_head.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace ecluse::web {
namespace {

/// A video is decrypted where it is looked at and handed to the browser in pieces (MediaSource, a
/// blob: address of the page itself): the console only (docs/decisions/0019).
constexpr std::string_view own_media = "media-src 'self'; ";
constexpr std::string_view pieced_media = "media-src 'self' blob:; ";

/// Nothing from elsewhere, no inline script or style, no frame; DOM sinks only through the one
/// policy of our pages (WEB:CR1).
constexpr std::string_view policy_begins =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; ";
constexpr std::string_view security_headers =
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types ecluse\r\n"
    "Strict-Transport-Security: max-age=31536000\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), "
    "usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)\r\n";

std::string_view reason_of(unsigned status)
{
    switch (status) {
    case 200:
        return "OK";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

bool has_header(HttpResponse const& response, std::string_view name)
{
    return std::any_of(response.headers.begin(), response.headers.end(), [&](auto const& one) {
        return one.first == name;
    });
}

} // namespace

std::string http_date(std::int64_t unix_seconds)
{
    auto const at = static_cast<std::time_t>(unix_seconds);
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[64];
    auto const size = std::snprintf(
        text,
        sizeof text,
        "%s, %02d %s %04d %02d:%02d:%02d GMT",
        days[static_cast<std::size_t>(parts.tm_wday)],
        parts.tm_mday,
        months[static_cast<std::size_t>(parts.tm_mon)],
        parts.tm_year + 1900,
        parts.tm_hour,
        parts.tm_min,
        parts.tm_sec
    );
    return {text, static_cast<std::size_t>(size)};
}

std::string head_of(HttpResponse const& response, bool keep_alive, std::string_view date)
{
    std::string head;
    head.reserve(1536);
    auto const add = [&head](std::string_view name, std::string_view value) {
        head.append(name).append(": ").append(value).append("\r\n");
    };
    head.append("HTTP/1.1 ").append(std::to_string(response.status));
    head.append(" ").append(reason_of(response.status)).append("\r\n");
    add("Date", date);
    if (!response.content_type.empty()) add("Content-Type", response.content_type);
    if (response.status != 304) add("Content-Length", std::to_string(response.content().size()));
    for (auto const& [name, value] : response.headers)
        add(name, value);
    if (!has_header(response, "Cache-Control")) add("Cache-Control", "no-store");
    if (!keep_alive) add("Connection", "close");
    head.append(policy_begins).append(response.pieced_media ? pieced_media : own_media);
    head.append(security_headers).append("\r\n");
    return head;
}

} // namespace ecluse::web
