#include "policies/ctl/command.h"
#include "policies/ctl/run.h"

namespace ecluse::ctl {

void add_report_commands(std::vector<Command>& to)
{
    using enum Kind;
    constexpr Option report{.name = "report", .required = true, .positional = true};
    std::vector<Command> rows{
        {.object = "report",
         .verb = "list",
         .request = "report.list",
         .options =
             {{.name = "state", .values = "due|draft|submitted|accepted|returned"},
              {.name = "late", .kind = flag}},
         .example = "report list --late",
         .columns = {"report", "state", "window", "vendor", "due_at", "late"}},
        {.object = "report",
         .verb = "show",
         .request = "report.show",
         .options = {report},
         .example = "report show I-…",
         .run = &run_report_show},
        {.object = "report",
         .verb = "form",
         .request = "report.form",
         .options = {report, {.name = "output", .kind = path}},
         .example = "report form I-… --output compte-rendu.toml",
         .run = &run_document},
        {.object = "report",
         .verb = "submit",
         .request = "report.submit",
         .options = {report, {.name = "form", .kind = file, .required = true}},
         .example = "report submit I-… --form compte-rendu.toml",
         .signs = true},
        {.object = "report",
         .verb = "accept",
         .request = "report.accept",
         .options = {report, {.name = "comment"}},
         .example = "report accept I-…"},
        {.object = "report",
         .verb = "return",
         .request = "report.return",
         .options = {report, {.name = "comment", .required = true}},
         .example = "report return I-… --comment \"préciser la version installée\""},
        {.object = "report",
         .verb = "export",
         .request = "report.export",
         .options = {report, {.name = "pdf", .kind = path}, {.name = "json-file", .kind = path}},
         .example = "report export I-… --pdf compte-rendu.pdf",
         .run = &run_report_export},
        {.object = "report",
         .verb = "verify",
         .options =
             {{.name = "file", .kind = path, .required = true, .positional = true},
              {.name = "certificate", .kind = path}},
         .example = "report verify compte-rendu.pdf",
         .run = &run_report_verify},
    };
    to.insert(to.end(), rows.begin(), rows.end());
}

} // namespace ecluse::ctl
