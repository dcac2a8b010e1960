#include "gateway/rdp/channels/clipboard_files.h"

#include "gateway/rdp/channels/text.h"
#include "gateway/rdp/channels/wire.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

constexpr std::size_t descriptor_bytes = 592;
/// A folder of a few thousand files is a plausible delivery; the list then takes 2.4 MB.
constexpr std::size_t files_max = 4096;
/// Each costs a hash context. Explorers copy one file after the other.
constexpr std::size_t under_way_max = 64;
/// Explorers ask for 64 KiB to 8 MiB at a time.
constexpr std::uint32_t piece_bytes_max = 16U << 20;

constexpr std::uint32_t has_attributes = 0x04;
constexpr std::uint32_t has_size = 0x40;
constexpr std::uint32_t attribute_folder = 0x10;

} // namespace

bool same_files(std::vector<OfferedFile> const& left, std::vector<OfferedFile> const& right)
{
    return std::equal(
        left.begin(),
        left.end(),
        right.begin(),
        right.end(),
        [](auto const& one, auto const& other) {
            return one.name == other.name && one.folder == other.folder;
        }
    );
}

FileList parse_file_list(std::string_view body)
{
    WireReader reader{body};
    std::size_t const count = reader.u32();
    if (!reader.good()) return {{}, FileListFault::malformed, {}};
    if (count > files_max) return {{}, FileListFault::too_many, {}};
    if (body.size() != 4 + count * descriptor_bytes) return {{}, FileListFault::malformed, {}};
    FileList list;
    for (std::size_t i = 0; i < count; ++i) {
        auto const flags = reader.u32();
        reader.take(32);
        auto const attributes = reader.u32();
        reader.take(16 + 8);
        std::uint64_t const high = reader.u32();
        std::uint64_t const size = high << 32 | reader.u32();
        auto const name = reader.take(520);
        auto const text = until_nul16(name);
        if (text.size() == name.size()) return {{}, FileListFault::malformed, {}};
        OfferedFile file{
            .name = utf8_from_utf16(text),
            .folder = (flags & has_attributes) != 0 && (attributes & attribute_folder) != 0,
            .size = (flags & has_size) != 0 ? std::optional{size} : std::nullopt};
        // The other side writes the file where this name says.
        if (!is_plain_path(file.name, false)) return {{}, FileListFault::escaping_name, file.name};
        list.files.push_back(std::move(file));
    }
    return list;
}

Fact ClipboardFiles::end(std::uint32_t index, FileTransfer& transfer, bool complete) const
{
    return transfer.conclude(
        {.protocol = "rdp_clipboard",
         .direction = direction_,
         .name = files_[index].name,
         .complete = complete}
    );
}

std::vector<Fact> ClipboardFiles::conclude()
{
    std::vector<Fact> facts;
    for (auto& [index, transfer] : under_way_)
        facts.push_back(end(index, transfer, false));
    under_way_.clear();
    return facts;
}

std::vector<Fact> ClipboardFiles::offer(std::vector<OfferedFile> files)
{
    auto facts = conclude();
    files_ = std::move(files);
    return facts;
}

ClipboardFiles::Answer ClipboardFiles::may_ask(Piece const& piece) const
{
    if (!known(piece.index) || files_[piece.index].folder || piece.bytes > piece_bytes_max)
        return Answer::refuse;
    if (!under_way_.contains(piece.index) && under_way_.size() >= under_way_max)
        return Answer::refuse;
    auto const& size = files_[piece.index].size;
    // Without a size it is the pieces that count, as they come.
    if ((size && *size > file_bytes_max_) || piece.offset > file_bytes_max_)
        return Answer::too_large;
    // An empty file has its one piece, by which it is told.
    if (size && piece.offset > 0 && piece.offset >= *size) return Answer::at_end;
    return Answer::pass;
}

void ClipboardFiles::learn_size(std::uint32_t index, std::uint64_t size)
{
    if (known(index)) files_[index].size = size;
}

ClipboardFiles::Answer
ClipboardFiles::receive(Piece const& piece, std::string_view data, std::vector<Fact>& facts)
{
    if (!known(piece.index)) return Answer::refuse;
    // From the start again: another copy of the same file.
    if (auto const old = under_way_.find(piece.index);
        old != under_way_.end() && piece.offset == 0 && old->second.bytes() > 0) {
        facts.push_back(end(piece.index, old->second, false));
        under_way_.erase(old);
    }
    if (under_way_.size() >= under_way_max && !under_way_.contains(piece.index))
        return Answer::refuse;
    auto& transfer = under_way_[piece.index];
    if (data.size() > file_bytes_max_ - std::min(file_bytes_max_, transfer.bytes())) {
        facts.push_back(end(piece.index, transfer, false));
        under_way_.erase(piece.index);
        return Answer::too_large;
    }
    transfer.add(piece.offset, data);
    auto const& size = files_[piece.index].size;
    // Where the size is not known, less than was asked for is the end.
    bool const end_seen = data.size() < piece.bytes;
    bool const whole = size ? transfer.bytes() >= *size : end_seen;
    if (whole || (end_seen && data.empty())) {
        facts.push_back(end(piece.index, transfer, whole));
        under_way_.erase(piece.index);
    }
    return Answer::pass;
}

} // namespace ecluse::rdp
