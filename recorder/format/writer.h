#pragma once

#include "common/fd.h"
#include "recorder/format/header.h"
#include "recorder/format/seal.h"
#include "recorder/format/signing.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::recording {

/// A checkpoint at least every 10 s while segments come (heartbeats do), and every MiB.
constexpr std::uint64_t checkpoint_after_ms = 7'000;
constexpr std::uint64_t checkpoint_after_bytes = 1024 * 1024;

/// What policyd is told about a sealed recording.
struct SealSummary {
    std::string session;
    std::string seal_sha256;
    Seal seal;
};

/// Where one segment lies in record.bin.
struct SegmentPlace {
    std::uint64_t index;
    std::uint64_t offset;
    std::uint32_t length;
};

/// Writes one recording. Each call blocks until its bytes are on disk; calls never overlap. The
/// first failure is final: afterwards only `seal` is possible, of what was durable before.
class RecordingWriter {
public:
    struct Request {
        /// Exists and is empty; its entry in the parent is the caller's to sync.
        std::string folder;
        std::string session;
        std::vector<Recipient> const& recipients;
        std::optional<std::string> evidence_certificate_sha256;
        boost::json::object const& facts;
    };
    /// Header, wrapped keys and empty record and chain, durable when it returns.
    [[nodiscard]] static Result<std::unique_ptr<RecordingWriter>> create(Request const& request);

    /// One segment of whole frames (possibly none: a heartbeat) and its chain line, durable when it
    /// returns.
    Result<> append(std::string_view frames);
    /// Ends the recording and wipes both keys. Once only. `text` is the session's, sealed beside
    /// it; empty: none.
    [[nodiscard]] Result<SealSummary> seal(std::string_view end_reason, std::string_view text = {});

    /// The frames of segments that are on disk, for whoever watches a session that lives. Changes
    /// nothing, and may run beside an `append` in another thread; never beside `seal`, which wipes
    /// the key. False ends the walk early.
    using Visit = std::function<Result<bool>(std::string_view frames)>;
    Result<> read_back(std::vector<SegmentPlace> const& places, Visit const& visit) const;

    [[nodiscard]] std::string const& session() const { return session_; }
    [[nodiscard]] std::uint64_t bytes() const { return record_bytes_; }

private:
    RecordingWriter(SessionKey session_key, ContentKey key, Continuity continuity)
        : session_key_{std::move(session_key)}, key_{std::move(key)}, continuity_{continuity}
    {
    }
    Result<> open_files();
    Result<> append_unchecked(std::string_view frames);
    Result<> cut_to_durable();
    [[nodiscard]] Result<SealedText> write_text(std::string_view text) const;

    SessionKey session_key_;
    ContentKey key_;
    Continuity continuity_;
    std::string folder_;
    std::string session_;
    std::string header_sha256_;
    std::string link_;
    Fd record_;
    Fd chain_;
    // INVARIANT: these describe only what is on disk.
    std::uint64_t segments_ = 0;
    std::uint64_t record_bytes_ = 0;
    std::uint64_t chain_bytes_ = 0;
    std::uint64_t first_mono_ms_ = 0;
    std::uint64_t checkpoint_mono_ms_ = 0;
    std::uint64_t checkpoint_bytes_ = 0;
    bool failed_ = false;
    bool sealed_ = false;
};

/// CLOCK_MONOTONIC and UTC, in milliseconds: what chain lines carry.
[[nodiscard]] std::uint64_t mono_now_ms();
[[nodiscard]] std::uint64_t utc_now_ms();

} // namespace ecluse::recording
