#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// One request and one response as the rest of ecluse-web knows them: no word of Beast.
namespace ecluse::web {

struct HttpRequest {
    std::string method, target; // as sent: "/api/v1/windows?state=open"
    std::string host, origin, fetch_site, cookie, token, authorization, content_type;
    std::string accept_encoding, accept_language, if_none_match;
    bool passive = false; // X-Ecluse-Passive: a page that reads its lists again by itself
    std::string address;  // the browser's, as far as we believe it
    std::string body;
};

struct HttpResponse {
    unsigned status = 200;
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    /// Instead of `body`: a file that many connections send at once.
    std::shared_ptr<std::string const> file = {};
    bool close = false;
    bool pieced_media = false; // a page that plays recordings

    [[nodiscard]] std::string_view content() const { return file ? *file : std::string_view{body}; }
};

using Respond = std::function<void(HttpResponse)>;

} // namespace ecluse::web
