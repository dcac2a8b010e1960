#pragma once

#include "common/text.h"
#include "recorder/format/files.h"
#include "recorder/format/header.h"
#include "recorder/format/seal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Checks a recording offline: every byte of every file, without any key but public ones. The same
/// checks as verify/verifier.sh makes with openssl and sha256sum alone.
namespace ecluse::recording {

enum class FaultKind {
    file_missing,
    file_unreadable,
    file_malformed,
    file_differs,
    wrong_session,
    header_differs,
    chain_broken,
    chain_shortened,
    chain_extended,
    checkpoint_signature,
    segment_differs,
    segment_missing,
    record_extended,
    seal_signature,
    seal_contradicts,
    signature_unexpected,
    countersignature_missing,
    countersignature,
    evidence_certificate,
    purge_certificate,
};

struct Fault {
    FaultKind kind;
    std::string file;
    /// Where in the file.
    std::optional<std::uint64_t> offset;
    std::optional<std::uint64_t> segment;
};

/// What a reader of the verdict should know though nothing is wrong.
enum class NoteKind {
    interrupted,
    torn,
    gaps,
    clock_jumps,
    not_countersigned,
    evidence_not_compared,
    purged,
};

struct Verdict {
    std::vector<Fault> faults;
    std::vector<NoteKind> notes;
    /// As far as they could be read.
    std::optional<Header> header;
    std::optional<Seal> seal;

    [[nodiscard]] bool good() const { return faults.empty(); }
};

struct VerifyOptions {
    /// The only certificate whose countersignature counts, PEM.
    std::optional<std::string> evidence_certificate;
    /// For a recording between its seal and its countersignature.
    bool allow_not_countersigned = false;
};

[[nodiscard]] Verdict verify(RecordingFiles const& files, VerifyOptions const& options = {});

/// One sentence, with file and place.
[[nodiscard]] std::string describe(Fault const& fault, Language language);
[[nodiscard]] std::string describe(NoteKind note, Language language);
/// "file_missing": for machines.
[[nodiscard]] std::string_view to_word(FaultKind kind);
[[nodiscard]] std::string_view to_word(NoteKind kind);

} // namespace ecluse::recording
