#include "policies/policyd/people_rules.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace ecluse::policyd;

TEST_CASE("an account is one named person, with a mail of its own", "[CHM:8.2]")
{
    struct Row {
        char const* login;
        char const* first;
        char const* last;
        char const* mail;
        std::optional<NameFault> fault;
    };
    auto const mail = "n.belkacem@imagelec.example";
    for (auto const& row :
         {Row{"n.belkacem", "Nadia", "Belkacem", mail, std::nullopt},
          Row{"nbe", "Nadia", "Belkacem", mail, std::nullopt},
          Row{"support-belkacem", "Nadia", "Belkacem", mail, std::nullopt},
          Row{"support", "Nadia", "Belkacem", mail, NameFault::generic_login},
          Row{"admin2", "Nadia", "Belkacem", mail, NameFault::generic_login},
          Row{"sav.technicien-01", "Nadia", "Belkacem", mail, NameFault::generic_login},
          Row{"n.belkacem",
              "Nadia",
              "Belkacem",
              "support@imagelec.example",
              NameFault::generic_login},
          Row{"nb", "Nadia", "Belkacem", mail, NameFault::login_form},
          Row{"N.Belkacem", "Nadia", "Belkacem", mail, NameFault::login_form},
          Row{"1belkacem", "Nadia", "Belkacem", mail, NameFault::login_form},
          Row{"n.belkacem+scanner", "Nadia", "Belkacem", mail, NameFault::login_form},
          Row{"n.belkacem", " ", "Belkacem", mail, NameFault::name_missing},
          Row{"n.belkacem", "Nadia", "", mail, NameFault::name_missing},
          Row{"n.belkacem", "Nadia", "Belkacem", "imagelec.example", NameFault::mail_form},
          Row{"n.belkacem", "Nadia", "Belkacem", "a@b@c", NameFault::mail_form},
          Row{"n.belkacem", "Nadia", "Belkacem", "a@b, c@d", NameFault::mail_form}}) {
        CAPTURE(row.login, row.first, row.last, row.mail);
        CHECK(judge_names(row.login, row.first, row.last, row.mail) == row.fault);
    }
}

TEST_CASE(
    "each side of the hospital answers for its own people, and nobody for every role", "[WEB:AA1]"
)
{
    struct Row {
        char const* granter;
        std::vector<std::string> roles;
    };
    std::vector<std::string> const every{
        "technician",
        "vendor_manager",
        "escort",
        "auditor",
        "log_manager",
        "dsi",
        "rssi",
        "platform_admin"};
    for (auto const& row :
         {Row{"dsi", {"technician", "vendor_manager", "escort"}},
          Row{"rssi", {"auditor", "log_manager"}},
          Row{"platform_admin", {"dsi", "rssi", "platform_admin"}},
          Row{"technician", {}},
          Row{"vendor_manager", {}},
          Row{"auditor", {}}}) {
        for (auto const& role : every) {
            CAPTURE(row.granter, role);
            bool const expected =
                std::find(row.roles.begin(), row.roles.end(), role) != row.roles.end();
            CHECK(may_grant({row.granter}, role) == expected);
        }
        CHECK_FALSE(may_grant({row.granter}, "root"));
    }
    CHECK_FALSE(may_grant({}, "technician"));
}
