#include "policies/ctl/command.h"
#include "policies/ctl/run.h"

namespace ecluse::ctl {

void add_system_commands(std::vector<Command>& to)
{
    using enum Kind;
    std::vector<Command> rows{
        {.object = "help",
         .options =
             {{.name = "object", .positional = true},
              {.name = "verb", .positional = true},
              {.name = "roles", .kind = flag}},
         .example = "help window approve",
         .run = &run_help},
        {.object = "setup",
         .options =
             {{.name = "site"},
              {.name = "site-phone"},
              {.name = "portal"},
              {.name = "keys-folder", .kind = path},
              {.name = "rssi-passphrase", .kind = secret},
              {.name = "escrow-passphrase", .kind = secret},
              {.name = "admin"},
              {.name = "dsi"},
              {.name = "rssi"}},
         .example = "setup --site \"CH de Valmont\" --site-phone \"01 23 45 67 89\" "
                    "--portal https://ecluse.valmont.example",
         .run = &run_setup},
        {.object = "login",
         .request = "login",
         .options =
             {{.name = "login", .required = true, .positional = true},
              {.name = "password", .kind = secret},
              {.name = "code", .kind = path}},
         .example = "login c.leroy",
         .run = &run_login},
        {.object = "logout", .request = "logout", .example = "logout", .run = &run_logout},
        {.object = "whoami", .request = "whoami", .example = "whoami"},
        {.object = "explain",
         .request = "explain",
         .options =
             {{.name = "person", .required = true},
              {.name = "from", .required = true},
              {.name = "asset", .required = true},
              {.name = "account"},
              {.name = "kind",
               .values = "shell|exec|sftp|scp_up|scp_down|rsync_up|rsync_down|desktop"},
              {.name = "at", .kind = moment}},
         .example = "explain --person n.belkacem --from 203.0.113.24 --asset scanner-1 "
                    "--at \"2026-11-24 20:30\"",
         .run = &run_explain},
        {.object = "secret",
         .verb = "list",
         .request = "secret.list",
         .example = "secret list",
         .columns = {"name", "fingerprint", "rotated_at"}},
        {.object = "secret",
         .verb = "rotate",
         .request = "secret.rotate",
         .options = {{.name = "name", .required = true, .positional = true}},
         .example = "secret rotate ssh_host_ed25519",
         .signs = true},
        {.object = "conformity",
         .verb = "show",
         .request = "conformity.show",
         .example = "conformity show",
         .columns = {"clause", "state", "weakened", "title"}},
        {.object = "conformity",
         .verb = "export",
         .request = "conformity.export",
         .options =
             {{.name = "format", .required = true, .values = "csv|pdf"},
              {.name = "output", .kind = path, .required = true}},
         .example = "conformity export --format pdf --output prise-en-charge.pdf",
         .run = &run_document},
        {.object = "config", .verb = "check", .example = "config check", .run = &run_config},
        {.object = "config", .verb = "show", .example = "config show", .run = &run_config},
        {.object = "doctor", .example = "doctor", .run = &run_doctor},
        {.object = "completion",
         .verb = "bash",
         .example = "completion bash > /etc/bash_completion.d/eclusectl",
         .run = &run_completion},
    };
    to.insert(to.end(), rows.begin(), rows.end());
}

} // namespace ecluse::ctl
