#include "common/json.h"
#include "tests/support/must.h"
#include "tests/support/operator_rig.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace ecluse;
using namespace ecluse::test;

namespace {

/// What policyd says to this request without fields: refused for the role, or anything else (an
/// answer, a missing field, the end of the connection).
bool is_refused(OperatorRig& rig, std::string const& login, std::string const& request)
{
    auto const socket = rig.socket();
    must(socket.send(json::object{{"do", request}, {"id", 2}, {"token", rig.token(login)}}));
    auto const packet = must(socket.receive(std::chrono::seconds{20}));
    if (!packet) return false; // the handler ran, and found a field missing
    auto const answer = must(parse_object(packet->json));
    auto const* error = answer.if_contains("error");
    return error && error->as_object().at("code").as_string() == "E-DRT-01";
}

} // namespace

TEST_CASE("each request is open to the roles of the table and to no other")
{
    OperatorRig rig;
    rig.people();
    for (auto const& [login, role] :
         {std::pair{"e.audit", "auditor"}, {"f.traces", "log_manager"}}) {
        REQUIRE(
            rig.as("r.amrani",
                   {"person",
                    "create",
                    "--first-name",
                    "Eva",
                    "--last-name",
                    "Noir",
                    "--login",
                    login,
                    "--mail",
                    std::string{login} + "@ch.example",
                    "--role",
                    role,
                    "--until",
                    "2090-01-01"})
                .exit == 0
        );
        rig.enrol(login, rig.invite("r.amrani", login));
    }
    std::pair<char const*, char const*> const people[] = {
        {"technician", "n.belkacem"},
        {"vendor_manager", "o.haddad"},
        {"dsi", "c.leroy"},
        {"rssi", "r.amrani"},
        {"auditor", "e.audit"},
        {"log_manager", "f.traces"},
        {"platform_admin", "a.petit"}};
    auto const table = rig.ctl({"help", "--roles"}).json();
    std::size_t judged = 0;
    for (auto const& row : table.at("rows").as_array()) {
        auto const& request = row.as_object();
        auto const name = std::string{request.at("request").as_string()};
        if (request.at("access").as_string() != "roles") continue;
        auto const& roles = request.at("roles").as_array();
        CHECK_FALSE(roles.empty());
        for (auto const& [role, login] : people) {
            bool const may =
                std::find(roles.begin(), roles.end(), json::value(role)) != roles.end();
            CAPTURE(name, role);
            CHECK(is_refused(rig, login, name) == !may);
            ++judged;
        }
    }
    CHECK(judged > 300);
}

TEST_CASE("vendors' people decide nothing and see no content")
{
    OperatorRig rig;
    auto const table = rig.ctl({"help", "--roles"}).json();
    auto const roles_of = [&](std::string_view name) {
        for (auto const& row : table.at("rows").as_array())
            if (row.as_object().at("request").as_string() == name)
                return row.as_object().at("roles").as_array();
        FAIL("no request " << name);
        return json::array{};
    };
    for (auto const* name :
         {"window.approve",
          "window.extend",
          "source.approve",
          "asset.pin",
          "account.add",
          "recording.open",
          "recording.export",
          "recording.view",
          "recording.watch",
          "recording.video",
          "bookmark.add",
          "journal.show",
          "secret.rotate",
          "session.cut",
          "report.accept",
          "person.invite",
          "role.grant",
          "person.verify_identity"})
        for (auto const& role : roles_of(name)) {
            CAPTURE(name);
            CHECK(role.as_string() != "technician");
            CHECK(role.as_string() != "vendor_manager");
        }
    // WEB:HE6: whoever runs the platform, or decides who comes, does not watch what happened on it.
    for (auto const* name :
         {"recording.open",
          "recording.export",
          "recording.view",
          "recording.watch",
          "recording.video",
          "recording.seen",
          "bookmark.list",
          "bookmark.add",
          "bookmark.remove"})
        CHECK(roles_of(name) == json::array{"rssi", "auditor"});
}
