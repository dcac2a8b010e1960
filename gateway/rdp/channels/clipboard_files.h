#pragma once

#include "gateway/rdp/channels/file_transfer.h"
#include "gateway/rdp/channels/message.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Files on the clipboard, in one direction: the list that a side offers, and the pieces that the
/// other one asks for ([MS-RDPECLIP] 2.2.5.2.3, 2.2.5.3, 2.2.5.4).
namespace ecluse::rdp {

struct OfferedFile {
    std::string name; // UTF-8, with its folders
    bool folder;
    std::optional<std::uint64_t> size;
};
/// Sizes apart, which may be learnt later.
[[nodiscard]] bool
same_files(std::vector<OfferedFile> const& left, std::vector<OfferedFile> const& right);

enum class FileListFault { malformed, too_many, escaping_name };
struct FileList {
    std::vector<OfferedFile> files;
    std::optional<FileListFault> fault;
    std::string culprit; // the name, for escaping_name
};
[[nodiscard]] FileList parse_file_list(std::string_view body);

class ClipboardFiles {
public:
    ClipboardFiles(Direction direction, std::uint64_t file_bytes_max)
        : direction_{direction}, file_bytes_max_{file_bytes_max}
    {
    }

    struct Piece {
        std::uint32_t index;
        std::uint64_t offset;
        std::uint32_t bytes;
    };
    enum class Answer { pass, refuse, too_large, at_end };

    /// A new list replaces the old one: what was under way is told as incomplete.
    [[nodiscard]] std::vector<Fact> offer(std::vector<OfferedFile> files);
    [[nodiscard]] std::vector<OfferedFile> const& offered() const { return files_; }
    [[nodiscard]] bool known(std::uint32_t index) const { return index < files_.size(); }
    [[nodiscard]] std::string_view name(std::uint32_t index) const { return files_[index].name; }

    [[nodiscard]] Answer may_ask(Piece const& piece) const;
    /// The owner's answer to a size request.
    void learn_size(std::uint32_t index, std::uint64_t size);
    /// The bytes of a piece, before they are forwarded.
    [[nodiscard]] Answer
    receive(Piece const& piece, std::string_view data, std::vector<Fact>& facts);
    [[nodiscard]] std::vector<Fact> conclude();

private:
    [[nodiscard]] Fact end(std::uint32_t index, FileTransfer& transfer, bool complete) const;

    Direction direction_;
    std::uint64_t file_bytes_max_;
    std::vector<OfferedFile> files_;
    std::map<std::uint32_t, FileTransfer> under_way_;
};

} // namespace ecluse::rdp
