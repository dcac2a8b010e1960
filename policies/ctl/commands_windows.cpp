#include "policies/ctl/command.h"
#include "policies/ctl/run.h"

namespace ecluse::ctl {
namespace {

constexpr Option window{.name = "window", .required = true, .positional = true};
constexpr Option session{.name = "session", .required = true, .positional = true};
/// Those of the SSH door, of both, and of the RDP door.
constexpr std::string_view functions =
    "shell|exec|file_up|file_down|desktop|clipboard_in|clipboard_out|sound";
constexpr Option reason{.name = "reason", .required = true};

std::vector<Command> window_rows()
{
    using enum Kind;
    return {
        {.object = "window",
         .verb = "request",
         .request = "window.request",
         .options =
             {{.name = "asset", .kind = list, .required = true},
              {.name = "vendor"},
              {.name = "account", .kind = list},
              {.name = "person", .kind = list},
              {.name = "opens", .kind = moment, .required = true},
              {.name = "closes", .kind = moment, .required = true},
              {.name = "function", .kind = list, .required = true, .values = functions},
              {.name = "nature",
               .required = true,
               .values = "preventive|corrective|evolutive|diagnostic|update"},
              {.name = "reason", .required = true},
              {.name = "ticket"},
              {.name = "procedure"},
              {.name = "tools"},
              {.name = "functions-kept"},
              {.name = "safeguards"},
              {.name = "update-origin"},
              {.name = "update-sha256"},
              {.name = "rollback-plan"},
              {.name = "interruption", .kind = flag},
              {.name = "health-data", .kind = flag},
              {.name = "emergency", .kind = flag},
              {.name = "escort", .kind = flag}},
         .example = "window request --asset scanner-1 --account maintenance "
                    "--opens \"2026-11-24 20:00\" --closes \"2026-11-24 22:00\" "
                    "--function shell,file_up --nature corrective --reason \"panne du lecteur\" "
                    "--ticket INC-4471"},
        {.object = "window",
         .verb = "list",
         .request = "window.list",
         .options =
             {{.name = "state",
               .values = "requested|approved|refused|open|closed|cancelled|expired"},
              {.name = "vendor"},
              {.name = "asset"}},
         .example = "window list --state requested",
         .columns = {"window", "state", "vendor", "assets", "opens", "closes", "reason"}},
        {.object = "window",
         .verb = "show",
         .request = "window.show",
         .options = {window},
         .example = "window show W-…"},
        {.object = "window",
         .verb = "approve",
         .request = "window.approve",
         .options =
             {window,
              {.name = "opens", .kind = moment},
              {.name = "closes", .kind = moment},
              {.name = "remove-function", .kind = list, .values = functions},
              {.name = "open-mode", .values = "auto|manual"},
              {.name = "override-reason"},
              {.name = "report-lift"},
              {.name = "escort", .kind = flag},
              {.name = "escort-watch", .kind = flag},
              {.name = "comment"}},
         .example = "window approve W-… --remove-function file_down --open-mode manual"},
        {.object = "window",
         .verb = "refuse",
         .request = "window.refuse",
         .options = {window, reason},
         .example = "window refuse W-… --reason \"bloc occupé ce soir-là\""},
        {.object = "window",
         .verb = "open",
         .request = "window.open",
         .options = {window},
         .example = "window open W-…"},
        {.object = "window",
         .verb = "close",
         .request = "window.close",
         .options = {window, reason},
         .example = "window close W-… --reason \"intervention terminée\""},
        {.object = "window",
         .verb = "cancel",
         .request = "window.cancel",
         .options = {window, reason},
         .example = "window cancel W-… --reason \"pièce non reçue\""},
        {.object = "window",
         .verb = "extend",
         .request = "window.extend",
         .options = {window, {.name = "closes", .kind = moment, .required = true}, reason},
         .example = "window extend W-… --closes \"2026-11-24 23:00\" --reason \"tests en cours\""},
        {.object = "escort",
         .verb = "set",
         .request = "escort.set",
         .options = {window, {.name = "person", .required = true, .positional = true}},
         .example = "escort set W-… c.leroy"},
        {.object = "escort",
         .verb = "list",
         .request = "escort.list",
         .example = "escort list",
         .columns = {"window", "state", "vendor", "assets", "opens", "closes", "escort_watch"}},
        {.object = "escort",
         .verb = "arrive",
         .request = "window.escort",
         .options = {window},
         .example = "escort arrive W-…",
         .run = &run_escort},
        {.object = "escort",
         .verb = "leave",
         .request = "window.escort",
         .options = {window},
         .example = "escort leave W-…",
         .run = &run_escort},
        {.object = "session",
         .verb = "list",
         .request = "session.list",
         .options = {{.name = "live", .kind = flag}, {.name = "window"}, {.name = "person"}},
         .example = "session list --live",
         .columns =
             {"session",
              "person",
              "asset",
              "account",
              "protocol",
              "source",
              "started_at",
              "ended_at",
              "end_reason",
              "recording"}},
        {.object = "session",
         .verb = "show",
         .request = "session.show",
         .options = {session},
         .example = "session show S-…"},
        {.object = "session",
         .verb = "watch",
         .request = "session.watch",
         .options = {session},
         .example = "session watch S-…",
         .run = &run_session_watch},
        {.object = "session",
         .verb = "cut",
         .request = "session.cut",
         .options =
             {{.name = "session", .positional = true},
              {.name = "all", .kind = flag},
              {.name = "vendor"},
              {.name = "reason", .required = true},
              {.name = "confirm"}},
         .example = "session cut S-… --reason \"action non prévue\"",
         .run = &run_cut_many},
        {.object = "session",
         .verb = "leave",
         .request = "session.leave",
         .options = {session},
         .example = "session leave S-…"},
        {.object = "session",
         .verb = "message",
         .request = "session.message",
         .options = {session, {.name = "text", .required = true, .positional = true}},
         .example = "session message S-… \"Merci de rappeler la DSI\""},
    };
}

std::vector<Command> emergency_rows()
{
    using enum Kind;
    return {
        {.object = "emergency",
         .verb = "list",
         .request = "emergency.list",
         .options = {{.name = "due", .kind = flag}},
         .example = "emergency list --due",
         .columns =
             {"window",
              "state",
              "vendor",
              "assets",
              "opens",
              "closes",
              "granted_by",
              "due",
              "verdict",
              "reviewed_by"}},
        {.object = "emergency",
         .verb = "review",
         .request = "emergency.review",
         .options =
             {window,
              {.name = "verdict", .required = true, .values = "justified|unjustified"},
              {.name = "happened", .required = true},
              {.name = "comment"}},
         .example = "emergency review W-… --verdict justified --happened \"panne du PACS un "
                    "samedi, remis en service en 40 min\"",
         .signs = true},
        {.object = "oncall",
         .verb = "add",
         .request = "oncall.add",
         .options =
             {{.name = "person", .required = true, .positional = true},
              {.name = "from", .kind = moment, .required = true},
              {.name = "until", .kind = moment, .required = true},
              {.name = "phone", .required = true}},
         .example = "oncall add c.leroy --from \"2026-11-27 18:00\" --until \"2026-11-30 08:00\" "
                    "--phone \"01 23 45 67 89\""},
        {.object = "oncall",
         .verb = "list",
         .request = "oncall.list",
         .example = "oncall list",
         .columns = {"oncall", "now", "login", "name", "from", "until", "phone"}},
        {.object = "oncall", .verb = "now", .request = "oncall.now", .example = "oncall now"},
        {.object = "oncall",
         .verb = "remove",
         .request = "oncall.remove",
         .options = {{.name = "oncall", .required = true, .positional = true}},
         .example = "oncall remove N-…"},
    };
}

std::vector<Command> charter_rows()
{
    using enum Kind;
    return {
        {.object = "charter",
         .verb = "publish",
         .request = "charter.publish",
         .options =
             {{.name = "title", .required = true},
              {.name = "body", .kind = file, .required = true, .positional = true}},
         .example = "charter publish charte-2026.txt --title \"Charte de télémaintenance\""},
        {.object = "charter",
         .verb = "show",
         .request = "charter.show",
         .options = {{.name = "charter", .kind = number, .positional = true}},
         .example = "charter show",
         .run = &run_charter_show},
        {.object = "charter",
         .verb = "accept",
         .request = "charter.accept",
         .options = {{.name = "charter", .kind = number, .required = true, .positional = true}},
         .example = "charter accept 1"},
        {.object = "charter",
         .verb = "acceptances",
         .request = "charter.acceptances",
         .example = "charter acceptances",
         .columns = {"login", "name", "charter", "accepted_at", "source"}},
        {.object = "refusal",
         .verb = "list",
         .request = "refusal.list",
         .options = {{.name = "address"}, {.name = "login"}},
         .example = "refusal list --address 203.0.113.24",
         .columns = {"reference", "at", "code", "address", "login", "asset", "detail"}},
        {.object = "refusal",
         .verb = "show",
         .request = "refusal.show",
         .options = {{.name = "reference", .required = true, .positional = true}},
         .example = "refusal show R-7KQ3M5"},
        {.object = "throttle",
         .verb = "clear",
         .request = "throttle.clear",
         .options =
             {{.name = "login", .required = true, .positional = true},
              {.name = "address", .required = true},
              {.name = "reason", .required = true}},
         .example = "throttle clear n.belkacem --address 203.0.113.24 --reason \"rappelé au numéro "
                    "connu\""},
    };
}

} // namespace

void add_window_commands(std::vector<Command>& to)
{
    for (auto const& rows : {window_rows(), emergency_rows(), charter_rows()})
        to.insert(to.end(), rows.begin(), rows.end());
}

} // namespace ecluse::ctl
