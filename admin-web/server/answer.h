#pragma once

#include "admin-web/routes/routes.h"
#include "admin-web/server/message.h"
#include "admin-web/server/policy_link.h"
#include "common/text.h"

#include <string>

/// policyd's answer as a browser gets it.
namespace ecluse::web {

/// `token`: of the browser's session that asked; empty without one. An error of ours closes the
/// session (WEB:DT8), and a session that is over loses its cookie.
[[nodiscard]] HttpResponse to_response(
    RouteRow const& route, PolicyLink::Reply reply, std::string const& token, Language language
);

} // namespace ecluse::web
