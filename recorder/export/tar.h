#pragma once

#include "common/fd.h"
#include "common/time.h"
#include "recorder/export/export.h"
#include "recorder/format/files.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace ecluse::recording {

/// One archive in the ustar form, written from front to back: the same files give the same bytes.
/// Remembers each file's SHA-256 for the manifest.
class TarWriter {
public:
    /// Everything stands in `folder`, dated `at`.
    TarWriter(Write write, std::string folder, UtcTime at);
    ~TarWriter();
    TarWriter(TarWriter const&) = delete;
    TarWriter& operator=(TarWriter const&) = delete;

    Result<> add(std::string const& name, std::string_view bytes, unsigned mode = 0600);
    /// `file` of a recording, as it is.
    Result<> add(std::string const& name, RecordingFiles const& files, std::string_view file);
    /// A regular file from its first byte.
    Result<> add(std::string const& name, Fd const& file);
    /// What follows is no longer in `manifest`: itself, and its signature.
    [[nodiscard]] std::string manifest() const;
    Result<> finish();

private:
    Result<> begin(std::string const& name, std::uint64_t size, unsigned mode);
    Result<> piece(std::string_view bytes);
    Result<> end(std::string const& name, std::uint64_t size);

    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    Write write_;
    std::string folder_;
    UtcTime at_;
    std::unique_ptr<evp_md_ctx_st, Free> digest_;
    std::map<std::string, std::string> digests_;
};

} // namespace ecluse::recording
