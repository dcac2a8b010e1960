#include "policies/ctl/command.h"
#include "policies/ctl/run.h"

namespace ecluse::ctl {

void add_rdp_commands(std::vector<Command>& to)
{
    using enum Kind;
    std::vector<Command> rows{
        {.object = "rdp-ticket",
         .request = "rdp.ticket",
         .options =
             {{.name = "window", .positional = true},
              {.name = "asset"},
              {.name = "account"},
              {.name = "from", .required = true},
              {.name = "output", .kind = path, .required = true}},
         .example = "rdp-ticket W-… --from 203.0.113.24 --output bureau.rdp",
         .signs = true,
         .run = &run_ticket},
        {.object = "rdp-certificate",
         .verb = "show",
         .request = "rdp_certificate.show",
         .example = "rdp-certificate show"},
        {.object = "rdp-certificate",
         .verb = "request",
         .request = "rdp_certificate.request",
         .options = {{.name = "output", .kind = path}},
         .example = "rdp-certificate request --output porte-rdp.csr",
         .run = &run_certificate_request},
        {.object = "rdp-certificate",
         .verb = "import",
         .request = "rdp_certificate.import",
         .options = {{.name = "certificate", .kind = file, .required = true, .positional = true}},
         .example = "rdp-certificate import porte-rdp.pem",
         .signs = true},
        {.object = "rdp-certificate",
         .verb = "renew",
         .request = "rdp_certificate.renew",
         .example = "rdp-certificate renew",
         .signs = true},
        {.object = "web-certificate",
         .verb = "show",
         .request = "web_certificate.show",
         .options = {{.name = "door", .required = true, .positional = true}},
         .example = "web-certificate show console"},
        {.object = "web-certificate",
         .verb = "request",
         .request = "web_certificate.request",
         .options =
             {{.name = "door", .required = true, .positional = true},
              {.name = "output", .kind = path}},
         .example = "web-certificate request portal --output portail.csr",
         .run = &run_certificate_request},
        {.object = "web-certificate",
         .verb = "import",
         .request = "web_certificate.import",
         .options =
             {{.name = "door", .required = true, .positional = true},
              {.name = "certificate", .kind = file, .required = true}},
         .example = "web-certificate import portal --certificate portail.pem",
         .signs = true},
        {.object = "web-certificate",
         .verb = "renew",
         .request = "web_certificate.renew",
         .options = {{.name = "door", .required = true, .positional = true}},
         .example = "web-certificate renew portal",
         .signs = true},
    };
    to.insert(to.end(), rows.begin(), rows.end());
}

} // namespace ecluse::ctl
