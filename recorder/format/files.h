#pragma once

#include "common/fd.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::recording {

/// Every file a recording may consist of, in the order in which `recorder.open` hands them over:
/// what describes, what is proven, what proves.
constexpr std::array<std::string_view, 14> file_names{
    "header.json",
    "record.bin",
    "chain.txt",
    "text.bin",
    "seal.json",
    "seal.sig",
    "key-rssi.cms",
    "key-escrow.cms",
    "seal.evidence.sig",
    "evidence.pem",
    "torn-chain.txt",
    "torn-record.bin",
    "purge.json",
    "purge.sig"};

/// The files of one recording, from a folder or from the descriptors of `recorder.open`.
class RecordingFiles {
public:
    [[nodiscard]] static Result<RecordingFiles> from_folder(std::string const& folder);
    /// Names outside `file_names`, and names given twice, are refused.
    [[nodiscard]] static Result<RecordingFiles>
    from_descriptors(std::vector<std::string> const& names, std::vector<Fd> descriptors);

    [[nodiscard]] bool has(std::string_view name) const { return files_.contains(name); }
    [[nodiscard]] Result<std::uint64_t> size(std::string_view name) const;
    /// The whole file; a larger one is refused.
    [[nodiscard]] Result<std::string> read(std::string_view name, std::size_t bytes_max) const;
    /// Exactly `length` bytes from `offset`; `corrupt` when the file ends before.
    [[nodiscard]] Result<std::string>
    read_at(std::string_view name, std::uint64_t offset, std::size_t length) const;

private:
    std::map<std::string, Fd, std::less<>> files_;
};

} // namespace ecluse::recording
