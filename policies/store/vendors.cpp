#include "policies/store/vendors.h"

#include "common/json.h"
#include "policies/store/listing.h"
#include "policies/store/paging.h"

namespace ecluse::store {

Result<std::optional<Vendor>> find_vendor(Database& database, std::string const& id_or_name)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, name, state, contract_reference, contract_from, contract_to FROM vendor "
        "WHERE id = $1 OR name = $2",
        {id_or_name, id_or_name}
    ));
    if (!row) return std::optional<Vendor>{};
    return std::optional{Vendor{
        row->text("id"),
        row->text("name"),
        row->text("state"),
        row->text("contract_reference"),
        row->number("contract_from"),
        row->number("contract_to")}};
}

Result<> insert_vendor(
    Database& database,
    Vendor const& vendor,
    std::string const& contact_sealed,
    std::string const& by,
    std::int64_t at
)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO vendor (id, name, state, contract_reference, contract_from, contract_to, "
        "contact_sealed, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {vendor.id,
         vendor.name,
         vendor.state,
         vendor.contract_reference,
         vendor.contract_from,
         vendor.contract_to,
         Blob{contact_sealed},
         at,
         by}
    ));
    return {};
}

Result<> set_vendor_state(
    Database& database,
    std::string const& id,
    std::string const& state,
    std::string const& reason,
    std::string const& by,
    std::int64_t at
)
{
    ECLUSE_TRY(database.run(
        "UPDATE vendor SET state = $1, state_reason = $2, state_by = $3, state_at = $4 "
        "WHERE id = $5",
        {state, reason, by, at, id}
    ));
    return {};
}

Result<> set_contract(Database& database, Vendor const& vendor)
{
    ECLUSE_TRY(database.run(
        "UPDATE vendor SET contract_reference = $1, contract_from = $2, contract_to = $3 "
        "WHERE id = $4",
        {vendor.contract_reference, vendor.contract_from, vendor.contract_to, vendor.id}
    ));
    return {};
}

Result<bool> has_asset(Database& database, std::string const& vendor, std::string const& asset)
{
    return ECLUSE_TRY(database.row(
                          "SELECT asset FROM vendor_asset WHERE vendor = $1 AND asset = $2",
                          {vendor, asset}
                      ))
        .has_value();
}

Result<std::int64_t>
add_asset(Database& database, std::string const& vendor, std::string const& asset)
{
    return database.run(
        "INSERT INTO vendor_asset (vendor, asset) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        {vendor, asset}
    );
}

Result<std::int64_t>
remove_asset(Database& database, std::string const& vendor, std::string const& asset)
{
    return database.run(
        "DELETE FROM vendor_asset WHERE vendor = $1 AND asset = $2", {vendor, asset}
    );
}

Result<json::object> list_vendors(
    Database& database,
    std::optional<std::string> const& only,
    std::optional<std::string> const& after
)
{
    Paged list{
        "SELECT v.id AS vendor, v.name AS name, v.state AS state, v.contract_reference AS "
        "contract_reference, v.contract_from AS contract_from, v.contract_to AS contract_to, "
        "(SELECT count(*) FROM person p WHERE p.vendor = v.id AND p.state <> 'archived') AS "
        "people, "
        "v.name AS page_key, v.id AS page_id FROM vendor v",
        {"v.name", "v.id", Order::Key::text_rising}};
    list.where_if(only, "v.id = ?");
    return list.page(
        database,
        after,
        {{"vendor"},
         {"name"},
         {"state"},
         {"contract_reference"},
         {"contract_from", As::instant},
         {"contract_to", As::instant},
         {"people", As::number}}
    );
}

Result<json::array> vendor_assets(Database& database, std::string const& id)
{
    return shown_rows(
        database,
        "SELECT a.name AS name, a.description AS description, a.state AS state FROM asset a "
        "JOIN vendor_asset v ON v.asset = a.id WHERE v.vendor = $1 ORDER BY a.name",
        {id},
        {{"name"}, {"description"}, {"state"}}
    );
}

Result<json::object> show_vendor(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id AS vendor, name, state, state_reason, state_at, contract_reference, "
        "contract_from, contract_to, created_at FROM vendor WHERE id = $1",
        {id}
    ));
    if (!row) return Error{Errc::not_found, "vendor " + id};
    auto object = shown(
        *row,
        {{"vendor"},
         {"name"},
         {"state"},
         {"state_reason"},
         {"state_at", As::instant},
         {"contract_reference"},
         {"contract_from", As::instant},
         {"contract_to", As::instant},
         {"created_at", As::instant}}
    );
    object["assets"] = ECLUSE_TRY(vendor_assets(database, id));
    object["sources"] = ECLUSE_TRY(list_sources(database, {.vendor = id, .state = {}})).at("rows");
    object["persons"] = ECLUSE_TRY(shown_rows(
        database,
        "SELECT login, first_name || ' ' || last_name AS name, state FROM person "
        "WHERE vendor = $1 ORDER BY login",
        {id},
        {{"login"}, {"name"}, {"state"}}
    ));
    return object;
}

Result<std::optional<Subcontractor>> find_subcontractor(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, vendor, name, notified_at, decision FROM subcontractor WHERE id = $1", {id}
    ));
    if (!row) return std::optional<Subcontractor>{};
    return std::optional{Subcontractor{
        row->text("id"),
        row->text("vendor"),
        row->text("name"),
        row->number("notified_at"),
        row->optional_text("decision")}};
}

Result<> insert_subcontractor(Database& database, Subcontractor const& subcontractor)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO subcontractor (id, vendor, name, notified_at) VALUES ($1, $2, $3, $4)",
        {subcontractor.id, subcontractor.vendor, subcontractor.name, subcontractor.notified_at}
    ));
    return {};
}

Result<> decide_subcontractor(
    Database& database,
    std::string const& id,
    std::string const& decision,
    std::string const& by,
    std::int64_t at
)
{
    ECLUSE_TRY(database.run(
        "UPDATE subcontractor SET decision = $1, decided_by = $2, decided_at = $3 WHERE id = $4",
        {decision, by, at, id}
    ));
    return {};
}

Result<json::object> list_subcontractors(
    Database& database,
    std::optional<std::string> const& vendor,
    std::int64_t objection_s,
    std::optional<std::string> const& after
)
{
    Paged list{
        "SELECT s.id AS subcontractor, s.name AS name, v.name AS vendor, s.notified_at AS "
        "notified_at, s.notified_at + $1 AS until, s.decision AS decision, "
        "s.notified_at AS page_key, s.id AS page_id FROM subcontractor s "
        "JOIN vendor v ON v.id = s.vendor",
        {"s.notified_at", "s.id"},
        {objection_s}};
    list.where_if(vendor, "s.vendor = ?");
    return list.page(
        database,
        after,
        {{"subcontractor"},
         {"name"},
         {"vendor"},
         {"notified_at", As::instant},
         {"until", As::instant},
         {"decision"}}
    );
}

Result<std::optional<Source>> find_source(Database& database, std::string const& id)
{
    auto const row = ECLUSE_TRY(database.row(
        "SELECT id, vendor, range, kind, state, declared_by FROM authorized_source WHERE id = $1",
        {id}
    ));
    if (!row) return std::optional<Source>{};
    return std::optional{Source{
        row->text("id"),
        row->text("vendor"),
        row->text("range"),
        row->text("kind"),
        row->text("state"),
        row->text("declared_by")}};
}

Result<> insert_source(Database& database, NewSource const& source)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO authorized_source (id, vendor, range, kind, reason, country, state, "
        "declared_by, declared_at, valid_from, valid_to) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'declared', $7, $8, $9, $10)",
        {source.id,
         source.vendor,
         source.range,
         source.kind,
         source.reason,
         nullable(source.country),
         source.declared_by,
         source.declared_at,
         source.valid_from,
         nullable(source.valid_to)}
    ));
    return {};
}

Result<> decide_source(
    Database& database,
    std::string const& id,
    std::string const& state,
    std::string const& by,
    std::int64_t at,
    std::string const& reason
)
{
    ECLUSE_TRY(database.run(
        "UPDATE authorized_source SET state = $1, decided_by = $2, decided_at = $3, "
        "decision_reason = $4 WHERE id = $5",
        {state, by, at, reason, id}
    ));
    return {};
}

Result<bool>
is_source_declared(Database& database, std::string const& vendor, std::string const& range)
{
    return ECLUSE_TRY(database.row(
                          "SELECT id FROM authorized_source WHERE vendor = $1 AND range = $2 AND "
                          "state IN ('declared', 'approved') LIMIT 1",
                          {vendor, range}
                      ))
        .has_value();
}

Result<json::object> list_sources(Database& database, SourceFilter const& filter)
{
    Paged list{
        "SELECT s.id AS source, s.range AS range, v.name AS vendor, s.kind AS kind, s.reason AS "
        "reason, s.country AS country, s.state AS state, "
        "(SELECT login FROM person WHERE id = s.declared_by) AS declared_by, s.declared_at AS "
        "declared_at, (SELECT login FROM person WHERE id = s.decided_by) AS decided_by, "
        "s.decided_at AS decided_at, s.valid_from AS valid_from, s.valid_to AS valid_to, "
        "s.declared_at AS page_key, s.id AS page_id "
        "FROM authorized_source s JOIN vendor v ON v.id = s.vendor",
        {"s.declared_at", "s.id"}};
    list.where_if(filter.vendor, "s.vendor = ?").where_if(filter.state, "s.state = ?");
    return list.page(
        database,
        filter.after,
        {{"source"},
         {"range"},
         {"vendor"},
         {"kind"},
         {"reason"},
         {"country"},
         {"state"},
         {"declared_by"},
         {"declared_at", As::instant},
         {"decided_by"},
         {"decided_at", As::instant},
         {"valid_from", As::instant},
         {"valid_to", As::instant}}
    );
}

} // namespace ecluse::store
