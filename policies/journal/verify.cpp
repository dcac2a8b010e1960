#include "policies/journal/verify.h"

#include "common/bytes.h"
#include "common/json.h"
#include "policies/journal/chain.h"
#include "policies/vault/evidence_key.h"

#include <fcntl.h>

namespace ecluse {

namespace {

constexpr std::size_t faults_max = 100;
constexpr std::size_t salt_bytes = 32;
/// 64 KiB of event in base64, and the rest of the line.
constexpr std::size_t export_line_bytes_max = 100 * 1024;

struct Exported {
    std::int64_t sequence = 0;
    std::optional<std::string> salt;
    std::optional<std::string> event;
};

Result<Exported> parse_export_line(std::string const& line)
{
    auto const object = ECLUSE_TRY(parse_object(line));
    Fields fields{object};
    Exported exported;
    exported.sequence = fields.number("sequence", 1);
    auto const salt = fields.optional_text("salt", 64);
    auto const event = fields.optional_text("event_base64", export_line_bytes_max);
    ECLUSE_TRY(fields.finish());
    if (salt.has_value() != event.has_value()) return Error{Errc::malformed, "half an event"};
    if (salt) {
        exported.salt = ECLUSE_TRY(from_hex(*salt));
        exported.event = ECLUSE_TRY(from_base64(*event));
    }
    // One spelling, which a shell can read: both verifiers must see the same.
    if (journal_export_line(exported.sequence, exported.salt, exported.event) != line ||
        (salt && exported.salt->size() != salt_bytes))
        return Error{Errc::malformed, "not in the one spelling"};
    return exported;
}

Result<Fd> open_file(std::string const& path)
{
    Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) return os_error("open " + path);
    return fd;
}

class Verifier {
public:
    Verifier(JournalEvidence const& evidence, Fd log, Fd exported)
        : evidence_{evidence}, log_{std::move(log)}, lines_{log_.get()},
          exported_{std::move(exported)}, exported_lines_{exported_.get()}
    {
    }

    Result<JournalVerdict> run()
    {
        auto const header = next_line();
        if (!header) return header.error();
        auto walk = *header ? ChainWalk::from_header(**header)
                            : Result<ChainWalk>{Error{Errc::malformed, "empty file"}};
        if (!walk) {
            fault(1, walk.error().what);
            return verdict_;
        }
        verdict_.chain = walk->header().chain;
        note_head(*walk);
        ECLUSE_TRY(check_lines(*walk));
        if (lines_.is_torn()) fault(number_ + 1, "the last line has no end");
        ECLUSE_TRY(check_export_ends());
        verdict_.last_sequence = walk->sequence();
        verdict_.last_link = walk->link();
        if (evidence_.known_head && !has_known_head_)
            fault(0, "the known head is not in this file: cut, or of another history");
        return verdict_;
    }

private:
    void fault(std::int64_t line, std::string_view what)
    {
        if (verdict_.faults.size() < faults_max)
            verdict_.faults.push_back({line, std::string{what}});
    }

    /// A line that is far too long ends the reading: where the next begins is anybody's guess.
    Result<std::optional<std::string>> next_line()
    {
        auto line = lines_.next(journal_line_bytes_max);
        if (!line && line.error().code == Errc::malformed) {
            fault(number_ + 1, line.error().what);
            return std::optional<std::string>{};
        }
        if (line && *line) ++number_;
        return line;
    }

    Result<> check_lines(ChainWalk& walk)
    {
        for (;;) {
            auto const text = ECLUSE_TRY(next_line());
            if (!text) return {};
            auto const before = walk.link();
            auto line = walk.advance(*text);
            if (!line) {
                fault(number_, line.error().what);
                line = parse_journal_line(*text);
                if (!line) continue;
                // Go on from here, to name the other faults as well.
                walk = ECLUSE_TRY(ChainWalk::from_line(walk.header(), *text));
            }
            note_head(walk);
            if (line->is_checkpoint)
                check_signature(walk, *line, before);
            else
                ECLUSE_TRY(check_event(*line));
        }
    }

    void note_head(ChainWalk const& walk)
    {
        auto const& head = evidence_.known_head;
        if (head && head->sequence == walk.sequence() && head->link == walk.link())
            has_known_head_ = true;
    }

    void check_signature(ChainWalk const& walk, JournalLine const& line, std::string const& before)
    {
        ++verdict_.checkpoints;
        auto const text = checkpoint_text(walk.header().chain, line.sequence, line.utc, before);
        auto const der = from_base64(line.signature);
        auto const valid =
            der ? verify_evidence(evidence_.certificate_pem, text, *der) : Result<>{der.error()};
        if (!valid) return fault(number_, "checkpoint: " + valid.error().what);
        verdict_.signed_sequence = line.sequence;
    }

    /// The next line of the export, or nothing; a fault of its own is told once.
    Result<std::optional<Exported>> next_exported()
    {
        auto const line = exported_lines_.next(export_line_bytes_max);
        if (!line && line.error().code != Errc::malformed) return line.error();
        if (line && !*line) return std::optional<Exported>{};
        auto parsed = line ? parse_export_line(**line) : Result<Exported>{line.error()};
        if (parsed) return std::optional{*std::move(parsed)};
        fault(0, "export: " + parsed.error().what);
        return std::optional<Exported>{};
    }

    Result<> check_event(JournalLine const& line)
    {
        ++verdict_.events;
        if (!exported_) return {};
        while (!pending_ || pending_->sequence < line.sequence) {
            if (pending_) fault(0, "export: event without line, " + number_text(*pending_));
            pending_ = ECLUSE_TRY(next_exported());
            if (!pending_) break;
        }
        if (!pending_ || pending_->sequence != line.sequence) {
            fault(number_, "no event in the export");
            return {};
        }
        if (!pending_->salt)
            ++verdict_.erased;
        else if (commitment_of(*pending_->salt, *pending_->event) != line.commitment)
            fault(number_, "the event is not the one that was committed");
        pending_.reset();
        return {};
    }

    Result<> check_export_ends()
    {
        if (!exported_) return {};
        if (!pending_) pending_ = ECLUSE_TRY(next_exported());
        if (pending_) fault(0, "export: event without line, " + number_text(*pending_));
        if (exported_lines_.is_torn()) fault(0, "export: the last line has no end");
        return {};
    }

    static std::string number_text(Exported const& exported)
    {
        return std::to_string(exported.sequence);
    }

    JournalEvidence const& evidence_;
    Fd log_;
    LineReader lines_;
    Fd exported_;
    LineReader exported_lines_;
    std::optional<Exported> pending_;
    std::int64_t number_ = 0;
    bool has_known_head_ = false;
    JournalVerdict verdict_;
};

} // namespace

Result<JournalVerdict> verify_journal(JournalEvidence const& evidence)
{
    auto log = ECLUSE_TRY(open_file(evidence.log_path));
    Fd exported;
    if (evidence.export_path) exported = ECLUSE_TRY(open_file(*evidence.export_path));
    return Verifier{evidence, std::move(log), std::move(exported)}.run();
}

std::string journal_export_line(
    std::int64_t sequence,
    std::optional<std::string> const& salt,
    std::optional<std::string> const& event
)
{
    auto const start = "{\"sequence\":" + std::to_string(sequence) + ",\"salt\":";
    if (!salt || !event) return start + "null,\"event_base64\":null}";
    return start + "\"" + to_hex(*salt) + "\",\"event_base64\":\"" + to_base64(*event) + "\"}";
}

} // namespace ecluse
