#include "common/bytes.h"
#include "common/json.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/worker_opening.h"
#include "policies/store/database.h"
#include "policies/vault/door_key.h"
#include "policies/vault/evidence_key.h"

namespace ecluse::policyd {
namespace {

constexpr std::int64_t port_max = 65535;

/// The exception for old targets, while it lasts.
std::optional<std::string>
exception_in_force(std::optional<std::string> const& algorithms, UtcTime now)
{
    if (!algorithms) return std::nullopt;
    auto const object = parse_object(*algorithms);
    if (!object) return std::nullopt;
    auto const* const until = object->if_contains("until");
    if (!until || !until->is_int64() || until->get_int64() <= now.time_since_epoch().count())
        return std::nullopt;
    return algorithms;
}

std::string evidence_fingerprint(EvidenceKey const& key)
{
    auto const facts = read_certificate_facts(key.certificate_pem());
    return facts ? facts->sha256 : std::string{};
}

} // namespace

Result<TargetFacts> load_target(
    Context& context,
    std::string const& window,
    std::string const& asset,
    std::string const& account,
    UtcTime now
)
{
    auto const row = ECLUSE_TRY(context.database.row(
        "SELECT s.id AS id, s.name AS name, s.host AS host, s.port AS port, s.algorithms AS "
        "algorithms, s.security AS security, a.domain AS domain, "
        "a.id AS account_id, a.method AS method, a.secret_sealed AS secret_sealed "
        "FROM asset s JOIN asset_account a ON a.asset = s.id WHERE s.id = $1 AND a.name = $2",
        {asset, account}
    ));
    if (!row) return Error{Errc::not_found, "target account"};
    TargetFacts target;
    target.id = row->text("id");
    target.name = row->text("name");
    target.host = row->text("host");
    auto const port = row->number("port");
    if (port < 1 || port > port_max) return Error{Errc::corrupt, "target port"};
    target.port = static_cast<std::uint16_t>(port);
    target.user = account;
    target.algorithms = exception_in_force(row->optional_text("algorithms"), now);
    target.security = row->optional_text("security").value_or("");
    target.domain = row->optional_text("domain").value_or("");
    target.account = row->text("account_id");
    target.method = row->text("method");
    target.secret_sealed = row->blob("secret_sealed");
    for (auto const& key : ECLUSE_TRY(
             context.database.rows("SELECT key FROM asset_host_key WHERE asset = $1", {asset})
         ))
        target.host_keys.push_back(key.text("key"));
    auto const decided = ECLUSE_TRY(
        context.database.row("SELECT decided_by FROM access_window WHERE id = $1", {window})
    );
    if (decided) target.approver = decided->optional_text("decided_by").value_or("");
    return target;
}

json::object recording_facts(
    Context& context,
    LiveSession const& session,
    Accepted const& person,
    TargetFacts const& target,
    std::string const& company,
    std::uint16_t source_port
)
{
    json::value charter = nullptr;
    if (auto const row = context.database.row("SELECT max(version) AS version FROM charter");
        row && *row)
        if (auto const version = (*row)->optional_number("version")) charter = *version;
    json::object facts{
        {"protocol", to_code(session.protocol)},
        {"connection", session.connection},
        {"person", {{"id", person.person}, {"login", person.login}, {"name", person.name}}},
        {"vendor", {{"id", person.vendor}, {"name", company}}},
        {"source", {{"address", session.source_address}, {"port", source_port}}},
        {"target",
         {{"id", target.id},
          {"name", target.name},
          {"host", target.host},
          {"port", target.port},
          {"account", target.user},
          {"host_keys", json::array(target.host_keys.begin(), target.host_keys.end())}}},
        {"window",
         {{"id", session.window}, {"until", to_iso(session.until)}, {"approver", target.approver}}},
        {"factors", person.factors},
        {"charter", charter},
        {"started", to_iso(session.started)},
        {"clock_ahead_s", context.clock.ahead().count()},
        {"nonce", to_hex(random_bytes(16))},
        {"versions", {{"policyd", ECLUSE_VERSION}}},
        {"evidence_certificate_sha256", evidence_fingerprint(context.evidence)}};
    if (!session.client.empty()) facts["client"] = session.client;
    return facts;
}

} // namespace ecluse::policyd
