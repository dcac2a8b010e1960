#include "recorder/verify/verify.h"

#include "common/bytes.h"
#include "common/text_keys.h"
#include "recorder/format/certificate.h"
#include "recorder/format/chain.h"
#include "recorder/format/purge.h"
#include "recorder/format/segment.h"
#include "recorder/format/signing.h"

#include <algorithm>

namespace ecluse::recording {
namespace {

constexpr std::size_t chain_bytes_max = 512 * 1024 * 1024;
constexpr std::size_t torn_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t small_file_max = 64 * 1024;
/// The first faults say what happened; a list of thousands says it no better.
constexpr std::size_t faults_max = 20;

class Verifier {
public:
    Verifier(RecordingFiles const& files, VerifyOptions const& options)
        : files_{files}, options_{options}
    {
    }

    Verdict run()
    {
        // Later steps need what earlier ones read.
        if (check_header() && check_seal()) {
            check_countersignature();
            check_purge();
            check_keys();
            check_chain();
            check_torn();
            check_text();
            add_notes();
        }
        return std::move(verdict_);
    }

private:
    void fault(
        FaultKind kind,
        std::string_view file,
        std::optional<std::uint64_t> offset = {},
        std::optional<std::uint64_t> segment = {}
    )
    {
        if (verdict_.faults.size() < faults_max)
            verdict_.faults.push_back({kind, std::string{file}, offset, segment});
    }

    std::optional<std::string> read(std::string_view name, std::size_t bytes_max)
    {
        auto content = files_.read(name, bytes_max);
        if (content) return *std::move(content);
        fault(
            content.error().code == Errc::not_found ? FaultKind::file_missing
                                                    : FaultKind::file_unreadable,
            name
        );
        return std::nullopt;
    }

    bool check_header()
    {
        auto const bytes = read("header.json", header_bytes_max);
        if (!bytes) return false;
        auto header = parse_header(*bytes);
        if (!header) {
            fault(FaultKind::file_malformed, "header.json");
            return false;
        }
        header_sha256_ = to_hex(sha256(*bytes));
        verdict_.header = *std::move(header);
        session_key_ = VerifyingKey::parse(verdict_.header->session_key);
        return true;
    }

    bool check_seal()
    {
        auto bytes = read("seal.json", seal_bytes_max);
        if (!bytes) return false;
        auto seal = parse_seal(*bytes);
        if (!seal) {
            fault(FaultKind::file_malformed, "seal.json");
            return false;
        }
        seal_bytes_ = *std::move(bytes);
        verdict_.seal = *std::move(seal);
        if (verdict_.seal->session != verdict_.header->session)
            fault(FaultKind::wrong_session, "seal.json");
        else if (verdict_.seal->header_sha256 != header_sha256_)
            fault(FaultKind::header_differs, "header.json");
        check_seal_signature();
        return true;
    }

    void check_seal_signature()
    {
        // An interrupted recording has none: the key died with the recorder.
        if (verdict_.seal->interrupted) {
            if (files_.has("seal.sig")) fault(FaultKind::signature_unexpected, "seal.sig");
            return;
        }
        auto const signature = read("seal.sig", small_file_max);
        if (signature && !is_of_session(seal_bytes_, *signature))
            fault(FaultKind::seal_signature, "seal.sig");
    }

    [[nodiscard]] bool is_of_session(std::string_view message, std::string_view signature) const
    {
        return session_key_ && session_key_->verifies(message, signature);
    }

    void check_keys()
    {
        for (auto const& recipient : verdict_.header->recipients) {
            if (is_gone(recipient.file)) continue;
            auto const bytes = read(recipient.file, small_file_max);
            if (bytes && to_hex(sha256(*bytes)) != recipient.sha256)
                fault(FaultKind::file_differs, recipient.file);
        }
    }

    void check_countersignature()
    {
        if (!files_.has("seal.evidence.sig") && !files_.has("evidence.pem") &&
            options_.allow_not_countersigned) {
            verdict_.notes.push_back(NoteKind::not_countersigned);
            return;
        }
        if (!files_.has("seal.evidence.sig")) {
            fault(FaultKind::countersignature_missing, "seal.evidence.sig");
            return;
        }
        auto const signature = read("seal.evidence.sig", small_file_max);
        auto const pem = read("evidence.pem", small_file_max);
        if (!signature || !pem) return;
        auto const certificate = parse_certificate(*pem);
        if (!certificate || certificate->pem != *pem) {
            fault(FaultKind::file_malformed, "evidence.pem");
            return;
        }
        if (!check_evidence_identity(*certificate)) return;
        evidence_key_ = certificate->public_key;
        if (!verify_signature(certificate->public_key, seal_bytes_, *signature))
            fault(FaultKind::countersignature, "seal.evidence.sig");
    }

    /// What explains why content and keys are not there any more.
    void check_purge()
    {
        if (!files_.has("purge.json") && !files_.has("purge.sig")) return;
        auto const bytes = read("purge.json", purge_bytes_max);
        auto const signature = read("purge.sig", small_file_max);
        if (!bytes || !signature) return;
        auto const certificate = parse_purge(*bytes);
        if (!certificate || certificate->session != verdict_.header->session ||
            certificate->header_sha256 != header_sha256_ ||
            certificate->seal_sha256 != to_hex(sha256(seal_bytes_)) ||
            !verify_signature(evidence_key_, *bytes, *signature)) {
            fault(FaultKind::purge_certificate, "purge.json");
            return;
        }
        purged_ = true;
        verdict_.notes.push_back(NoteKind::purged);
    }

    [[nodiscard]] bool is_gone(std::string_view name) const { return purged_ && !files_.has(name); }

    bool check_evidence_identity(Certificate const& certificate)
    {
        bool good = true;
        if (options_.evidence_certificate) {
            auto const wanted = parse_certificate(*options_.evidence_certificate);
            good = wanted && wanted->der == certificate.der;
        } else {
            verdict_.notes.push_back(NoteKind::evidence_not_compared);
        }
        auto const& named = verdict_.header->evidence_certificate_sha256;
        if (named && *named != certificate.fingerprint()) good = false;
        if (!good) fault(FaultKind::evidence_certificate, "evidence.pem");
        return good;
    }

    void check_chain()
    {
        auto const text = read("chain.txt", chain_bytes_max);
        if (!text) return;
        ChainReader reader{*text, header_sha256_};
        Continuity continuity{verdict_.header->mono_ms, 0};
        bool first = true;
        for (;;) {
            auto const line = reader.next();
            if (!line) {
                fault(FaultKind::chain_broken, "chain.txt", reader.offset(), reader.segments());
                return;
            }
            if (!*line) break;
            if ((*line)->checkpoint) check_checkpoint(**line, reader);
            if (!(*line)->segment) continue;
            auto const& segment = *(*line)->segment;
            check_segment(segment);
            if (segment.mono_ms < verdict_.header->mono_ms)
                fault(FaultKind::chain_broken, "chain.txt", (*line)->offset, segment.index);
            // The writer's comparison began at an instant that no file holds.
            if (std::exchange(first, false))
                continuity = Continuity{
                    verdict_.header->mono_ms,
                    segment.utc_ms - (segment.mono_ms - verdict_.header->mono_ms)};
            continuity.add(segment.index, segment.mono_ms, segment.utc_ms);
        }
        compare_with_seal(reader, continuity, text->size());
    }

    void check_checkpoint(ChainLine const& line, ChainReader const& reader)
    {
        auto const message = checkpoint_message(
            verdict_.header->session, line.checkpoint->segments, reader.link_before()
        );
        if (!is_of_session(message, line.checkpoint->signature))
            fault(
                FaultKind::checkpoint_signature, "chain.txt", line.offset, line.checkpoint->segments
            );
    }

    void check_segment(SegmentEntry const& entry)
    {
        if (is_gone("record.bin")) return;
        auto const bytes =
            files_.read_at("record.bin", entry.offset, static_cast<std::size_t>(entry.length));
        if (!bytes) {
            // Said once: everything after it is missing too.
            if (!record_short_)
                fault(FaultKind::segment_missing, "record.bin", entry.offset, entry.index);
            record_short_ = true;
        } else if (to_hex(sha256(*bytes)) != entry.sha256) {
            fault(FaultKind::segment_differs, "record.bin", entry.offset, entry.index);
        }
    }

    void
    compare_with_seal(ChainReader const& reader, Continuity const& continuity, std::size_t bytes)
    {
        auto const& seal = *verdict_.seal;
        if (bytes < seal.chain_bytes)
            fault(FaultKind::chain_shortened, "chain.txt", bytes, reader.segments());
        else if (bytes > seal.chain_bytes)
            fault(FaultKind::chain_extended, "chain.txt", seal.chain_bytes, seal.segments);
        else if (reader.link() != seal.last_link || reader.segments() != seal.segments ||
                 reader.record_bytes() != seal.record_bytes ||
                 seal.first_mono_ms != verdict_.header->mono_ms ||
                 seal.last_mono_ms != continuity.last_mono_ms() ||
                 seal.gaps_total != continuity.gaps_total)
            fault(FaultKind::seal_contradicts, "seal.json");
        auto const record = files_.size("record.bin");
        if (record && *record > seal.record_bytes)
            fault(FaultKind::record_extended, "record.bin", seal.record_bytes, seal.segments);
        else if (!record && !record_short_ && !purged_)
            fault(FaultKind::file_missing, "record.bin");
    }

    void check_torn()
    {
        auto const& torn = verdict_.seal->torn;
        check_torn_file(
            "torn-record.bin", torn ? torn->record_bytes : 0, torn ? torn->record_sha256 : ""
        );
        check_torn_file(
            "torn-chain.txt", torn ? torn->chain_bytes : 0, torn ? torn->chain_sha256 : ""
        );
    }

    void check_torn_file(std::string_view name, std::uint64_t bytes, std::string const& digest)
    {
        if (bytes == 0) {
            if (files_.has(name)) fault(FaultKind::file_differs, name);
            return;
        }
        if (name == "torn-record.bin" && is_gone(name)) return;
        auto const content = read(name, torn_bytes_max);
        if (content && (content->size() != bytes || to_hex(sha256(*content)) != digest))
            fault(FaultKind::file_differs, name);
    }

    void check_text()
    {
        auto const& text = verdict_.seal->text;
        if (!text) {
            if (files_.has("text.bin")) fault(FaultKind::file_differs, "text.bin");
            return;
        }
        if (is_gone("text.bin")) return;
        auto const content = read("text.bin", text_der_max);
        if (content && (content->size() != text->bytes || to_hex(sha256(*content)) != text->sha256))
            fault(FaultKind::file_differs, "text.bin");
    }

    void add_notes()
    {
        auto const& seal = *verdict_.seal;
        if (seal.interrupted) verdict_.notes.push_back(NoteKind::interrupted);
        if (seal.torn) verdict_.notes.push_back(NoteKind::torn);
        if (seal.gaps_total > 0) verdict_.notes.push_back(NoteKind::gaps);
        if (seal.clock_jumps_total > 0) verdict_.notes.push_back(NoteKind::clock_jumps);
    }

    RecordingFiles const& files_;
    VerifyOptions const& options_;
    Verdict verdict_;
    std::string header_sha256_;
    std::string seal_bytes_;
    std::optional<VerifyingKey> session_key_;
    std::string evidence_key_; // SubjectPublicKeyInfo, once its certificate is the right one
    bool record_short_ = false;
    bool purged_ = false;
};

struct FaultRow {
    FaultKind kind;
    std::string_view word;
    TextKey text;
};

FaultRow const fault_rows[] = {
    {FaultKind::file_missing, "file_missing", TextKey::verify_fault_file_missing},
    {FaultKind::file_unreadable, "file_unreadable", TextKey::verify_fault_file_unreadable},
    {FaultKind::file_malformed, "file_malformed", TextKey::verify_fault_file_malformed},
    {FaultKind::file_differs, "file_differs", TextKey::verify_fault_file_differs},
    {FaultKind::wrong_session, "wrong_session", TextKey::verify_fault_wrong_session},
    {FaultKind::header_differs, "header_differs", TextKey::verify_fault_header_differs},
    {FaultKind::chain_broken, "chain_broken", TextKey::verify_fault_chain_broken},
    {FaultKind::chain_shortened, "chain_shortened", TextKey::verify_fault_chain_shortened},
    {FaultKind::chain_extended, "chain_extended", TextKey::verify_fault_chain_extended},
    {FaultKind::checkpoint_signature,
     "checkpoint_signature",
     TextKey::verify_fault_checkpoint_signature},
    {FaultKind::segment_differs, "segment_differs", TextKey::verify_fault_segment_differs},
    {FaultKind::segment_missing, "segment_missing", TextKey::verify_fault_segment_missing},
    {FaultKind::record_extended, "record_extended", TextKey::verify_fault_record_extended},
    {FaultKind::seal_signature, "seal_signature", TextKey::verify_fault_seal_signature},
    {FaultKind::seal_contradicts, "seal_contradicts", TextKey::verify_fault_seal_contradicts},
    {FaultKind::signature_unexpected,
     "signature_unexpected",
     TextKey::verify_fault_signature_unexpected},
    {FaultKind::countersignature_missing,
     "countersignature_missing",
     TextKey::verify_fault_countersignature_missing},
    {FaultKind::countersignature, "countersignature", TextKey::verify_fault_countersignature},
    {FaultKind::evidence_certificate,
     "evidence_certificate",
     TextKey::verify_fault_evidence_certificate},
    {FaultKind::purge_certificate, "purge_certificate", TextKey::verify_fault_purge_certificate},
};

FaultRow const& row_of(FaultKind kind)
{
    auto const* const row =
        std::find_if(std::begin(fault_rows), std::end(fault_rows), [&](auto const& r) {
            return r.kind == kind;
        });
    ECLUSE_ASSERT(row != std::end(fault_rows));
    return *row;
}

struct NoteRow {
    NoteKind kind;
    std::string_view word;
    TextKey text;
};

NoteRow const note_rows[] = {
    {NoteKind::interrupted, "interrupted", TextKey::verify_note_interrupted},
    {NoteKind::torn, "torn", TextKey::verify_note_torn},
    {NoteKind::gaps, "gaps", TextKey::verify_note_gaps},
    {NoteKind::clock_jumps, "clock_jumps", TextKey::verify_note_clock_jumps},
    {NoteKind::not_countersigned, "not_countersigned", TextKey::verify_note_not_countersigned},
    {NoteKind::evidence_not_compared,
     "evidence_not_compared",
     TextKey::verify_note_evidence_not_compared},
    {NoteKind::purged, "purged", TextKey::verify_note_purged},
};

NoteRow const& row_of(NoteKind kind)
{
    auto const* const row =
        std::find_if(std::begin(note_rows), std::end(note_rows), [&](auto const& r) {
            return r.kind == kind;
        });
    ECLUSE_ASSERT(row != std::end(note_rows));
    return *row;
}

} // namespace

Verdict verify(RecordingFiles const& files, VerifyOptions const& options)
{
    return Verifier{files, options}.run();
}

std::string describe(Fault const& fault, Language language)
{
    std::string place;
    if (fault.segment)
        place += text(
            language, TextKey::verify_place_segment, {{"segment", std::to_string(*fault.segment)}}
        );
    if (fault.offset)
        place += text(
            language, TextKey::verify_place_offset, {{"offset", std::to_string(*fault.offset)}}
        );
    return text(language, row_of(fault.kind).text, {{"file", fault.file}, {"place", place}});
}

std::string describe(NoteKind note, Language language)
{
    return text(language, row_of(note).text);
}

std::string_view to_word(FaultKind kind)
{
    return row_of(kind).word;
}

std::string_view to_word(NoteKind kind)
{
    return row_of(kind).word;
}

} // namespace ecluse::recording
