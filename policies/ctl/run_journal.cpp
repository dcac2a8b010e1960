#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "policies/journal/verify.h"

#include <fmt/format.h>

#include <sys/stat.h>

namespace ecluse::ctl {
namespace {

std::string text_of(json::object const& object, std::string_view field)
{
    auto const* const value = object.if_contains(field);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

/// The files come as descriptors; the verifier reads paths, which /proc gives them.
std::string path_of(Fd const& file)
{
    return fmt::format("/proc/self/fd/{}", file.get());
}

json::object in_json(JournalVerdict const& verdict)
{
    json::array faults;
    for (auto const& fault : verdict.faults)
        faults.push_back(json::object{{"line", fault.line}, {"what", fault.what}});
    return {
        {"intact", verdict.faults.empty()},
        {"events", verdict.events},
        {"last_sequence", verdict.last_sequence},
        {"signed_sequence", verdict.signed_sequence},
        {"faults", std::move(faults)}};
}

Exit tell(Ctl& ctl, JournalVerdict const& verdict)
{
    if (ctl.json()) {
        fmt::print("{}\n", json::serialize(in_json(verdict)));
        return verdict.faults.empty() ? Exit::ok : Exit::integrity;
    }
    for (auto const& fault : verdict.faults)
        ctl.fail(
            Exit::integrity,
            TextKey::ctl_journal_fault,
            {{"line", std::to_string(fault.line)}, {"fault", printable(fault.what)}}
        );
    if (!verdict.faults.empty()) return Exit::integrity;
    ctl.say(
        TextKey::ctl_journal_intact,
        {{"events", std::to_string(verdict.events)},
         {"signed", std::to_string(verdict.signed_sequence)}}
    );
    return Exit::ok;
}

} // namespace

Exit run_journal_verify(Ctl& ctl, Command const& command, json::object fields)
{
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    if (answer->descriptors.size() != 2)
        return ctl.fail(Error{Errc::malformed, "journal.verify: two files are expected"});
    JournalEvidence evidence;
    evidence.log_path = path_of(answer->descriptors[0]);
    evidence.certificate_pem = text_of(answer->fields, "evidence_certificate");
    evidence.export_path = path_of(answer->descriptors[1]);
    // What policyd holds in memory must be in the file: a truncated file is found by it.
    JournalEvidence::Head head;
    auto const* const sequence = answer->fields.if_contains("sequence");
    if (sequence && sequence->is_int64()) head.sequence = sequence->get_int64();
    head.link = text_of(answer->fields, "link");
    if (head.sequence > 0) evidence.known_head = head;
    auto const verdict = verify_journal(evidence);
    if (!verdict) return ctl.fail(verdict.error());
    return tell(ctl, *verdict);
}

Exit run_journal_export(Ctl& ctl, Command const& command, json::object fields)
{
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    if (answer->descriptors.size() != 2)
        return ctl.fail(Error{Errc::malformed, "journal.export: two files are expected"});
    auto const folder = ctl.value("output");
    if (::mkdir(folder.c_str(), 0700) != 0) return ctl.fail(os_error("create " + folder));
    auto const save = [&](std::string const& name, std::string_view bytes) {
        return write_file_durably(folder + "/" + name, bytes);
    };
    auto const log = read_all(answer->descriptors[0].get(), document_bytes_max);
    if (!log) return ctl.fail(log.error());
    auto const events = read_all(answer->descriptors[1].get(), document_bytes_max);
    if (!events) return ctl.fail(events.error());
    for (auto const& [name, bytes] :
         {std::pair{"journal.log", *log},
          std::pair{"journal.jsonl", *events},
          std::pair{"preuve.pem", text_of(answer->fields, "evidence_certificate")}})
        if (auto const saved = save(name, bytes); !saved) return ctl.fail(saved.error());
    if (!ctl.json()) ctl.say(TextKey::ctl_written, {{"path", printable(folder)}});
    return Exit::ok;
}

} // namespace ecluse::ctl
