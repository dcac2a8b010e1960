#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/core/calendar.h"
#include "policies/core/retention.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/public_key.h"
#include "policies/store/assets.h"
#include "policies/store/paging.h"
#include "policies/vault/door_key.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

constexpr std::int64_t sessions_max = 100;
constexpr std::int64_t recording_days_max = 3650;
constexpr std::size_t key_bytes_max = 8192;
constexpr std::size_t certificate_bytes_max = 16 * 1024;

/// It is typed in "login+asset": no other letters.
bool is_asset_name(std::string_view name)
{
    auto const fits = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
               letter == '-';
    };
    return !name.empty() && name.size() <= 32 && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), fits);
}

bool is_host(std::string_view host)
{
    auto const fits = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '-' || letter == '.' || letter == ':';
    };
    return !host.empty() && host.size() <= 253 && host.front() != '-' &&
           std::all_of(host.begin(), host.end(), fits);
}

std::string joined(std::vector<std::string> const& parts)
{
    std::string text;
    for (auto const& part : parts)
        text += (text.empty() ? "" : ",") + part;
    return text.empty() ? "never" : text;
}

/// What is pinned, and how a person compares it.
struct Pin {
    std::string line, type, fingerprint;
};

Result<Pin> read_pin(store::Asset const& asset, std::string const& text)
{
    if (asset.protocol == "rdp") {
        auto const facts = ECLUSE_TRY(read_certificate_facts(text));
        return Pin{
            std::string{store::certificate_pin_prefix} + facts.sha256,
            "x509-sha256",
            spelled_fingerprint(facts.sha256)};
    }
    auto key = ECLUSE_TRY(parse_public_key(text));
    return Pin{std::move(key.line), std::move(key.type), std::move(key.fingerprint)};
}

/// The fingerprint of a pin as stored; empty for what cannot be read.
std::string fingerprint_of(std::string_view pin)
{
    if (pin.starts_with(store::certificate_pin_prefix))
        return spelled_fingerprint(pin.substr(store::certificate_pin_prefix.size()));
    auto const key = parse_public_key(pin);
    return key ? key->fingerprint : std::string{};
}

Reply create(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    store::Asset asset;
    asset.name = fields.text("name", id_bytes_max);
    asset.description = fields.text("description", name_bytes_max);
    asset.host = fields.text("host", 256);
    asset.protocol = fields.optional_text("protocol", 8).value_or("ssh");
    bool const is_rdp = asset.protocol == "rdp";
    asset.port = fields.optional_number("port", 1, 65535).value_or(is_rdp ? 3389 : 22);
    asset.security = fields.optional_text("security", 8);
    auto const referent = fields.optional_text("referent", id_bytes_max);
    asset.default_open_mode =
        fields.optional_text("open_mode", 8).value_or(context.config.windows.open);
    auto const hours = joined(fields.optional_texts("usage_hours", 32, 64));
    asset.session_limit = fields.optional_number("sessions", 1, sessions_max).value_or(1);
    asset.recording_days = fields.optional_number("recording_days", 1, recording_days_max)
                               .value_or(context.config.recording.retention_days);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (!is_asset_name(asset.name)) return bad_value("name", "a-z 0-9 - (1…32)");
    if (auto const fault = validate_asset_retention(std::chrono::days{asset.recording_days}))
        return to_reply(*fault);
    if (!is_host(asset.host)) return bad_value("host", asset.host);
    if (!parse_protocol(asset.protocol)) return bad_value("protocol", asset.protocol);
    if (!is_rdp && asset.security) return bad_value("security", "ssh");
    // NLA unless the target cannot: it proves the account before a desktop is drawn.
    if (is_rdp && !asset.security) asset.security = "nla";
    if (is_rdp && asset.security != "tls" && asset.security != "nla")
        return bad_value("security", *asset.security);
    if (asset.default_open_mode != "auto" && asset.default_open_mode != "manual")
        return bad_value("open_mode", asset.default_open_mode);
    auto const weekly = parse_weekly_hours(hours);
    if (!weekly) return bad_value("usage_hours", weekly.error().what);
    if (referent) {
        auto const person = ECLUSE_TRY(find_person(context, *referent));
        if (!person || person->vendor) return unknown(TextKey::operator_unknown_person, *referent);
        asset.referent = person->id;
    }
    if (ECLUSE_TRY(store::find_asset(context.database, asset.name))) return already(asset.name);
    asset.id = random_id('E');
    asset.state = "active";
    asset.usage_hours = hours;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "asset.created",
         .object = asset.id,
         .details =
             {{"name", asset.name},
              {"protocol", asset.protocol},
              {"host", asset.host},
              {"port", asset.port}}},
        [&] {
            return store::insert_asset(
                context.database, asset, caller.person, seconds_now(context)
            );
        }
    ));
    return json::object{{"asset", asset.id}, {"name", asset.name}};
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    return page_reply(store::list_assets(context.database, own, caller.scope, after));
}

Reply show(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("asset", name_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const asset = ECLUSE_TRY(store::find_asset(context.database, name));
    if (!asset || !ECLUSE_TRY(store::asset_is_in(context.database, caller.scope, asset->id)))
        return unknown(TextKey::operator_unknown_asset, name);
    auto object = ECLUSE_TRY(store::show_asset(context.database, asset->id));
    for (auto& row : object.at("host_keys").as_array())
        row.as_object()["fingerprint"] = fingerprint_of(row.as_object().at("key").as_string());
    return document(std::move(object));
}

/// One change of an asset's row: `edit` says what, or refuses.
template <class Edit>
Reply change(
    Context& context,
    Caller const& caller,
    std::string const& name,
    char const* type,
    json::object details,
    Edit const& edit
)
{
    auto asset = ECLUSE_TRY(store::find_asset(context.database, name));
    if (!asset) return unknown(TextKey::operator_unknown_asset, name);
    if (std::optional<Fault> refused = edit(*asset, details)) return *refused;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = type, .object = asset->id, .details = std::move(details)},
        [&] { return store::update_asset(context.database, *asset); }
    ));
    return json::object{{"asset", asset->id}, {"name", asset->name}};
}

Reply set_state(
    Context& context, Caller const& caller, Request& request, char const* to, char const* type
)
{
    Fields fields{request.fields};
    auto const name = fields.text("asset", name_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    std::string id;
    auto reply = change(
        context,
        caller,
        name,
        type,
        {{"reason", why}},
        [&](store::Asset& asset, json::object& details) -> std::optional<Fault> {
            if (why.empty()) return bad_value("reason", "vide");
            if (asset.state == to) return wrong_state(asset.state);
            details["before"] = asset.state;
            details["after"] = to;
            asset.state = to;
            id = asset.id;
            return std::nullopt;
        }
    );
    if (std::holds_alternative<Reply::Success>(reply.what()) && std::string_view{to} != "active") {
        auto ending = endings::revoked();
        ending.by = caller.person;
        ending.comment = why;
        context.live.revoke_asset(id, ending);
    }
    return reply;
}

Reply disable(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return set_state(context, caller, request, "disabled", "asset.disabled");
}
Reply enable(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return set_state(context, caller, request, "active", "asset.enabled");
}

Reply usage_hours(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("asset", name_bytes_max);
    auto const hours = joined(fields.texts("usage_hours", 32, 64));
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return change(
        context,
        caller,
        name,
        "asset.changed",
        {{"field", "usage_hours"}},
        [&](store::Asset& asset, json::object& details) -> std::optional<Fault> {
            auto const weekly = parse_weekly_hours(hours);
            if (!weekly) return bad_value("usage_hours", weekly.error().what);
            details["before"] = asset.usage_hours;
            details["after"] = hours;
            asset.usage_hours = hours;
            return std::nullopt;
        }
    );
}

Reply limit(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("asset", name_bytes_max);
    auto const sessions = fields.number("sessions");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return change(
        context,
        caller,
        name,
        "asset.changed",
        {{"field", "session_limit"}},
        [&](store::Asset& asset, json::object& details) -> std::optional<Fault> {
            if (sessions < 1 || sessions > sessions_max)
                return bad_value("sessions", "1…" + std::to_string(sessions_max));
            details["before"] = asset.session_limit;
            details["after"] = sessions;
            asset.session_limit = sessions;
            return std::nullopt;
        }
    );
}

/// HDS:EXI-19: every session on it is looked at in every audit.
Reply sensitive(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("asset", name_bytes_max);
    auto const is_sensitive = fields.flag("sensitive");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    return change(
        context,
        caller,
        name,
        "asset.changed",
        {{"field", "sensitive"}},
        [&](store::Asset& asset, json::object& details) -> std::optional<Fault> {
            details["before"] = asset.sensitive;
            details["after"] = is_sensitive;
            asset.sensitive = is_sensitive;
            return std::nullopt;
        }
    );
}

/// CLAUSIER:O-8.3: old algorithms only by name, with a date and a reason.
Reply exception(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("asset", name_bytes_max);
    json::object algorithms;
    for (auto const* list : {"kex", "ciphers", "macs", "host_keys"}) {
        auto const names = fields.optional_texts(list, 16, 64);
        if (!names.empty()) algorithms[list] = joined(names);
    }
    auto const until = fields.text("until", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const end = parse_iso(until);
    if (!end || end->time_since_epoch().count() <= seconds_now(context))
        return bad_value("until", until);
    if (why.empty()) return bad_value("reason", "vide");
    if (algorithms.empty()) return bad_value("kex, ciphers, macs, host_keys", "vide");
    for (auto const& list : algorithms)
        for (char const letter : std::string_view{list.value().get_string()})
            if (!std::isalnum(static_cast<unsigned char>(letter)) && letter != '-' &&
                letter != '@' && letter != '.' && letter != ',')
                return bad_value(list.key(), std::string_view{list.value().get_string()});
    algorithms["until"] = end->time_since_epoch().count();
    algorithms["reason"] = why;
    algorithms["by"] = caller.person;
    return change(
        context,
        caller,
        name,
        "asset.algorithms",
        {{"after", algorithms}, {"reason", why}},
        [&](store::Asset& asset, json::object& details) -> std::optional<Fault> {
            details["before"] = asset.algorithms.value_or("");
            asset.algorithms = json::serialize(algorithms);
            return std::nullopt;
        }
    );
}

Reply pin(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("asset", name_bytes_max);
    auto const key = fields.optional_text("key", key_bytes_max);
    auto const certificate = fields.optional_text("certificate", certificate_bytes_max);
    auto const fingerprint = respelled_fingerprint(fields.text("fingerprint", 128));
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const asset = ECLUSE_TRY(store::find_asset(context.database, name));
    if (!asset) return unknown(TextKey::operator_unknown_asset, name);
    auto const* const field = asset->protocol == "rdp" ? "certificate" : "key";
    auto const& given = asset->protocol == "rdp" ? certificate : key;
    if (!given || (key && certificate)) return bad_value(field, asset->protocol);
    auto const read = read_pin(*asset, *given);
    if (!read) return bad_value(field, read.error().what);
    // Whoever pins has read the fingerprint somewhere else than on this wire.
    if (read->fingerprint != fingerprint)
        return Fault{
            "E-EMP-01",
            TextKey::operator_fingerprint_text,
            {{"seen", read->fingerprint}},
            TextKey::operator_fingerprint_remedy};
    auto const held = ECLUSE_TRY(store::host_keys(context.database, asset->id));
    if (std::find(held.begin(), held.end(), read->line) != held.end())
        return already(read->fingerprint);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "asset.pinned",
         .object = asset->id,
         .details = {{"type", read->type}, {"fingerprint", read->fingerprint}}},
        [&]() -> Result<> {
            ECLUSE_TRY(store::pin_host_key(
                context.database, asset->id, read->line, caller.person, seconds_now(context)
            ));
            return {};
        }
    ));
    return json::object{{"name", asset->name}, {"fingerprint", read->fingerprint}};
}

Reply unpin(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const name = fields.text("asset", name_bytes_max);
    auto const fingerprint = respelled_fingerprint(fields.text("fingerprint", 128));
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const asset = ECLUSE_TRY(store::find_asset(context.database, name));
    if (!asset) return unknown(TextKey::operator_unknown_asset, name);
    for (auto const& line : ECLUSE_TRY(store::host_keys(context.database, asset->id))) {
        if (fingerprint.empty() || fingerprint_of(line) != fingerprint) continue;
        ECLUSE_TRY(record_act(
            context,
            caller,
            {.type = "asset.unpinned",
             .object = asset->id,
             .details = {{"fingerprint", fingerprint}}},
            [&]() -> Result<> {
                ECLUSE_TRY(store::unpin_host_key(context.database, asset->id, line));
                return {};
            }
        ));
        return json::object{{"name", asset->name}, {"fingerprint", fingerprint}};
    }
    return unknown(TextKey::operator_unknown_fingerprint, fingerprint);
}

} // namespace

void add_asset_requests(RequestTable& table, Context& context)
{
    std::vector<std::string> const hospital{"dsi", "rssi", "auditor", "platform_admin"};
    add_request(table, context, "asset.create", {{"dsi"}}, &create);
    add_request(
        table,
        context,
        "asset.list",
        {.roles = {"dsi", "rssi", "auditor", "platform_admin", "technician", "vendor_manager"},
         .limited_auditor = true},
        &list
    );
    // Addresses and keys of targets are the hospital's: a vendor sees names only.
    add_request(table, context, "asset.show", {.roles = hospital, .limited_auditor = true}, &show);
    add_request(table, context, "asset.disable", {{"dsi", "rssi"}}, &disable);
    add_request(table, context, "asset.enable", {{"dsi"}}, &enable);
    add_request(table, context, "asset.usage_hours", {{"dsi"}}, &usage_hours);
    add_request(table, context, "asset.limit", {{"dsi"}}, &limit);
    add_request(table, context, "asset.sensitive", {{"dsi", "rssi"}}, &sensitive);
    add_request(table, context, "asset.exception", {{"dsi"}}, &exception);
    add_request(table, context, "asset.pin", {{"dsi"}}, &pin);
    add_request(table, context, "asset.unpin", {{"dsi"}}, &unpin);
}

} // namespace ecluse::policyd
