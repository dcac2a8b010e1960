#include "gateway/ssh/words.h"

#include "common/json.h"

#include <algorithm>

namespace ecluse::ssh {
namespace {

/// Bounds for what policyd sends: generous, and never unbounded.
constexpr std::size_t list_text_max = 4096;
using gateway::frame_text_max;
using gateway::left_ms_max;

Result<Algorithms> read_algorithms(json::object const& body)
{
    Fields fields{body};
    Algorithms lists;
    lists.kex = fields.text("kex", list_text_max);
    lists.ciphers = fields.text("ciphers", list_text_max);
    lists.macs = fields.text("macs", list_text_max);
    lists.host_keys = fields.text("host_keys", list_text_max);
    // Only the front has users' keys.
    lists.user_keys = fields.optional_text("user_keys", list_text_max).value_or("");
    ECLUSE_TRY(fields.finish());
    return lists;
}

Result<Target> read_target(json::object const& body)
{
    Fields fields{body};
    Target target;
    target.host = fields.text("host");
    target.port = fields.number("port", 1, 65535);
    target.user = fields.text("user");
    target.host_keys = fields.texts("host_keys", 16, 8192);
    auto const algorithms = fields.optional_object("algorithms");
    auto const auth = fields.text("auth");
    if (auth != "key" && auth != "password") fields.fault("auth", "is neither key nor password");
    target.by_key = auth == "key";
    auto password = fields.optional_text("password");
    ECLUSE_TRY(fields.finish());
    if (algorithms) target.algorithms = ECLUSE_TRY(read_algorithms(*algorithms));
    if (password) target.password = Secret{*password};
    return target;
}

} // namespace

bool Grant::allows(std::string_view function) const
{
    return std::find(functions.begin(), functions.end(), function) != functions.end();
}

Result<Settings> read_settings(json::object const& body)
{
    Fields fields{body};
    Settings settings;
    settings.connection = fields.text("connection");
    settings.source = fields.text("source");
    settings.site = fields.text("site");
    settings.phone = fields.text("phone");
    settings.portal = fields.text("portal");
    settings.version_string = fields.text("version_string", 200);
    auto const algorithms = fields.object("algorithms");
    settings.auth_timeout_s = fields.number("auth_timeout_s", 1, 3600);
    settings.attempts_max = fields.number("attempts_max", 1, 100);
    settings.first_channel_s = fields.number("first_channel_s", 1, 3600);
    settings.idle_s = fields.number("idle_s", 0, 7 * 24 * 3600);
    settings.channels_max = fields.number("channels_max", 1, 64);
    settings.command_bytes_max = fields.number("command_bytes_max", 1, 512 * 1024);
    settings.env_allow = fields.texts("env_allow");
    settings.rekey_bytes = fields.number("rekey_bytes", 0);
    settings.rekey_s = fields.number("rekey_s", 0, 7 * 24 * 3600);
    auto const minutes = fields.array("warn_minutes", 16);
    settings.stall_ms = fields.number("stall_ms", 10, 60'000);
    ECLUSE_TRY(fields.finish());
    settings.warn_minutes = ECLUSE_TRY(gateway::read_warn_minutes(minutes));
    settings.algorithms = ECLUSE_TRY(read_algorithms(algorithms));
    return settings;
}

Result<Grant> read_grant(json::object const& body, std::vector<Fd> descriptors)
{
    Fields fields{body};
    Grant grant;
    grant.session = fields.text("session");
    grant.window = fields.text("window");
    grant.asset = fields.text("asset");
    grant.asset_name = fields.text("asset_name");
    grant.account = fields.text("account");
    grant.until = fields.text("until");
    grant.left_ms = fields.number("left_ms", 0, left_ms_max);
    grant.functions = fields.texts("functions");
    grant.first = fields.flag("first");
    grant.start_text = fields.text("start_text", frame_text_max);
    grant.paused = fields.flag("paused");
    // A later channel shares the first one's target: it is told nothing about it again.
    auto const target = grant.first ? fields.object("target") : json::object{};
    auto const record = fields.object("record");
    ECLUSE_TRY(fields.finish());
    if (grant.first) grant.target = ECLUSE_TRY(read_target(target));
    Fields budget{record};
    grant.exec_budget_bytes = budget.number("exec_budget_bytes", 0);
    ECLUSE_TRY(budget.finish());
    std::size_t const expected = grant.first ? (grant.target.by_key ? 3 : 2) : 0;
    if (descriptors.size() != expected)
        return Error{Errc::malformed, "grant: wrong number of descriptors"};
    grant.descriptors = std::move(descriptors);
    return grant;
}

} // namespace ecluse::ssh
