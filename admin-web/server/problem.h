#pragma once

#include "admin-web/server/message.h"
#include "common/text.h"

#include <boost/json/object.hpp>

/// Refusals as application/problem+json (RFC 9457), with our codes.
namespace ecluse::web {

/// policyd's `error` object: code, text, remedy, reference.
[[nodiscard]] HttpResponse problem_of(boost::json::object const& error, Language language);

/// What the web server itself refuses, each with its code.
enum class Refused {
    not_found,         // 404 E-WEB-01
    wrong_method,      // 405 E-WEB-02
    malformed,         // 400 E-WEB-03
    too_large,         // 413 E-WEB-04
    headers_too_large, // 431 E-WEB-04
    too_slow,          // 408 E-WEB-05
    other_site,        // 403 E-WEB-06: Origin, or the page's token
    wrong_type,        // 415 E-WEB-07
    no_proof,          // 403 E-WEB-08: proof of work
    no_session,        // 401 E-AUT-02
    policyd_away,      // 503 E-WEB-09
    failed,            // 500 E-WEB-10
    token_elsewhere,   // 403 E-WEB-11: of automation, at the portal
    token_and_cookie,  // 400 E-WEB-12
};
[[nodiscard]] HttpResponse problem(Refused why, Language language, std::string_view detail = {});

} // namespace ecluse::web
