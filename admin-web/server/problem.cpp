#include "admin-web/server/problem.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"

#include <algorithm>
#include <array>

namespace ecluse::web {
namespace {

struct Status {
    std::string_view code;
    unsigned status;
};
/// What differs from 422, "understood and refused".
constexpr std::array statuses{
    Status{"E-AUT-01", 403}, Status{"E-AUT-02", 401}, Status{"E-AUT-03", 401},
    Status{"E-AUT-04", 401}, Status{"E-AUT-05", 401}, Status{"E-AUT-06", 401},
    Status{"E-DRT-01", 403}, Status{"E-PER-01", 403}, Status{"E-QUA-01", 403},
    Status{"E-IP-01", 403},  Status{"E-INC-01", 404}, Status{"E-RAP-00", 404},
    Status{"E-REF-01", 404}, Status{"E-ENR-02", 404}, Status{"E-INV-01", 404},
    Status{"E-ETA-01", 409}, Status{"E-CRE-01", 409}, Status{"E-DEJ-01", 409},
    Status{"E-REQ-01", 400}, Status{"E-JET-01", 401}, Status{"E-JET-02", 401},
    Status{"E-JET-03", 401}, Status{"E-JET-04", 401}, Status{"E-JET-05", 401},
    Status{"E-JET-06", 429}, Status{"E-JET-07", 403}, Status{"E-JET-08", 403},
    Status{"E-JET-09", 403}, Status{"E-DRT-02", 403}, Status{"E-ROL-04", 403},
};

unsigned status_of(std::string_view code)
{
    if (code.starts_with("E-SYS-")) return 500;
    auto const found = std::find_if(statuses.begin(), statuses.end(), [&](Status const& one) {
        return one.code == code;
    });
    return found == statuses.end() ? 422 : found->status;
}

TextKey title_of(unsigned status)
{
    switch (status) {
    case 401:
        return TextKey::web_title_session;
    case 404:
        return TextKey::web_title_unknown;
    case 409:
        return TextKey::web_title_conflict;
    case 500:
    case 503:
        return TextKey::web_title_broken;
    default:
        return TextKey::web_title_refused;
    }
}

struct Own {
    unsigned status;
    char const* code;
    TextKey text;
    TextKey remedy;
};

Own own(Refused why)
{
    auto const again = TextKey::web_again_remedy;
    switch (why) {
    case Refused::not_found:
        return {404, "E-WEB-01", TextKey::web_not_found_text, again};
    case Refused::wrong_method:
        return {405, "E-WEB-02", TextKey::web_method_text, again};
    case Refused::malformed:
        return {400, "E-WEB-03", TextKey::web_malformed_text, again};
    case Refused::too_large:
        return {413, "E-WEB-04", TextKey::web_too_large_text, TextKey::web_too_large_remedy};
    case Refused::headers_too_large:
        return {431, "E-WEB-04", TextKey::web_too_large_text, TextKey::web_too_large_remedy};
    case Refused::too_slow:
        return {408, "E-WEB-05", TextKey::web_too_slow_text, again};
    case Refused::other_site:
        return {403, "E-WEB-06", TextKey::web_other_site_text, again};
    case Refused::wrong_type:
        return {415, "E-WEB-07", TextKey::web_type_text, again};
    case Refused::no_proof:
        return {403, "E-WEB-08", TextKey::web_proof_text, again};
    case Refused::no_session:
        return {401, "E-AUT-02", TextKey::error_no_token_text, TextKey::error_no_token_web_remedy};
    case Refused::policyd_away:
        return {503, "E-WEB-09", TextKey::web_away_text, TextKey::web_away_remedy};
    case Refused::failed:
        return {500, "E-WEB-10", TextKey::web_failed_text, TextKey::web_away_remedy};
    case Refused::token_elsewhere:
        return {403, "E-WEB-11", TextKey::web_token_door_text, TextKey::web_token_door_remedy};
    case Refused::token_and_cookie:
        return {400, "E-WEB-12", TextKey::web_token_cookie_text, TextKey::web_token_cookie_remedy};
    }
    assertion_failed("Refused", __FILE__, __LINE__);
}

HttpResponse to_response(unsigned status, json::object const& body)
{
    HttpResponse response{.status = status, .content_type = "application/problem+json"};
    response.body = json::serialize(body);
    return response;
}

} // namespace

HttpResponse problem_of(json::object const& error, Language language)
{
    auto const text_in = [&](char const* name) {
        auto const* const value = error.if_contains(name);
        return value && value->is_string() ? std::string{std::string_view{value->get_string()}}
                                           : std::string{};
    };
    auto const code = text_in("code");
    auto const status = status_of(code);
    json::object body{
        {"status", status}, {"code", code}, {"title", text(language, title_of(status))}};
    body["detail"] = text_in("text");
    for (auto const* const name : {"remedy", "reference"})
        if (auto const value = text_in(name); !value.empty()) body[name] = value;
    return to_response(status, body);
}

HttpResponse problem(Refused why, Language language, std::string_view detail)
{
    auto const made = own(why);
    auto response = to_response(
        made.status,
        {{"status", made.status},
         {"code", made.code},
         {"title", text(language, title_of(made.status))},
         {"detail", text(language, made.text, {{"detail", printable(detail, 200)}})},
         {"remedy", text(language, made.remedy)}}
    );
    return response;
}

} // namespace ecluse::web
