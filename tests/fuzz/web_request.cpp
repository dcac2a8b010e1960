#include "admin-web/server/bearer.h"
#include "admin-web/server/challenge.h"
#include "admin-web/server/cookie.h"
#include "admin-web/server/request_fields.h"
#include "admin-web/server/static_files.h"
#include "common/json.h"

#include <cstdint>
#include <cstdlib>

/// What a browser sends and we read ourselves: target, query, body, cookie, encodings, proof.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace ecluse;
    using namespace ecluse::web;
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    static RouteTable const console{"console"};
    if (auto const target = split_target(text)) {
        // What is split is what was sent.
        if (target->path.size() + target->query.size() > text.size()) std::abort();
        auto const match = console.find("GET", target->path);
        // A value from a path is never empty and holds no NUL.
        for (auto const& [name, value] : match.path_fields)
            if (value.empty() || value.find('\0') != std::string::npos) std::abort();
        auto const query = read_query(target->query);
        if (match.route && query) (void)fields_of_query(*match.route, match.path_fields, *query);
    }
    for (auto const& route : all_routes())
        if (route.request == "window.refuse")
            if (auto const fields = fields_of_body(route, {{"window", "W-1"}}, text))
                if (fields->at("window") != "W-1" || fields->contains("token")) std::abort();
    auto const token = session_token(text);
    if (!token.empty() && token.size() != 64) std::abort();
    // A token has one length, and letters that no header, path or log takes for something else.
    if (auto const bearer = bearer_token(text); bearer && !bearer->empty() && bearer->size() != 71)
        std::abort();
    (void)accepts(text, "gzip");
    static std::string key(32, 'k');
    static Challenges challenges{Secret::copy_of(key)};
    // Nobody makes a challenge but we.
    if (challenges.accept(text, "0", "login", "192.0.2.1", Challenges::Seconds{0})) std::abort();
    return 0;
}
