#include "policies/core/decide.h"
#include "policies/core/fault.h"
#include "policies/core/refusal.h"
#include "policies/core/roles.h"
#include "policies/core/window_rules.h"

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>

using namespace ecluse;

TEST_CASE(
    "every refusal and fault has a code of its own and sentences in both languages",
    "[HDS:EXI-13][WEB:DT11]"
)
{
    std::set<std::string_view> codes;
    auto const check = [&](auto each) {
        CAPTURE(code(each));
        CHECK(codes.insert(code(each)).second);
        for (auto const language : {Language::french, Language::english}) {
            CHECK_FALSE(text(language, reason(each)).empty());
            CHECK_FALSE(text(language, action(each)).empty());
        }
    };
    for (auto const refusal : every_refusal)
        check(refusal);
    for (auto const fault : every_fault)
        check(fault);
    CHECK(codes.size() == every_refusal.size() + every_fault.size());
    // The lists are complete: their last rows are the enums' last enumerators.
    CHECK(every_refusal.size() == static_cast<std::size_t>(Refusal::recorder_unavailable) + 1);
    CHECK(every_fault.size() == static_cast<std::size_t>(Fault::retention_recordings) + 1);
}

TEST_CASE("the codes of the user texts stand")
{
    CHECK(code(Refusal::address_not_declared) == "E-IP-01");
    CHECK(code(Refusal::no_window) == "E-FEN-01");
    CHECK(code(Refusal::before_window) == "E-FEN-02");
    CHECK(code(Refusal::after_window) == "E-FEN-03");
    CHECK(code(Refusal::asset_not_in_window) == "E-CIB-01");
    CHECK(code(Refusal::asset_unreachable) == "E-CIB-02");
    CHECK(code(Refusal::asset_identity_changed) == "E-CIB-03");
    CHECK(code(Refusal::person_not_active) == "E-CPT-01");
    CHECK(code(Refusal::charter_not_accepted) == "E-CPT-02");
    CHECK(code(Refusal::report_overdue) == "E-CR-01");
    CHECK(code(Refusal::escort_absent) == "E-ACC-01");
    CHECK(code(Fault::emergency_unreviewed) == "E-URG-01");
    CHECK(code(Fault::emergency_report_late) == "E-URG-02");
    CHECK(code(Refusal::session_elsewhere) == "E-SES-01");
    CHECK(code(Refusal::recorder_unavailable) == "E-ENR-01");
    CHECK(code(Refusal::function_not_permitted) == "E-FON-01");
    CHECK(
        text(
            Language::french,
            reason(Refusal::address_not_declared),
            {{"ip", "203.0.113.24"}, {"company", "Acme"}}
        ) == "adresse 203.0.113.24 non déclarée pour Acme"
    );
}

TEST_CASE("state words read back, and unknown ones are nothing")
{
    for (auto const* word :
         {"draft", "requested", "approved", "refused", "open", "closed", "cancelled", "expired"}) {
        auto const state = parse_window_state(word);
        REQUIRE(state);
        CHECK(to_code(*state) == word);
    }
    for (auto const* word : {"invited", "active", "suspended", "blocked", "archived"}) {
        auto const state = parse_person_state(word);
        REQUIRE(state);
        CHECK(to_code(*state) == word);
    }
    for (auto const* word : {"active", "suspended", "archived"}) {
        auto const state = parse_vendor_state(word);
        REQUIRE(state);
        CHECK(to_code(*state) == word);
    }
    CHECK_FALSE(parse_window_state("OPEN"));
    CHECK_FALSE(parse_person_state(""));
    CHECK_FALSE(parse_vendor_state("blocked"));
    CHECK_FALSE(parse_open_mode("automatic"));
    CHECK(parse_open_mode("manual") == OpenMode::manual);
}

TEST_CASE("nobody both acts and watches, or stands on both sides", "[WEB:AA1][WEB:TR3]")
{
    struct Row {
        Roles roles;
        bool allowed;
    };
    using enum Role;
    for (auto const& row :
         {Row{{}, true},
          Row{{technician, vendor_manager}, true},
          Row{{dsi, platform_admin, escort}, true},
          Row{{rssi, auditor, log_manager}, true},
          Row{{rssi, escort}, true},
          Row{{rssi, dsi}, false},
          Row{{rssi, platform_admin}, false},
          Row{{auditor, dsi}, false},
          Row{{auditor, platform_admin}, false},
          Row{{log_manager, dsi}, false},
          Row{{log_manager, platform_admin}, false}})
        CHECK(conflict(row.roles).has_value() != row.allowed);
    for (auto const hospital : {dsi, rssi, auditor, log_manager, platform_admin, escort})
        for (auto const vendor : {technician, vendor_manager}) {
            CHECK(conflict({hospital, vendor}));
            CHECK(is_hospital(hospital));
            CHECK_FALSE(is_hospital(vendor));
        }
    for (auto const role : every_role)
        CHECK(parse_role(to_code(role)) == role);
    CHECK_FALSE(parse_role("root"));
}
