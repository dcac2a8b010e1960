#pragma once

#include "recorder/format/chain.h"
#include "recorder/format/content_key.h"
#include "recorder/format/files.h"
#include "recorder/format/frame.h"
#include "recorder/format/header.h"
#include "recorder/format/signing.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::recording {

/// The private key of a recipient, for one reading.
class ReadingKey {
public:
    /// PEM (possibly encrypted) or PKCS#12; `refused` when the passphrase does not fit.
    [[nodiscard]] static Result<ReadingKey> open(std::string_view bytes, Secret const& passphrase);

    [[nodiscard]] evp_pkey_st* handle() const { return key_.get(); }

private:
    explicit ReadingKey(KeyHandle key) : key_{std::move(key)} {}

    KeyHandle key_;
};

/// Reads what a recording holds. Integrity as a whole is verify's business; still, nothing is given
/// out here that is not in the chain and authentic under K.
class Recording {
public:
    [[nodiscard]] static Result<Recording> open(RecordingFiles files);

    [[nodiscard]] Header const& header() const { return header_; }
    [[nodiscard]] RecordingFiles const& files() const { return files_; }
    /// K, unwrapped with the key of whichever recipient it is; `refused` when it is nobody's.
    [[nodiscard]] Result<ContentKey> unlock(ReadingKey const& key) const;

    /// False ends the walk early, without error.
    using Visit = std::function<Result<bool>(FrameView const&)>;
    Result<> for_each_frame(ContentKey const& key, Visit const& visit) const;
    /// The same by whole segments from `first` on: those before are neither read nor decrypted.
    using VisitSegment =
        std::function<Result<bool>(SegmentEntry const&, std::vector<FrameView> const&)>;
    Result<>
    for_each_segment(ContentKey const& key, std::uint64_t first, VisitSegment const& visit) const;

private:
    Recording(RecordingFiles files, Header header, std::string header_sha256)
        : files_{std::move(files)}, header_{std::move(header)}, header_sha256_{
                                                                    std::move(header_sha256)}
    {
    }

    RecordingFiles files_;
    Header header_;
    std::string header_sha256_;
};

} // namespace ecluse::recording
