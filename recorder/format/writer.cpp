#include "recorder/format/writer.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/time.h"
#include "recorder/format/chain.h"
#include "recorder/format/segment.h"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace ecluse::recording {
namespace {

Result<Fd> create_for_append(std::string const& path)
{
    Fd file{::open(
        path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600
    )};
    if (!file) return os_error("create " + path);
    return file;
}

/// One file that is never replaced: no rename needed, the folder is synced once at the end.
Result<> write_once(std::string const& path, std::string_view bytes)
{
    auto const file = ECLUSE_TRY(create_for_append(path));
    ECLUSE_TRY(write_all(file.get(), bytes));
    if (::fsync(file.get()) != 0) return os_error("sync " + path);
    return {};
}

Result<> sync_folder(std::string const& path)
{
    Fd const folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder) return os_error("open " + path);
    if (::fsync(folder.get()) != 0) return os_error("sync " + path);
    return {};
}

} // namespace

std::uint64_t mono_now_ms()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

std::uint64_t utc_now_ms()
{
    // A clock before 1970 is a broken clock; zero shows it, a wrapped number would hide it.
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(utc_now().time_since_epoch().count(), 0)
    );
}

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::create(Request const& request)
{
    ECLUSE_ASSERT(is_session_id(request.session));
    auto session_key = ECLUSE_TRY(SessionKey::generate());
    auto key = ECLUSE_TRY(ContentKey::generate());
    auto const public_key = ECLUSE_TRY(session_key.public_key());
    Header header{
        .session = request.session,
        .created = to_iso(utc_now()),
        .mono_ms = mono_now_ms(),
        .recorder = ECLUSE_VERSION,
        .session_key = public_key,
        .key_id = to_hex(key.id()),
        .key_commitment = to_hex(key.commitment()),
        .recipients = {},
        .evidence_certificate_sha256 = request.evidence_certificate_sha256,
        .facts = {},
    };
    for (auto const& recipient : request.recipients) {
        auto const wrapped = ECLUSE_TRY(wrap_content_key(key, recipient.certificate));
        auto const file = "key-" + recipient.name + ".cms";
        ECLUSE_TRY(write_once(request.folder + "/" + file, wrapped));
        header.recipients.push_back(
            {recipient.name, recipient.certificate.fingerprint(), file, to_hex(sha256(wrapped))}
        );
    }
    auto const bytes = to_bytes(header, request.facts);
    if (bytes.size() > header_bytes_max) return Error{Errc::too_large, "header: too large"};
    ECLUSE_TRY(write_once(request.folder + "/header.json", bytes));

    std::unique_ptr<RecordingWriter> writer{new RecordingWriter{
        std::move(session_key), std::move(key), Continuity{header.mono_ms, utc_now_ms()}}};
    writer->folder_ = request.folder;
    writer->session_ = request.session;
    writer->header_sha256_ = to_hex(sha256(bytes));
    writer->link_ = writer->header_sha256_;
    writer->first_mono_ms_ = header.mono_ms;
    writer->checkpoint_mono_ms_ = header.mono_ms;
    ECLUSE_TRY(writer->open_files());
    return writer;
}

Result<> RecordingWriter::open_files()
{
    record_ = ECLUSE_TRY(create_for_append(folder_ + "/record.bin"));
    chain_ = ECLUSE_TRY(create_for_append(folder_ + "/chain.txt"));
    return sync_folder(folder_);
}

Result<> RecordingWriter::append(std::string_view frames)
{
    if (failed_ || sealed_) return Error{Errc::unavailable, "recording: already ended"};
    auto appended = append_unchecked(frames);
    if (!appended) failed_ = true;
    return appended;
}

Result<> RecordingWriter::append_unchecked(std::string_view frames)
{
    auto const der = ECLUSE_TRY(seal_segment(key_, session_, segments_, frames));
    SegmentEntry const entry{
        .index = segments_,
        .offset = record_bytes_,
        .length = der.size(),
        .sha256 = to_hex(sha256(der)),
        .mono_ms = mono_now_ms(),
        .utc_ms = utc_now_ms(),
    };
    auto const words = to_words(entry);
    auto link = link_after(link_, words);
    auto lines = words + " " + link + "\n";
    auto const unsigned_bytes = checkpoint_bytes_ + der.size();
    bool const checkpoint = entry.mono_ms >= checkpoint_mono_ms_ + checkpoint_after_ms ||
                            unsigned_bytes >= checkpoint_after_bytes;
    if (checkpoint) {
        auto signature =
            ECLUSE_TRY(session_key_.sign(checkpoint_message(session_, entry.index + 1, link)));
        auto const signed_words = to_words(CheckpointEntry{entry.index + 1, std::move(signature)});
        link = link_after(link, signed_words);
        lines += signed_words + " " + link + "\n";
    }
    ECLUSE_TRY(write_all(record_.get(), der));
    ECLUSE_TRY(write_all(chain_.get(), lines));
    // A failed sync is never tried again: the kernel may have dropped the pages it could not write.
    if (::fdatasync(record_.get()) != 0) return os_error("sync record");
    if (::fdatasync(chain_.get()) != 0) return os_error("sync chain");

    continuity_.add(entry.index, entry.mono_ms, entry.utc_ms);
    ++segments_;
    record_bytes_ += der.size();
    chain_bytes_ += lines.size();
    link_ = std::move(link);
    checkpoint_bytes_ = checkpoint ? 0 : unsigned_bytes;
    if (checkpoint) checkpoint_mono_ms_ = entry.mono_ms;
    return {};
}

Result<>
RecordingWriter::read_back(std::vector<SegmentPlace> const& places, Visit const& visit) const
{
    auto const path = folder_ + "/record.bin";
    Fd const record{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!record) return os_error("open " + path);
    std::string der;
    for (auto const& place : places) {
        der.resize(place.length);
        auto const got =
            ::pread(record.get(), der.data(), der.size(), static_cast<off_t>(place.offset));
        if (got != static_cast<ssize_t>(der.size()))
            return Error{Errc::corrupt, "read back: not what was written"};
        auto const frames = ECLUSE_TRY(open_segment(key_, session_, place.index, der));
        if (!ECLUSE_TRY(visit(frames))) return {};
    }
    return {};
}

Result<> RecordingWriter::cut_to_durable()
{
    if (::ftruncate(record_.get(), static_cast<off_t>(record_bytes_)) != 0)
        return os_error("cut record");
    if (::ftruncate(chain_.get(), static_cast<off_t>(chain_bytes_)) != 0)
        return os_error("cut chain");
    if (::fsync(record_.get()) != 0) return os_error("sync record");
    if (::fsync(chain_.get()) != 0) return os_error("sync chain");
    return {};
}

Result<SealedText> RecordingWriter::write_text(std::string_view text) const
{
    auto const der = ECLUSE_TRY(seal_text(key_, session_, text));
    ECLUSE_TRY(write_file_durably(folder_ + "/text.bin", der));
    return SealedText{der.size(), to_hex(sha256(der))};
}

Result<SealSummary> RecordingWriter::seal(std::string_view end_reason, std::string_view text)
{
    if (sealed_) return Error{Errc::unavailable, "recording: already ended"};
    sealed_ = true;
    std::optional<SealedText> sealed_text;
    if (!text.empty() && !failed_) {
        auto written = write_text(text);
        // Only a search misses it, and reads the recording itself then: the seal comes first.
        if (written)
            sealed_text = *std::move(written);
        else
            (void)::unlink((folder_ + "/text.bin").c_str());
    }
    // Whatever happens below, nothing more is ever encrypted or signed for this recording.
    key_.wipe();
    if (failed_) ECLUSE_TRY(cut_to_durable());
    Seal seal;
    seal.session = session_;
    seal.header_sha256 = header_sha256_;
    seal.segments = segments_;
    seal.record_bytes = record_bytes_;
    seal.chain_bytes = chain_bytes_;
    seal.last_link = link_;
    seal.end_reason = end_reason;
    seal.first_mono_ms = first_mono_ms_;
    seal.last_mono_ms = continuity_.last_mono_ms();
    seal.sealed_utc_ms = utc_now_ms();
    seal.gaps_total = continuity_.gaps_total;
    seal.gaps = continuity_.gaps;
    seal.clock_jumps_total = continuity_.clock_jumps_total;
    seal.clock_jumps = continuity_.clock_jumps;
    seal.text = std::move(sealed_text);
    auto const bytes = to_bytes(seal);
    auto const signature = session_key_.sign(bytes);
    session_key_.wipe();
    if (!signature) return signature.error();
    // The signature first: a recording with a seal.json is a sealed one.
    ECLUSE_TRY(write_file_durably(folder_ + "/seal.sig", *signature));
    ECLUSE_TRY(write_file_durably(folder_ + "/seal.json", bytes));
    record_.reset();
    chain_.reset();
    return SealSummary{session_, to_hex(sha256(bytes)), std::move(seal)};
}

} // namespace ecluse::recording
