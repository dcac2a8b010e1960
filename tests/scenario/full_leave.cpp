#include "tests/support/full_stack.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace ecluse;
using namespace ecluse::test;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// The live session of this technician.
std::string session_of(FullStack& stack, std::string_view login)
{
    auto const rows = stack.sessions();
    auto const live = std::ranges::find_if(rows, [&](json::value const& row) {
        auto const& session = row.as_object();
        return session.at("ended_at").is_null() && session.at("person").as_string() == login;
    });
    REQUIRE(live != rows.end());
    return std::string{live->as_object().at("session").as_string()};
}

} // namespace

TEST_CASE(
    "a technician ends the own live session from elsewhere, and nobody else's", "[SEGUR:IE.38]"
)
{
    FullStack stack;
    stack.add_technician("l.moreau");
    auto& people = stack.people();
    stack.open_window();
    auto const shell = stack.live_shell();
    auto const session = session_of(stack, "n.belkacem");
    auto const leave = [&](std::string const& login, std::string const& which) {
        return people.as(login, {"session", "leave", which});
    };

    // A colleague of the same company learns no more of it than of one that never was.
    auto const colleague = leave("l.moreau", session);
    auto const unknown = leave("l.moreau", "S-AAAAAAAAAAAAAAAA");
    CHECK(colleague.exit == 4);
    CHECK(colleague.code() == unknown.code());
    for (auto const* const login : {"o.haddad", "c.leroy", "r.amrani"})
        CHECK(leave(login, session).exit == 5);
    shell->write("echo encore-$((40+2))\r");
    stack.await(*shell, "encore-42");

    CHECK(leave("n.belkacem", session).exit == 0);
    CHECK(contains(shell->finish().out, "Session terminée à votre demande."));
    stack.wait_until_sealed(1);
    stack.check_evidence();
    CHECK(stack.end_reasons() == std::vector<std::string>{"left"});
    auto const left = json::serialize(stack.events("session.left"));
    CHECK(contains(left, session));
    CHECK(contains(left, "Belkacem"));
    // Nobody of the hospital did it, and the console does not say so.
    auto const shown = people.as("c.leroy", {"session", "show", session}).json();
    CHECK(shown.at("end_reason").as_string() == "left");
    CHECK(shown.at("ended_by").is_null());
    CHECK(leave("n.belkacem", session).exit == 4);

    // The window is still the person's: another session opens.
    CHECK(stack.ssh({"true"}).status == 0);
}
