#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ecluse {

/// Where an HTTP service of others is: "https://tsa.example:8443/tsr".
struct HttpUrl {
    bool tls = false;
    std::string host; // a name, or an address without brackets
    std::uint16_t port = 0;
    std::string path; // begins with "/"
};
/// Without user, query of odd characters or fragment.
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view text);

} // namespace ecluse
