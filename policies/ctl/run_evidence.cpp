#include "common/bytes.h"
#include "common/json.h"
#include "common/split.h"
#include "common/text_keys.h"
#include "policies/ctl/opened_recording.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "recorder/export/notes.h"
#include "recorder/export/pack.h"
#include "recorder/export/tar.h"
#include "recorder/verify/verify.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/// Puts an evidence pack together (docs/formats/evidence-pack.md): policyd gives its parts and
/// signs the list of them; what the reader's key opens never leaves this process but into the
/// archive.
namespace ecluse::ctl {
namespace {

constexpr std::size_t report_bytes_max = 64 * 1024 * 1024;

std::vector<std::string> texts_of(json::object const& object, std::string_view field)
{
    std::vector<std::string> texts;
    auto const* const value = object.if_contains(field);
    if (value && value->is_array())
        for (auto const& one : value->get_array())
            if (one.is_string()) texts.emplace_back(one.get_string());
    return texts;
}

/// What makes one pack: each part asks policyd, and says itself what went wrong.
class PackMaker {
public:
    PackMaker(Ctl& ctl, Answered& begun, recording::TarWriter& tar)
        : ctl_{ctl}, begun_{begun}, tar_{tar}
    {
    }

    [[nodiscard]] bool make(std::optional<recording::ReadingKey> const& key)
    {
        return add_texts() && add_windows() && add_reports() && add_sessions(key) && seal();
    }

private:
    bool keep(Result<> const& done)
    {
        if (!done) ctl_.fail(done.error());
        return static_cast<bool>(done);
    }

    bool add_descriptor(std::string const& name, Fd const& file)
    {
        auto const bytes = read_all(file.get(), report_bytes_max);
        if (!bytes) return keep(bytes.error());
        return keep(tar_.add(name, *bytes));
    }

    bool add_texts()
    {
        if (begun_.descriptors.size() != 4)
            return keep(Error{Errc::malformed, "evidence.export: four files are expected"});
        auto const sessions = texts_of(begun_.fields, "sessions");
        auto const readme = recording::dossier_readme(
            text_of(begun_.fields, "pack"), sessions.empty() ? "" : sessions.front()
        );
        return add_descriptor("dossier.json", begun_.descriptors[0]) &&
               add_descriptor("journal/extraits.log", begun_.descriptors[1]) &&
               add_descriptor("journal/extraits.jsonl", begun_.descriptors[2]) &&
               keep(tar_.add(
                   "certificats/preuve.pem", text_of(begun_.fields, "evidence_certificate")
               )) &&
               keep(tar_.add("LISEZMOI.txt", readme)) &&
               keep(tar_.add("verifier.sh", recording::dossier_verifier(), 0700)) &&
               keep(tar_.add("outils/verifier-sessions.sh", recording::shell_verifier(), 0700)) &&
               keep(tar_.add("outils/verifier-journal.sh", recording::journal_verifier(), 0700)) &&
               add_timestamps();
    }

    /// One JSON line a file: tokens are small, and more than a packet has descriptors.
    bool add_timestamps()
    {
        auto const lines = read_all(begun_.descriptors[3].get(), report_bytes_max);
        if (!lines) return keep(lines.error());
        for (auto const line : split(*lines, '\n')) {
            if (line.empty()) continue;
            auto const object = parse_object(line);
            if (!object) return keep(object.error());
            auto const bytes = from_base64(text_of(*object, "base64"));
            if (!bytes) return keep(bytes.error());
            if (!keep(tar_.add(text_of(*object, "file"), *bytes))) return false;
        }
        return true;
    }

    bool add_windows()
    {
        for (auto const& window : texts_of(begun_.fields, "windows")) {
            auto answer = ctl_.ask("window.show", {{"window", window}});
            if (!answer || !keep(unfold(*answer))) return false;
            auto const text = json::serialize(answer->fields) + "\n";
            if (!keep(tar_.add("fenetres/" + window + ".json", text))) return false;
        }
        return true;
    }

    /// As signed; one that nobody has signed yet is no document, only facts.
    bool add_reports()
    {
        for (auto const& report : texts_of(begun_.fields, "reports"))
            for (auto const* const format : {"json", "pdf"}) {
                auto const answer =
                    ctl_.ask("report.export", {{"report", report}, {"format", format}});
                if (!answer) return false;
                auto const* const is_signed = answer->fields.if_contains("signed");
                bool const draft = !is_signed || !is_signed->is_bool() || !is_signed->get_bool();
                if (answer->descriptors.size() != 1)
                    return keep(Error{Errc::malformed, "report.export: one file is expected"});
                if (draft && std::string_view{format} == "pdf") continue;
                if (!add_descriptor("rapports/" + report + "." + format, answer->descriptors[0]))
                    return false;
            }
        return true;
    }

    bool add_sessions(std::optional<recording::ReadingKey> const& key)
    {
        for (auto const& session : texts_of(begun_.fields, "sessions")) {
            auto answer = ctl_.ask(
                "evidence.recording",
                {{"pack", text_of(begun_.fields, "pack")}, {"session", session}}
            );
            if (!answer) return false;
            auto files = files_of(ctl_, *answer);
            if (!files) return false;
            for (auto const name : recording::file_names)
                if (files->has(name) &&
                    !keep(tar_.add("sessions/" + session + "/" + std::string{name}, *files, name)))
                    return false;
            // Purged: there is nothing left to open.
            if (key && files->has("record.bin") && !add_clear(session, *std::move(files), *key))
                return false;
        }
        return true;
    }

    /// The forms in which people read it. Of an altered recording nothing is shown.
    bool add_clear(
        std::string const& session,
        recording::RecordingFiles files,
        recording::ReadingKey const& key
    )
    {
        recording::VerifyOptions options;
        options.evidence_certificate = text_of(begun_.fields, "evidence_certificate");
        options.allow_not_countersigned = true;
        for (auto const& fault : recording::verify(files, options).faults) {
            ctl_.fail(
                Exit::integrity,
                TextKey::ctl_recording_fault,
                {{"fault", recording::describe(fault, ctl_.language())}}
            );
            return false;
        }
        auto const opened = unlock(ctl_, std::move(files), key);
        if (!opened) return false;
        std::vector<std::pair<std::string, std::string>> forms{
            {"text", "session.txt"}, {"json", "trames.json"}};
        bool const desktop = recording::is_desktop(opened->recording.header());
        forms.emplace_back(desktop ? "vtt" : "cast", desktop ? "session.vtt" : "session.cast");
        if (desktop || ctl_.has("film")) forms.emplace_back("mp4", "session.mp4");
        for (auto const& [format, name] : forms)
            if (!add_form(*opened, format, "clair/" + session + "/" + name)) return false;
        return true;
    }

    /// Its size stands before it in the archive, so it is written elsewhere first: in memory, where
    /// nobody finds it afterwards.
    bool add_form(Opened const& opened, std::string const& format, std::string const& name)
    {
        Fd const file{::memfd_create("clear", MFD_CLOEXEC)};
        if (!file) return keep(os_error("memory file"));
        auto const write = [&](std::string_view bytes) { return write_all(file.get(), bytes); };
        return keep(write_format(ctl_, opened, format, write)) && keep(tar_.add(name, file));
    }

    bool seal()
    {
        auto const manifest = tar_.manifest();
        auto const answer = ctl_.ask(
            "evidence.seal", {{"pack", text_of(begun_.fields, "pack")}, {"manifest", manifest}}
        );
        if (!answer) return false;
        auto const signature = from_base64(text_of(answer->fields, "signature"));
        if (!signature) return keep(signature.error());
        return keep(tar_.add("manifeste.sha256", manifest)) &&
               keep(tar_.add("manifeste.sig", *signature)) && keep(tar_.finish());
    }

    Ctl& ctl_;
    Answered& begun_;
    recording::TarWriter& tar_;
};

} // namespace

Exit run_evidence_export(Ctl& ctl, Command const& command, json::object fields)
{
    std::optional<recording::ReadingKey> key;
    if (ctl.has("key-file")) {
        key = reading_key(ctl);
        if (!key) return ctl.exit();
    }
    fields.erase("film"); // ours: policyd knows nothing of what is opened here
    if (!ctl.sign(fields)) return ctl.exit();
    auto begun = ctl.ask(command.request, std::move(fields));
    if (!begun) return ctl.exit();
    auto const pack = text_of(begun->fields, "pack");
    auto const made = parse_iso(text_of(begun->fields, "made"));
    if (!made) return ctl.fail(made.error());
    auto const path = ctl.value("output");
    // Evidence, perhaps in clear: for its reader only, and never through a link or over another
    // file.
    Fd const file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!file) return ctl.fail(os_error("create " + path));
    recording::TarWriter tar{
        [&](std::string_view bytes) { return write_all(file.get(), bytes); }, pack, *made};
    bool const done = PackMaker{ctl, *begun, tar}.make(key);
    if (!done || ::fsync(file.get()) != 0) {
        // Half a pack proves nothing.
        ::unlink(path.c_str());
        return done ? ctl.fail(os_error("sync " + path)) : ctl.exit();
    }
    if (ctl.json())
        fmt::print("{}\n", json::serialize(json::object{{"pack", pack}, {"path", path}}));
    else
        ctl.say(TextKey::ctl_evidence_written, {{"pack", pack}, {"path", printable(path)}});
    return Exit::ok;
}

} // namespace ecluse::ctl
