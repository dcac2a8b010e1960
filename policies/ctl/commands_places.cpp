#include "policies/ctl/command.h"
#include "policies/ctl/run.h"

namespace ecluse::ctl {
namespace {

constexpr Option vendor{.name = "vendor", .required = true, .positional = true};
constexpr Option asset{.name = "asset", .required = true, .positional = true};
constexpr Option source{.name = "source", .required = true, .positional = true};
constexpr Option subcontractor{.name = "subcontractor", .required = true, .positional = true};
constexpr Option account{.name = "account", .required = true, .positional = true};
constexpr Option reason{.name = "reason", .required = true};

std::vector<Command> vendor_rows()
{
    using enum Kind;
    return {
        {.object = "vendor",
         .verb = "create",
         .request = "vendor.create",
         .options =
             {{.name = "name", .required = true, .positional = true},
              {.name = "contract-reference", .required = true},
              {.name = "contract-from", .kind = day, .required = true},
              {.name = "contract-to", .kind = day, .required = true},
              {.name = "contact"},
              {.name = "contact-mail"},
              {.name = "contact-phone"}},
         .example = "vendor create Imagelec --contract-reference M-2026-17 "
                    "--contract-from 2026-01-01 --contract-to 2028-12-31"},
        {.object = "vendor",
         .verb = "list",
         .request = "vendor.list",
         .example = "vendor list",
         .columns = {"name", "state", "contract_reference", "contract_to", "people"}},
        {.object = "vendor",
         .verb = "show",
         .request = "vendor.show",
         .options = {vendor},
         .example = "vendor show Imagelec"},
        {.object = "vendor",
         .verb = "suspend",
         .request = "vendor.suspend",
         .options = {vendor, reason},
         .example = "vendor suspend Imagelec --reason \"incident chez le titulaire\""},
        {.object = "vendor",
         .verb = "reactivate",
         .request = "vendor.reactivate",
         .options = {vendor, reason},
         .example = "vendor reactivate Imagelec --reason \"incident clos\""},
        {.object = "vendor",
         .verb = "contract",
         .request = "vendor.contract",
         .options =
             {vendor,
              {.name = "contract-reference"},
              {.name = "contract-from", .kind = day},
              {.name = "contract-to", .kind = day}},
         .example = "vendor contract Imagelec --contract-to 2029-12-31"},
        {.object = "vendor",
         .verb = "asset-add",
         .request = "vendor.asset_add",
         .options = {vendor, asset},
         .example = "vendor asset-add Imagelec scanner-1"},
        {.object = "vendor",
         .verb = "asset-remove",
         .request = "vendor.asset_remove",
         .options = {vendor, asset},
         .example = "vendor asset-remove Imagelec scanner-1"},
        {.object = "subcontractor",
         .verb = "declare",
         .request = "subcontractor.declare",
         .options = {{.name = "name", .required = true, .positional = true}, {.name = "vendor"}},
         .example = "subcontractor declare \"Radio Services\" --vendor Imagelec"},
        {.object = "subcontractor",
         .verb = "accept",
         .request = "subcontractor.accept",
         .options = {subcontractor},
         .example = "subcontractor accept T-…"},
        {.object = "subcontractor",
         .verb = "object",
         .request = "subcontractor.object",
         .options = {subcontractor, reason},
         .example = "subcontractor object T-… --reason \"garanties insuffisantes\""},
        {.object = "subcontractor",
         .verb = "list",
         .request = "subcontractor.list",
         .example = "subcontractor list",
         .columns = {"subcontractor", "name", "vendor", "notified_at", "until", "decision"}},
        {.object = "source",
         .verb = "declare",
         .request = "source.declare",
         .options =
             {{.name = "range", .required = true, .positional = true},
              {.name = "reason", .required = true},
              {.name = "vendor"},
              {.name = "kind", .values = "public|vpn"},
              {.name = "country"},
              {.name = "from", .kind = moment},
              {.name = "to", .kind = moment}},
         .example =
             "source declare 203.0.113.24 --vendor Imagelec --reason \"siège, sortie unique\""},
        {.object = "source",
         .verb = "approve",
         .request = "source.approve",
         .options = {source},
         .example = "source approve N-…"},
        {.object = "source",
         .verb = "refuse",
         .request = "source.refuse",
         .options = {source, reason},
         .example = "source refuse N-… --reason \"adresse d’un opérateur mobile\""},
        {.object = "source",
         .verb = "remove",
         .request = "source.remove",
         .options = {source, reason},
         .example = "source remove N-… --reason \"déménagement\""},
        {.object = "source",
         .verb = "list",
         .request = "source.list",
         .options = {{.name = "vendor"}, {.name = "state"}},
         .example = "source list --state declared",
         .columns = {"source", "range", "vendor", "kind", "state", "declared_by", "valid_to"}},
    };
}

std::vector<Command> asset_rows()
{
    using enum Kind;
    std::vector<Option> const secret_options{
        asset,
        account,
        {.name = "method", .values = "key|password"},
        {.name = "domain"},
        {.name = "secret", .kind = secret},
        {.name = "private-key-file", .kind = path}};
    return {
        {.object = "asset",
         .verb = "create",
         .request = "asset.create",
         .options =
             {{.name = "name", .required = true, .positional = true},
              {.name = "description", .required = true},
              {.name = "host", .required = true},
              {.name = "port", .kind = number},
              {.name = "protocol", .values = "ssh|rdp"},
              {.name = "security", .values = "tls|nla"},
              {.name = "referent"},
              {.name = "open-mode", .values = "auto|manual"},
              {.name = "usage-hours", .kind = list},
              {.name = "sessions", .kind = number},
              {.name = "recording-days", .kind = number}},
         .example = "asset create scanner-1 --description \"Scanner, bloc B\" --host 10.20.0.5 "
                    "--usage-hours \"mon-fri 08:00-18:00\""},
        {.object = "asset",
         .verb = "list",
         .request = "asset.list",
         .example = "asset list",
         .columns = {"name", "description", "protocol", "host", "port", "state", "pinned"}},
        {.object = "asset",
         .verb = "show",
         .request = "asset.show",
         .options = {asset},
         .example = "asset show scanner-1"},
        {.object = "asset",
         .verb = "disable",
         .request = "asset.disable",
         .options = {asset, reason},
         .example = "asset disable scanner-1 --reason \"remplacement\""},
        {.object = "asset",
         .verb = "enable",
         .request = "asset.enable",
         .options = {asset, reason},
         .example = "asset enable scanner-1 --reason \"remis en service\""},
        {.object = "asset",
         .verb = "pin",
         .request = "asset.pin",
         .options =
             {asset,
              {.name = "fetch", .kind = flag},
              {.name = "key", .kind = file},
              {.name = "certificate", .kind = file},
              {.name = "fingerprint"}},
         .example = "asset pin scanner-1 --fetch",
         .run = &run_pin},
        {.object = "asset",
         .verb = "unpin",
         .request = "asset.unpin",
         .options = {asset, {.name = "fingerprint", .required = true}},
         .example = "asset unpin scanner-1 --fingerprint SHA256:…"},
        {.object = "asset",
         .verb = "usage-hours",
         .request = "asset.usage_hours",
         .options = {asset, {.name = "usage-hours", .kind = list, .required = true}},
         .example =
             "asset usage-hours scanner-1 --usage-hours \"mon-fri 08:00-18:00,sat 08:00-12:00\""},
        {.object = "asset",
         .verb = "limit",
         .request = "asset.limit",
         .options = {asset, {.name = "sessions", .kind = number, .required = true}},
         .example = "asset limit scanner-1 --sessions 1"},
        {.object = "asset",
         .verb = "exception",
         .request = "asset.exception",
         .options =
             {asset,
              {.name = "kex", .kind = list},
              {.name = "ciphers", .kind = list},
              {.name = "macs", .kind = list},
              {.name = "host-keys", .kind = list},
              {.name = "until", .kind = day, .required = true},
              {.name = "reason", .required = true}},
         .example = "asset exception scanner-1 --kex diffie-hellman-group14-sha1 "
                    "--until 2027-03-31 --reason \"micrologiciel ancien, remplacement commandé\""},
        {.object = "account",
         .verb = "add",
         .request = "account.add",
         .options = secret_options,
         .example = "account add scanner-1 maintenance --method key",
         .run = &run_account},
        {.object = "account",
         .verb = "rotate",
         .request = "account.rotate",
         .options = secret_options,
         .example = "account rotate scanner-1 maintenance",
         .run = &run_account},
        {.object = "account",
         .verb = "remove",
         .request = "account.remove",
         .options = {asset, account, reason},
         .example = "account remove scanner-1 maintenance --reason \"compte supprimé\""},
    };
}

} // namespace

void add_place_commands(std::vector<Command>& to)
{
    for (auto const& rows : {vendor_rows(), asset_rows()})
        to.insert(to.end(), rows.begin(), rows.end());
}

} // namespace ecluse::ctl
