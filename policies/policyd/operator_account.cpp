#include "common/bytes.h"
#include "common/json.h"
#include "common/secret.h"
#include "common/text_keys.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/operator_act.h"
#include "policies/store/assets.h"
#include "policies/vault/ssh_key.h"
#include "policies/vault/vault.h"

#include <algorithm>
#include <array>

/// Target accounts: their secrets go into the vault and never come out to a person
/// (CLAUSIER:O-12.2.10.1).
namespace ecluse::policyd {
namespace {

constexpr std::size_t secret_bytes_max = 16 * 1024;

/// CHM:8.3: manufacturers' passwords.
constexpr std::array<std::string_view, 14> default_passwords{
    "admin",
    "administrator",
    "password",
    "passw0rd",
    "root",
    "toor",
    "default",
    "guest",
    "service",
    "changeme",
    "123456",
    "12345678",
    "support",
    "maintenance"};

bool is_default(std::string_view password, std::string_view account)
{
    std::string lower{password};
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return lower.empty() || lower == account ||
           std::find(default_passwords.begin(), default_passwords.end(), lower) !=
               default_passwords.end();
}

/// A Unix account, or DOMAIN\name; printable, and nothing that a menu could mistake for its own.
bool is_account_name(std::string_view name)
{
    auto const fits = [](char letter) {
        return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '.' ||
               letter == '_' || letter == '-' || letter == '\\' || letter == '$';
    };
    return !name.empty() && name.size() <= 64 && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), fits);
}

/// A Windows domain, short or as a DNS name; empty takes it away.
bool is_domain(std::string_view name)
{
    return name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char letter) {
               return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '.' ||
                      letter == '_' || letter == '-';
           });
}

struct Material {
    std::string sealed;
    std::optional<std::string> key;
};

/// The account's secret, generated or given, sealed for this row.
std::variant<Material, Reply>
make_material(Context& context, store::Account const& account, Secret const& given)
{
    auto const place = box::asset_account(account.id);
    if (account.method == "password") {
        if (given.empty()) return Reply{bad_value("secret", "vide")};
        if (is_default(given.reveal(), account.name))
            return Reply{Fault{
                "E-MDP-08",
                TextKey::operator_default_password_text,
                {},
                TextKey::operator_default_password_remedy}};
        return Material{context.vault.seal(place, given.reveal()), std::nullopt};
    }
    auto const key = given.empty() ? SshKey::generate_ed25519() : SshKey::parse(given.reveal());
    if (!key) return Reply{bad_value("secret", key.error().what)};
    return Material{context.vault.seal(place, key->private_text().reveal()), key->public_line()};
}

Reply put(Context& context, Caller const& caller, Request& request, bool is_new)
{
    Fields fields{request.fields};
    auto const asset_name = fields.text("asset", name_bytes_max);
    auto const name = fields.text("account", id_bytes_max);
    auto const method = fields.optional_text("method", 16);
    auto const domain = fields.optional_text("domain", id_bytes_max);
    auto typed = fields.optional_text("secret", secret_bytes_max).value_or("");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    Secret const given{typed};
    auto const asset = ECLUSE_TRY(store::find_asset(context.database, asset_name));
    if (!asset) return unknown(TextKey::operator_unknown_asset, asset_name);
    bool const is_rdp = asset->protocol == "rdp";
    if (!is_account_name(name)) return bad_value("account", name);
    auto account = ECLUSE_TRY(store::find_account(context.database, asset->id, name));
    if (is_new && account) return already(name);
    if (!is_new && !account) return unknown(TextKey::operator_unknown_account, name);
    if (!account) {
        account.emplace();
        account->id = random_id('K');
        account->asset = asset->id;
        account->name = name;
        account->method = is_rdp ? "password" : "key";
    }
    if (method) account->method = *method;
    if (domain) account->domain = domain;
    if (account->method != "password" && (is_rdp || account->method != "key"))
        return bad_value("method", account->method);
    if (domain && (!is_rdp || !is_domain(*domain))) return bad_value("domain", *domain);
    auto made = make_material(context, *account, given);
    if (auto* refused = std::get_if<Reply>(&made)) return std::move(*refused);
    auto const& material = std::get<Material>(made);
    auto const before = account->key;
    account->secret_sealed = material.sealed;
    account->key = material.key;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = is_new ? "asset.account_added" : "asset.account_rotated",
         .object = asset->id,
         // Secrets appear as their public half, or not at all.
         .details =
             {{"account", name},
              {"method", account->method},
              {"domain", account->domain.value_or("")},
              {"before", before.value_or("")},
              {"after", account->key.value_or("")}}},
        [&] { return store::put_account(context.database, *account, seconds_now(context)); }
    ));
    json::object answer{{"asset", asset->name}, {"account", name}, {"method", account->method}};
    if (account->key) answer["key"] = *account->key + " ecluse-" + asset->name;
    return answer;
}

Reply add(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return put(context, caller, request, true);
}
Reply rotate(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return put(context, caller, request, false);
}

Reply remove(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const asset_name = fields.text("asset", name_bytes_max);
    auto const name = fields.text("account", id_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const asset = ECLUSE_TRY(store::find_asset(context.database, asset_name));
    if (!asset) return unknown(TextKey::operator_unknown_asset, asset_name);
    auto const account = ECLUSE_TRY(store::find_account(context.database, asset->id, name));
    if (!account) return unknown(TextKey::operator_unknown_account, name);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "asset.account_removed",
         .object = asset->id,
         .details = {{"account", name}, {"reason", why}}},
        [&] { return store::remove_account(context.database, account->id); }
    ));
    return json::object{{"asset", asset->name}, {"account", name}};
}

} // namespace

void add_account_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "account.add", {{"dsi"}}, &add);
    add_request(table, context, "account.rotate", {{"dsi"}}, &rotate);
    add_request(table, context, "account.remove", {{"dsi"}}, &remove);
}

} // namespace ecluse::policyd
