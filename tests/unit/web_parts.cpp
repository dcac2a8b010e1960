#include "admin-web/server/answer.h"
#include "admin-web/server/bearer.h"
#include "admin-web/server/challenge.h"
#include "admin-web/server/cookie.h"
#include "admin-web/server/http_head.h"
#include "admin-web/server/listen_address.h"
#include "admin-web/server/problem.h"
#include "admin-web/server/request_fields.h"
#include "admin-web/server/static_files.h"
#include "common/bytes.h"
#include "common/json.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace ecluse;
using namespace ecluse::web;
using namespace std::chrono_literals;

namespace {

RouteRow const& route_of(std::string_view request)
{
    for (auto const& route : all_routes())
        if (route.request == request) return route;
    FAIL("no such request");
    return all_routes().front();
}

std::string solved(Challenges::Challenge const& challenge)
{
    for (std::uint64_t number = 0;; ++number) {
        auto const text = std::to_string(number);
        if (leading_zero_bits(sha256(challenge.text + "." + text)) >= challenge.bits) return text;
    }
}

Challenges challenges()
{
    std::string key(32, 'k');
    return Challenges{Secret{key}};
}

} // namespace

TEST_CASE("each path of the table is found by its own door only", "[WEB:DT3]")
{
    RouteTable const portal{"portal"}, console{"console"};
    CHECK(portal.find("GET", "/api/v1/windows").route->request == "window.list");
    CHECK(portal.find("POST", "/api/v1/windows").route->request == "window.request");
    CHECK_FALSE(console.find("POST", "/api/v1/extensions").route);
    auto const approve = console.find("POST", "/api/v1/windows/W-%31/approve");
    REQUIRE(approve.route);
    CHECK(approve.path_fields == Pairs{{"window", "W-1"}});
    CHECK(portal.find("POST", "/api/v1/windows/W-1/approve").methods.empty());
    CHECK(console.find("POST", "/api/v1/sessions/cut_many").route->request == "session.cut_many");
    for (auto const* const path :
         {"",
          "/",
          "/api/v1/windows/",
          "/api/v1//windows",
          "/api/v1/windows/%ZZ",
          "/api/v1/windows/%00",
          "/api/v1/windows/a/b",
          "/API/v1/windows"})
        CHECK_FALSE(console.find("GET", path).route);
}

TEST_CASE("a request target is a path of visible ASCII and nothing else")
{
    CHECK(must(split_target("/a?b=c?d")).query == "b=c?d");
    CHECK(must(split_target("/a")).query.empty());
    for (auto const* const target :
         {"", "a", "https://x/", "*", "/a#b", "/a b", "/a\tb", "/\xc3\xa9", "/a\\b"})
        CHECK_FALSE(split_target(target));
}

TEST_CASE("a query is read strictly, in the types of its route")
{
    auto const read = [](char const* query) -> Result<json::object> {
        auto const pairs = ECLUSE_TRY(read_query(query));
        return fields_of_query(route_of("session.list"), {}, pairs);
    };
    CHECK(
        must(read("live=true&window=W+1%2B")) == json::object{{"live", true}, {"window", "W 1+"}}
    );
    CHECK(must(read("")).empty());
    for (auto const* const query :
         {"live=1", "live", "=x", "other=1", "window=%C3", "window=%00", "window=a&window=b", "&"})
        CHECK_FALSE(read(query));
    std::string many;
    for (int i = 0; i < 33; ++i)
        many += "a=b&";
    CHECK_FALSE(read_query(many));
}

TEST_CASE("a body cannot name a field of the path, nor the server's own")
{
    auto const& route = route_of("window.refuse");
    Pairs const path{{"window", "W-1"}};
    CHECK(
        must(fields_of_body(route, path, R"({"reason":"r"})")) ==
        json::object{{"reason", "r"}, {"window", "W-1"}}
    );
    for (auto const* const body :
         {"",
          "[]",
          "{",
          R"({"window":"W-2"})",
          R"({"do":"x"})",
          R"({"id":1})",
          R"({"token":"t"})",
          R"({"passive":true})",
          R"({"a":1,"a":2})"})
        CHECK_FALSE(fields_of_body(route, path, body));
}

TEST_CASE("only our cookie, once and well formed, is a session")
{
    std::string const token(64, 'a');
    auto const ours = "__Host-ecluse=" + token;
    CHECK(session_token(ours) == token);
    CHECK(session_token("x=1; " + ours + ";y") == token);
    for (auto const& header :
         {std::string{},
          std::string{"__Host-ecluse="},
          ours + "; " + ours,
          "ecluse=" + token,
          "__Host-ecluse=" + std::string(63, 'a'),
          "__Host-ecluse=" + std::string(64, 'A'),
          "x__Host-ecluse=" + token})
        CHECK(session_token(header).empty());
    CHECK(set_session(token).ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"));
    CHECK(csrf_of(token) != csrf_of(std::string(64, 'b')));
    CHECK(csrf_of(token).find(token) == std::string::npos);
}

TEST_CASE("only a Bearer header of our form is a token of automation")
{
    auto const token = "ecluse_" + std::string(64, '7');
    CHECK(bearer_token("Bearer " + token) == token);
    CHECK(bearer_token("bearer " + token) == token);
    // Another scheme is for somebody on the way here.
    for (auto const* const header : {"", "Basic YTpi", "Bearer", "Bearerx", "Token x"})
        CHECK_FALSE(bearer_token(header));
    for (auto const& value :
         {std::string{},
          std::string{"x"},
          " " + token,
          token + " ",
          token + "0",
          "ecluse_" + std::string(64, 'G'),
          std::string(71, '7')}) {
        CAPTURE(value);
        CHECK(bearer_token("Bearer " + value) == "");
    }
}

TEST_CASE(
    "a proof of work serves once, for its request, its address and its time", "[CLAUSIER:O-5.3]"
)
{
    auto all = challenges();
    auto const challenge = all.make("login", "192.0.2.1", 100s);
    CHECK(challenge.bits == 17);
    auto const solution = solved(challenge);
    CHECK_FALSE(all.accept(challenge.text, solution, "enrol.begin", "192.0.2.1", 101s));
    CHECK_FALSE(all.accept(challenge.text, solution, "login", "192.0.2.2", 101s));
    CHECK_FALSE(all.accept(challenge.text, solution, "login", "192.0.2.1", 220s));
    CHECK_FALSE(all.accept(challenge.text + "0", solution, "login", "192.0.2.1", 101s));
    CHECK_FALSE(all.accept(challenge.text, solution + " ", "login", "192.0.2.1", 101s));
    CHECK_FALSE(all.accept("", "", "login", "192.0.2.1", 101s));
    CHECK(all.accept(challenge.text, solution, "login", "192.0.2.1", 219s));
    CHECK_FALSE(all.accept(challenge.text, solution, "login", "192.0.2.1", 219s));
    std::string other_key(32, 'x');
    Challenges other{Secret{other_key}};
    auto const theirs = other.make("login", "192.0.2.1", 100s);
    CHECK_FALSE(all.accept(theirs.text, solved(theirs), "login", "192.0.2.1", 101s));
}

TEST_CASE("failures make the next proof harder, up to a bound, until success or an hour")
{
    auto all = challenges();
    for (int i = 0; i < 3; ++i)
        all.failed("192.0.2.1", 10s);
    CHECK(all.make("login", "192.0.2.1", 11s).bits == 20);
    CHECK(all.make("login", "192.0.2.2", 11s).bits == 17);
    for (int i = 0; i < 100; ++i)
        all.failed("192.0.2.1", 12s);
    CHECK(all.make("login", "192.0.2.1", 13s).bits == Challenges::bits_max);
    all.succeeded("192.0.2.1");
    CHECK(all.make("login", "192.0.2.1", 13s).bits == 17);
    all.failed("192.0.2.3", 20s);
    all.failed("192.0.2.4", 20s + 3600s);
    CHECK(all.make("login", "192.0.2.3", 20s + 3600s).bits == 17);
    CHECK(leading_zero_bits(std::string("\x00\x1f", 2)) == 11);
    CHECK(leading_zero_bits("") == 0);
}

TEST_CASE("an encoding is taken when the browser takes it")
{
    CHECK(accepts("gzip, deflate, br", "br"));
    CHECK(accepts("br;q=0.5", "br"));
    CHECK_FALSE(accepts("br;q=0.000", "br"));
    CHECK_FALSE(accepts("brotli", "br"));
    CHECK_FALSE(accepts("", "gzip"));
    CHECK(is_hashed_name("/assets/app-3F7Q2XKA.js"));
    CHECK(is_hashed_name("/app-3F7Q2XKA.js.map"));
    CHECK_FALSE(is_hashed_name("/index.html"));
    CHECK_FALSE(is_hashed_name("/app-3f7q2xka.js"));
    CHECK_FALSE(is_hashed_name("/3F7Q2XKA.js"));
}

TEST_CASE("each refusal of the web server has its status and its code")
{
    struct Row {
        Refused why;
        unsigned status;
        char const* code;
    };
    auto const row = GENERATE(values<Row>(
        {{Refused::not_found, 404, "E-WEB-01"},
         {Refused::wrong_method, 405, "E-WEB-02"},
         {Refused::malformed, 400, "E-WEB-03"},
         {Refused::too_large, 413, "E-WEB-04"},
         {Refused::headers_too_large, 431, "E-WEB-04"},
         {Refused::too_slow, 408, "E-WEB-05"},
         {Refused::other_site, 403, "E-WEB-06"},
         {Refused::wrong_type, 415, "E-WEB-07"},
         {Refused::no_proof, 403, "E-WEB-08"},
         {Refused::no_session, 401, "E-AUT-02"},
         {Refused::policyd_away, 503, "E-WEB-09"},
         {Refused::failed, 500, "E-WEB-10"},
         {Refused::token_elsewhere, 403, "E-WEB-11"},
         {Refused::token_and_cookie, 400, "E-WEB-12"}}
    ));
    auto const response = problem(row.why, Language::french, "\x1b[31m<b>");
    CHECK(response.status == row.status);
    CHECK(response.content_type == "application/problem+json");
    auto const body = must(parse_object(response.body));
    CHECK(body.at("code") == row.code);
    CHECK(response.body.find('\x1b') == std::string::npos);
    auto const head = head_of(response, false, http_date(784111777));
    CHECK(head.starts_with("HTTP/1.1 " + std::to_string(row.status) + " "));
    CHECK(head.find("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n") != std::string::npos);
    CHECK(head.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
    CHECK(head.find("\r\nContent-Security-Policy: default-src 'none';") != std::string::npos);
    CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("an error of ours closes the session, and no script ever sees the token", "[WEB:DT8]")
{
    std::string const token(64, 'a');
    auto const& route = route_of("window.list");
    PolicyLink::Reply broken;
    broken.fields = {{"re", 2}, {"ok", false}, {"error", {{"code", "E-SYS-01"}, {"text", "t"}}}};
    auto const response = to_response(route, std::move(broken), token, Language::french);
    CHECK(response.status == 500);
    bool cleared = false, removed = false;
    for (auto const& [name, value] : response.headers) {
        cleared = cleared || name == "Clear-Site-Data";
        removed = removed || (name == "Set-Cookie" && value.find("Max-Age=0") != std::string::npos);
    }
    CHECK(cleared);
    CHECK(removed);
    PolicyLink::Reply in;
    in.fields = {{"re", 2}, {"ok", true}, {"token", token}, {"login", "x"}};
    auto const login = to_response(route_of("login"), std::move(in), "", Language::french);
    CHECK(login.status == 200);
    CHECK(login.body.find(token) == std::string::npos);
    CHECK(login.body.find(csrf_of(token)) != std::string::npos);
    PolicyLink::Reply odd;
    odd.fields = {{"re", 2}};
    CHECK(to_response(route, std::move(odd), "", Language::french).status == 500);
}

TEST_CASE("an invitation's token is for the page that made it")
{
    PolicyLink::Reply made;
    made.fields = {{"re", 3}, {"ok", true}, {"login", "n.belkacem"}, {"token", "ABCD"}};
    auto const response =
        to_response(route_of("person.invite"), std::move(made), "session", Language::french);
    CHECK(response.status == 200);
    CHECK(response.body.find("ABCD") != std::string::npos);
}

TEST_CASE("only an internal address is one", "[CLAUSIER:O-5.3]")
{
    auto const internal = [](char const* address) {
        auto const socket = must(listen_on(address, 0));
        return must(bound_of(socket.get())).is_internal;
    };
    CHECK(internal("127.0.0.1"));
    CHECK_FALSE(internal("0.0.0.0"));
    CHECK_FALSE(listen_on("localhost", 0));
}
