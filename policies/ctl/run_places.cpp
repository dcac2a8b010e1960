#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/host_key.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "policies/ctl/target_certificate.h"
#include "policies/policyd/public_key.h"
#include "policies/vault/door_key.h"

namespace ecluse::ctl {
namespace {

constexpr std::size_t private_key_bytes_max = 16 * 1024;

std::string text_of(json::object const& object, std::string_view field)
{
    auto const* value = object.if_contains(field);
    return value && value->is_string() ? std::string{std::string_view{value->get_string()}} : "";
}

/// What a target shows: its field in the request, and each thing with its fingerprint.
struct Shown {
    struct One {
        std::string kind, fingerprint, text;
    };
    char const* field;
    std::vector<One> all;
};

Result<Shown> fetch_keys(std::string const& host, std::uint16_t port)
{
    Shown shown{"key", {}};
    for (auto const& line : ECLUSE_TRY(fetch_host_keys(host, port)))
        if (auto const key = policyd::parse_public_key(line))
            shown.all.push_back({key->type, key->fingerprint, key->line});
    return shown;
}

Result<Shown> fetch_certificate(std::string const& host, std::uint16_t port)
{
    auto const pem = ECLUSE_TRY(fetch_target_certificate(host, port));
    auto const facts = ECLUSE_TRY(read_certificate_facts(pem));
    return Shown{"certificate", {{facts.subject, spelled_fingerprint(facts.sha256), pem}}};
}

std::optional<Shown> fetch(Ctl& ctl, std::string const& name)
{
    auto const asset = ctl.ask("asset.show", {{"asset", name}});
    if (!asset) return std::nullopt;
    bool const is_rdp = text_of(asset->fields, "protocol") == "rdp";
    auto const* given = asset->fields.if_contains("port");
    auto const port = static_cast<std::uint16_t>(
        given && given->is_int64() ? given->get_int64() : (is_rdp ? 3389 : 22)
    );
    auto const host = text_of(asset->fields, "host");
    auto shown = is_rdp ? fetch_certificate(host, port) : fetch_keys(host, port);
    if (shown) return *std::move(shown);
    ctl.fail(shown.error());
    return std::nullopt;
}

} // namespace

Exit run_pin(Ctl& ctl, Command const& command, json::object fields)
{
    auto const fingerprint = respelled_fingerprint(text_of(fields, "fingerprint"));
    bool const fetches = fields.erase("fetch") > 0;
    if (fetches) {
        auto const shown = fetch(ctl, text_of(fields, "asset"));
        if (!shown) return ctl.exit();
        json::array seen;
        std::string chosen;
        for (auto const& one : shown->all) {
            seen.push_back(json::object{{"kind", one.kind}, {"fingerprint", one.fingerprint}});
            if (one.fingerprint == fingerprint) chosen = one.text;
        }
        if (chosen.empty()) {
            // Shown, never believed: somebody compares with what the target's owner says, and types
            // it.
            show(
                ctl,
                {.object = "asset",
                 .verb = "fetched",
                 .request = "",
                 .columns = {"kind", "fingerprint"}},
                {{"rows", std::move(seen)}}
            );
            if (fingerprint.empty()) {
                ctl.say(TextKey::ctl_pin_compare);
                return Exit::warnings;
            }
            return ctl.fail(
                Exit::refused, TextKey::ctl_pin_other, {{"fingerprint", printable(fingerprint)}}
            );
        }
        fields[shown->field] = chosen;
    }
    if ((!fields.contains("key") && !fields.contains("certificate")) || fingerprint.empty())
        return ctl.fail(Exit::usage, TextKey::ctl_pin_needs);
    return ask_and_show(ctl, command, std::move(fields));
}

Exit run_account(Ctl& ctl, Command const& command, json::object fields)
{
    if (ctl.has("private-key-file")) {
        auto bytes = read_file(ctl.value("private-key-file"), private_key_bytes_max);
        if (!bytes) return ctl.fail(bytes.error());
        fields["method"] = "key";
        fields["secret"] = *bytes;
        wipe(*bytes);
    } else if (ctl.has("secret-file") || ctl.has("secret-stdin") || text_of(fields, "method") == "password") {
        auto const secret = ctl.secret("secret", TextKey::ctl_prompt_account_password, true);
        if (!secret) return ctl.exit();
        fields["secret"] = secret->reveal();
        if (!fields.contains("method")) fields["method"] = "password";
    }
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    show(ctl, command, answer->fields);
    auto const key = text_of(answer->fields, "key");
    if (!key.empty()) {
        ctl.say(TextKey::ctl_account_install);
        ctl.say(key);
    }
    return Exit::ok;
}

} // namespace ecluse::ctl
