#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/qr.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"

#include <fmt/format.h>

#include <unistd.h>

namespace ecluse::ctl {
namespace {

std::string text_of(json::object const& object, std::string_view field)
{
    auto const* value = object.if_contains(field);
    return value && value->is_string() ? std::string{std::string_view{value->get_string()}} : "";
}

/// The secret of the authenticator application: as text, and as a picture where one can be shown.
void show_totp(Ctl const& ctl, json::object const& answer)
{
    ctl.say(TextKey::ctl_enrol_totp);
    ctl.say("");
    auto const uri = text_of(answer, "uri");
    if (isatty(STDOUT_FILENO) == 1) ctl.say(qr_code(uri));
    ctl.say("  " + text_of(answer, "secret"));
    ctl.say("  " + printable(uri, 512));
    ctl.say("");
}

void show_recovery(Ctl const& ctl, json::object const& answer)
{
    ctl.say(TextKey::ctl_enrol_recovery);
    auto const* codes = answer.if_contains("recovery_codes");
    if (!codes || !codes->is_array()) return;
    for (auto const& code : codes->get_array())
        if (code.is_string()) ctl.say("  " + std::string{std::string_view{code.get_string()}});
}

Exit print_json(json::object const& answer)
{
    fmt::print("{}\n", json::serialize(answer));
    return Exit::ok;
}

Exit confirm_enrolment(Ctl& ctl, std::string const& invitation, std::string const& code)
{
    auto const answer = ctl.ask("enrol.confirm", {{"invitation", invitation}, {"code", code}});
    if (!answer) return ctl.exit();
    if (ctl.json()) return print_json(answer->fields);
    show_recovery(ctl, answer->fields);
    ctl.say(TextKey::ctl_enrol_done, {{"login", text_of(answer->fields, "login")}});
    return Exit::ok;
}

} // namespace

Exit run_person_import(Ctl& ctl, Command const& command, json::object fields)
{
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    auto const* const errors = answer->fields.if_contains("errors");
    bool const is_good = !errors || errors->as_array().empty();
    auto const status = is_good ? Exit::ok : Exit::refused;
    if (ctl.json()) {
        (void)print_json(answer->fields);
        return status;
    }
    if (!errors) {
        show(ctl, command, answer->fields);
        return status;
    }
    if (!is_good)
        ctl.say(
            table(errors->as_array(), {"line", "login", "code", "text", "remedy"}, ctl.language())
        );
    ctl.say(
        TextKey::ctl_person_import_trial,
        {{"good", std::to_string(answer->fields.at("good").as_int64())},
         {"wrong", std::to_string(errors->as_array().size())}}
    );
    return status;
}

Exit run_login(Ctl& ctl, Command const&, json::object fields)
{
    auto const login = text_of(fields, "login");
    if (login.empty() || login.find('/') != std::string::npos || login.starts_with('.'))
        return ctl.fail(Exit::usage, TextKey::ctl_login_name);
    if (!ctl.sign(fields)) return ctl.exit();
    auto const answer = ctl.ask("login", std::move(fields));
    if (!answer) return ctl.exit();
    if (auto const kept = ctl.keep_token(login, text_of(answer->fields, "token")); !kept)
        return ctl.fail(kept.error());
    auto shown = answer->fields;
    shown.erase("token"); // it went to its file, and nowhere else
    if (ctl.json()) return print_json(shown);
    ctl.say(
        TextKey::ctl_login_done,
        {{"name", printable(text_of(shown, "name"))}, {"login", printable(login)}}
    );
    auto const* failures = shown.if_contains("failures");
    if (failures && failures->is_int64() && failures->get_int64() > 0) {
        auto const count = std::to_string(failures->get_int64());
        ctl.say(TextKey::ctl_login_failures, {{"count", count}});
    }
    if (auto const* const notices = shown.if_contains("notices"); notices && notices->is_array())
        for (auto const& notice : notices->get_array())
            if (notice.is_string()) ctl.say(printable(notice.get_string(), 512));
    return Exit::ok;
}

Exit run_logout(Ctl& ctl, Command const&, json::object)
{
    auto const login = ctl.login();
    auto const answer = ctl.ask("logout", {});
    // Whatever policyd says, the token is of no more use here.
    if (login) ctl.drop_token(*login);
    if (!answer) return ctl.exit();
    ctl.say(TextKey::ctl_logout_done);
    return Exit::ok;
}

Exit run_enrol(Ctl& ctl, Command const&, json::object fields)
{
    auto const invitation = text_of(fields, "token");
    auto const chooses = ctl.has("password-file") || ctl.has("password-stdin");
    // The second half of an enrolment that a script began.
    if (ctl.has("code") && !chooses) return confirm_enrolment(ctl, invitation, ctl.value("code"));
    if (!ctl.json()) ctl.say(TextKey::ctl_enrol_password_rules);
    auto const password = ctl.secret("password", TextKey::ctl_prompt_new_password, true);
    if (!password) return ctl.exit();
    auto const answer =
        ctl.ask("enrol.begin", {{"invitation", invitation}, {"password", password->reveal()}});
    if (!answer) return ctl.exit();
    if (ctl.json()) return print_json(answer->fields);
    show_totp(ctl, answer->fields);
    if (chooses) {
        ctl.say(TextKey::ctl_enrol_then_code);
        return Exit::ok;
    }
    auto const code = ctl.code(TextKey::ctl_prompt_code);
    if (!code) return ctl.exit();
    return confirm_enrolment(ctl, invitation, *code);
}

Exit run_password_change(Ctl& ctl, Command const& command, json::object fields)
{
    if (!ctl.sign(fields)) return ctl.exit();
    auto const password = ctl.secret("new-password", TextKey::ctl_prompt_new_password, true);
    if (!password) return ctl.exit();
    fields["new_password"] = password->reveal();
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    show(ctl, command, answer->fields);
    return Exit::ok;
}

Exit run_totp(Ctl& ctl, Command const& command, json::object fields)
{
    if (!ctl.sign(fields)) return ctl.exit();
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    if (ctl.json()) return print_json(answer->fields);
    show_totp(ctl, answer->fields);
    ctl.say(TextKey::ctl_totp_then_confirm);
    return Exit::ok;
}

} // namespace ecluse::ctl
