#pragma once

#include "common/address.h"
#include "policies/core/decide.h"
#include "policies/store/database.h"

#include <optional>
#include <string_view>
#include <vector>

/// Reads from the tables what the pure rules need. A row that cannot be understood is `corrupt`:
/// nothing is decided on half of the facts.
namespace ecluse {

/// By the login or the asset name as typed; exact, so that no second spelling exists.
[[nodiscard]] Result<std::optional<PersonId>>
find_person(Database& database, std::string_view login);
[[nodiscard]] Result<std::optional<AssetId>> find_asset(Database& database, std::string_view name);

/// All that the tables say about this person: state, roles, charter, vendor, contract, declared
/// ranges, late reports, windows (not drafts; ended ones of the last 30 days), their assets and
/// `asked`, and sessions not ended. The caller adds what only it knows: factors, clock, recorder,
/// limits. An asset's accounts are those that every window running now for this person on this
/// asset allows. A subcontractor's person has no contract before the hospital has accepted or let
/// 21 days pass (CLAUSIER:O-2.3). An unknown person is `not_found`.
[[nodiscard]] Result<Facts> load_facts(
    Database& database, PersonId const& person, std::optional<AssetId> const& asked, UtcTime now
);

/// Late, and so blocking: not yet submitted or returned, past the deadline.
[[nodiscard]] Result<std::vector<ReportId>>
overdue_reports(Database& database, VendorId const& vendor, UtcTime now);

struct SourceInForce {
    SourceId id;
    VendorId vendor;
    AddressRange range;
    std::optional<UtcTime> until; // the first of the declaration's and the contract's end
};
/// What the listener lets in: approved ranges of active vendors whose contract is in date.
[[nodiscard]] Result<std::vector<SourceInForce>> sources_in_force(Database& database, UtcTime now);
/// When the clock alone will next change that list.
[[nodiscard]] Result<std::optional<UtcTime>> next_source_change(Database& database, UtcTime now);

struct DueTransition {
    WindowId window;
    WindowState from; // as stored
    WindowState to;   // as the clock has it
};
/// At most 500 at a time, oldest first: windows to open, close or expire.
[[nodiscard]] Result<std::vector<DueTransition>> due_transitions(Database& database, UtcTime now);
/// When the clock alone will next make one.
[[nodiscard]] Result<std::optional<UtcTime>> next_transition(Database& database, UtcTime now);

} // namespace ecluse
