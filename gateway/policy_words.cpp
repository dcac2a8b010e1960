#include "gateway/policy_words.h"

#include "common/json.h"

#include <algorithm>

namespace ecluse::gateway {
namespace {

constexpr std::size_t windows_max = 100;

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
    refusal.reason = fields.text("reason");
    refusal.next = fields.optional_text("next").value_or("");
    refusal.action = fields.text("action");
    refusal.reference = fields.text("reference");
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
    } else if (kind == "pause") {
        push.kind = Push::Kind::pause;
        push.paused = fields.flag("paused");
    } else if (kind == "message") {
        push.kind = Push::Kind::message;
    } else {
        fields.fault("push", "is not known");
    }
    push.text = fields.text("text", frame_text_max);
    ECLUSE_TRY(fields.finish());
    return push;
}

Result<std::vector<std::int64_t>> read_warn_minutes(json::array const& minutes)
{
    std::vector<std::int64_t> list;
    for (auto const& minute : minutes) {
        if (!minute.is_int64() || minute.get_int64() < 1 || minute.get_int64() > 24 * 60)
            return Error{Errc::malformed, "warn_minutes: not a list of minutes"};
        list.push_back(minute.get_int64());
    }
    std::sort(list.rbegin(), list.rend());
    return list;
}

} // namespace ecluse::gateway
