#include "policies/ctl/command.h"
#include "policies/ctl/run.h"

namespace ecluse::ctl {

void add_evidence_commands(std::vector<Command>& to)
{
    using enum Kind;
    constexpr Option session{.name = "session", .required = true, .positional = true};
    constexpr Option reason{.name = "reason", .required = true};
    constexpr Option key{.name = "key-file", .kind = path};
    constexpr Option passphrase{.name = "passphrase", .kind = secret};
    std::vector<Command> rows{
        {.object = "recording",
         .verb = "list",
         .request = "recording.list",
         .options = {{.name = "person"}, {.name = "asset"}, {.name = "vendor"}},
         .example = "recording list --asset scanner-1",
         .columns =
             {"session", "recording", "person", "asset", "started_at", "ended_at", "record_bytes"}},
        {.object = "recording",
         .verb = "show",
         .request = "recording.show",
         .options = {session},
         .example = "recording show S-…"},
        {.object = "recording",
         .verb = "play",
         .request = "recording.open",
         .options = {session, reason, key, passphrase, {.name = "speed", .kind = path}},
         .example = "recording play S-… --key-file rssi.p12 --reason \"plainte du service\"",
         .run = &run_recording_play},
        {.object = "recording",
         .verb = "export",
         .request = "recording.export",
         .options =
             {session,
              reason,
              key,
              passphrase,
              {.name = "format", .required = true, .values = "cast|mp4|vtt|text|json|pack"},
              {.name = "output", .kind = path, .required = true}},
         .example = "recording export S-… --format pack --output preuve --reason \"réquisition\"",
         .signs = true,
         .run = &run_recording_export},
        {.object = "recording",
         .verb = "verify",
         .request = "recording.verify",
         .options = {session},
         .example = "recording verify S-…",
         .run = &run_recording_verify},
        {.object = "hold",
         .verb = "place",
         .request = "hold.place",
         .options = {session, reason},
         .example = "hold place S-… --reason \"plainte du 3 mars, dossier 2026-114\""},
        {.object = "hold",
         .verb = "lift",
         .request = "hold.lift",
         .options = {session, reason},
         .example = "hold lift S-… --reason \"affaire classée\"",
         .signs = true},
        {.object = "hold",
         .verb = "list",
         .request = "hold.list",
         .example = "hold list",
         .columns = {"session", "asset", "reason", "by", "placed_at", "lifted_at", "lifted_by"}},
        {.object = "journal",
         .verb = "show",
         .request = "journal.show",
         .options =
             {{.name = "type"},
              {.name = "actor"},
              {.name = "object"},
              {.name = "from", .kind = moment},
              {.name = "to", .kind = moment},
              {.name = "after", .kind = number}},
         .example = "journal show --type window.approved",
         .columns = {"sequence", "at", "type", "actor", "object", "source", "outcome"}},
        {.object = "journal",
         .verb = "verify",
         .request = "journal.verify",
         .example = "journal verify",
         .run = &run_journal_verify},
        {.object = "journal",
         .verb = "export",
         .request = "journal.export",
         .options =
             {{.name = "from", .kind = moment},
              {.name = "to", .kind = moment},
              {.name = "output", .kind = path, .required = true},
              reason},
         .example = "journal export --output journal.jsonl --reason \"contrôle annuel\"",
         .run = &run_journal_export},
        {.object = "journal",
         .verb = "types",
         .request = "journal.types",
         .example = "journal types",
         .columns = {"type", "meaning"}},
        {.object = "clock",
         .verb = "acknowledge",
         .request = "clock.acknowledge",
         .options = {reason},
         .example = "clock acknowledge --reason \"serveur NTP remis à l’heure, incident 812\"",
         .signs = true},
    };
    to.insert(to.end(), rows.begin(), rows.end());
}

} // namespace ecluse::ctl
