#include "gateway/ssh/words.h"

#include "common/json.h"

#include <algorithm>

namespace ecluse::ssh {
namespace {

/// Bounds for what policyd sends: generous, and never unbounded.
constexpr std::size_t list_text_max = 4096;
constexpr std::size_t frame_text_max = 16384;
constexpr std::size_t windows_max = 100;
constexpr std::int64_t left_ms_max = std::int64_t{366} * 24 * 3600 * 1000;

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

Result<OpenWindow> read_window(json::object const& body)
{
    Fields fields{body};
    OpenWindow window;
    window.window = fields.text("window");
    window.asset = fields.text("asset");
    window.asset_name = fields.text("asset_name");
    window.protocol = fields.text("protocol");
    window.until = fields.text("until");
    window.left_ms = fields.number("left_ms", 0, left_ms_max);
    window.accounts = fields.texts("accounts");
    window.functions = fields.texts("functions");
    ECLUSE_TRY(fields.finish());
    return window;
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
    for (auto const& minute : minutes) {
        if (!minute.is_int64() || minute.get_int64() < 1 || minute.get_int64() > 24 * 60)
            fields.fault("warn_minutes", "is not a list of minutes");
        else
            settings.warn_minutes.push_back(minute.get_int64());
    }
    ECLUSE_TRY(fields.finish());
    std::sort(settings.warn_minutes.rbegin(), settings.warn_minutes.rend());
    settings.algorithms = ECLUSE_TRY(read_algorithms(algorithms));
    return settings;
}

Result<AuthOutcome> read_auth_outcome(json::object const& body)
{
    Fields fields{body};
    AuthOutcome outcome;
    if (!fields.flag("accepted")) {
        outcome.wait_s = fields.number("wait_s", 0, 24 * 3600);
        outcome.give_up = fields.flag("give_up");
        ECLUSE_TRY(fields.finish());
        return outcome;
    }
    Person person;
    person.id = fields.text("person");
    person.name = fields.text("name");
    auto const language = parse_language(fields.text("language"));
    if (!language) fields.fault("language", "is not known");
    auto const last = fields.optional_object("last_login");
    person.failures = fields.number("failures", 0);
    ECLUSE_TRY(fields.finish());
    person.language = *language;
    if (last) {
        Fields login{*last};
        person.last_login = LastLogin{login.text("at"), login.text("from"), login.text("door")};
        ECLUSE_TRY(login.finish());
    }
    outcome.person = std::move(person);
    return outcome;
}

Result<Refusal> read_refusal(json::object const& body)
{
    Fields fields{body};
    Refusal refusal;
    refusal.code = fields.text("code", 32);
    (void)fields.text("reason");
    (void)fields.optional_text("next");
    (void)fields.text("action");
    (void)fields.text("reference");
    refusal.text = fields.text("text", frame_text_max);
    refusal.wait = fields.flag("wait", false);
    ECLUSE_TRY(fields.finish());
    return refusal;
}

Result<Menu> read_menu(json::object const& body)
{
    Fields fields{body};
    auto const windows = fields.array("windows", windows_max);
    auto const refusal = fields.optional_object("refusal");
    ECLUSE_TRY(fields.finish());
    Menu menu;
    for (auto const& window : windows) {
        if (!window.is_object()) return Error{Errc::malformed, "menu: not a window"};
        menu.windows.push_back(ECLUSE_TRY(read_window(window.get_object())));
    }
    if (refusal) menu.refusal = ECLUSE_TRY(read_refusal(*refusal));
    if (menu.windows.empty() && !menu.refusal)
        return Error{Errc::malformed, "menu: empty, and no refusal"};
    return menu;
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

Result<Push> read_push(json::object const& body)
{
    Fields fields{body};
    Push push{};
    auto const kind = fields.text("push", 32);
    if (kind == "end") {
        push.kind = Push::Kind::end;
        push.reason = fields.text("reason", 64);
        push.code = fields.optional_text("code", 32).value_or("");
    } else if (kind == "extended") {
        push.kind = Push::Kind::extended;
        push.until = fields.text("until", 64);
        push.left_ms = fields.number("left_ms", 0, left_ms_max);
    } else if (kind == "message") {
        push.kind = Push::Kind::message;
    } else {
        fields.fault("push", "is not known");
    }
    push.text = fields.text("text", frame_text_max);
    ECLUSE_TRY(fields.finish());
    return push;
}

} // namespace ecluse::ssh
