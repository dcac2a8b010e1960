#pragma once

#include "admin-web/server/message.h"

#include <string>
#include <string_view>

namespace ecluse::web {

/// Status line and headers of a response, with what every answer of ours carries, errors included
/// (CSP and the others), ready to be sent before its content.
[[nodiscard]] std::string
head_of(HttpResponse const& response, bool keep_alive, std::string_view date);
/// "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::int64_t unix_seconds);

} // namespace ecluse::web
