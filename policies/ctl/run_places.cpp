#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/host_key.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "policies/policyd/public_key.h"

namespace ecluse::ctl {
namespace {

constexpr std::size_t private_key_bytes_max = 16 * 1024;

std::string text_of(json::object const& object, std::string_view field)
{
    auto const* value = object.if_contains(field);
    return value && value->is_string() ? std::string{std::string_view{value->get_string()}} : "";
}

std::optional<std::vector<std::string>> fetch(Ctl& ctl, std::string const& name)
{
    auto const asset = ctl.ask("asset.show", {{"asset", name}});
    if (!asset) return std::nullopt;
    auto const* port = asset->fields.if_contains("port");
    auto keys = fetch_host_keys(
        text_of(asset->fields, "host"),
        static_cast<std::uint16_t>(port && port->is_int64() ? port->get_int64() : 22)
    );
    if (keys) return *std::move(keys);
    ctl.fail(keys.error());
    return std::nullopt;
}

/// The key that has this fingerprint, among those that the target shows.
std::string choose(std::vector<std::string> const& keys, std::string const& fingerprint)
{
    for (auto const& line : keys)
        if (auto const key = policyd::parse_public_key(line))
            if (key->fingerprint == fingerprint) return key->line;
    return {};
}

} // namespace

Exit run_pin(Ctl& ctl, Command const& command, json::object fields)
{
    auto const fingerprint = text_of(fields, "fingerprint");
    bool const fetches = fields.erase("fetch") > 0;
    if (fetches) {
        auto const keys = fetch(ctl, text_of(fields, "asset"));
        if (!keys) return ctl.exit();
        json::array seen;
        for (auto const& line : *keys)
            if (auto const key = policyd::parse_public_key(line))
                seen.push_back(json::object{{"kind", key->type}, {"fingerprint", key->fingerprint}}
                );
        auto const chosen = choose(*keys, fingerprint);
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
        fields["key"] = chosen;
    }
    if (!fields.contains("key") || fingerprint.empty())
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
