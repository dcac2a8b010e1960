#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

namespace ecluse::store {

struct Vendor {
    std::string id, name, state, contract_reference;
    std::int64_t contract_from = 0, contract_to = 0;
};
/// By id or name.
[[nodiscard]] Result<std::optional<Vendor>>
find_vendor(Database& database, std::string const& id_or_name);
Result<> insert_vendor(
    Database& database,
    Vendor const& vendor,
    std::string const& contact_sealed,
    std::string const& by,
    std::int64_t at
);
Result<> set_vendor_state(
    Database& database,
    std::string const& id,
    std::string const& state,
    std::string const& reason,
    std::string const& by,
    std::int64_t at
);
Result<> set_contract(Database& database, Vendor const& vendor);
[[nodiscard]] Result<bool>
has_asset(Database& database, std::string const& vendor, std::string const& asset);
Result<std::int64_t>
add_asset(Database& database, std::string const& vendor, std::string const& asset);
Result<std::int64_t>
remove_asset(Database& database, std::string const& vendor, std::string const& asset);
[[nodiscard]] Result<boost::json::object> list_vendors(
    Database& database,
    std::optional<std::string> const& only,
    std::optional<std::string> const& after
);
/// What the company may be given a window on.
[[nodiscard]] Result<boost::json::array> vendor_assets(Database& database, std::string const& id);
[[nodiscard]] Result<boost::json::object> show_vendor(Database& database, std::string const& id);

struct Subcontractor {
    std::string id, vendor, name;
    std::int64_t notified_at = 0;
    std::optional<std::string> decision;
};
[[nodiscard]] Result<std::optional<Subcontractor>>
find_subcontractor(Database& database, std::string const& id);
Result<> insert_subcontractor(Database& database, Subcontractor const& subcontractor);
Result<> decide_subcontractor(
    Database& database,
    std::string const& id,
    std::string const& decision,
    std::string const& by,
    std::int64_t at
);
/// `objection_s`: how long silence is not yet consent.
[[nodiscard]] Result<boost::json::object> list_subcontractors(
    Database& database,
    std::optional<std::string> const& vendor,
    std::int64_t objection_s,
    std::optional<std::string> const& after
);

struct Source {
    std::string id, vendor, range, kind, state, declared_by;
};
[[nodiscard]] Result<std::optional<Source>> find_source(Database& database, std::string const& id);
struct NewSource {
    std::string id, vendor, range, kind, reason, declared_by;
    std::optional<std::string> country;
    std::int64_t declared_at = 0, valid_from = 0;
    std::optional<std::int64_t> valid_to;
};
Result<> insert_source(Database& database, NewSource const& source);
Result<> decide_source(
    Database& database,
    std::string const& id,
    std::string const& state,
    std::string const& by,
    std::int64_t at,
    std::string const& reason
);
[[nodiscard]] Result<bool>
is_source_declared(Database& database, std::string const& vendor, std::string const& range);
struct SourceFilter {
    std::optional<std::string> vendor, state;
    std::optional<std::string> after = std::nullopt; // a cursor
};
[[nodiscard]] Result<boost::json::object>
list_sources(Database& database, SourceFilter const& filter);

} // namespace ecluse::store
