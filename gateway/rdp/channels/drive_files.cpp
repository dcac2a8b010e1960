#include "gateway/rdp/channels/drive_files.h"

namespace ecluse::rdp {
namespace {

/// A file explorer keeps some tens open.
constexpr std::size_t files_max = 1024;

} // namespace

bool DriveFiles::open(Key key, Opening opening, std::vector<Fact>& facts)
{
    close(key, false, facts); // the client gave out a number that it had not got back
    if (files_.size() >= files_max) return false;
    files_.emplace(key, File{.opening = std::move(opening)});
    return true;
}

DriveFiles::File* DriveFiles::find(Key key)
{
    auto const found = files_.find(key);
    return found == files_.end() ? nullptr : &found->second;
}

void DriveFiles::tell(File& file, bool closed, std::vector<Fact>& facts)
{
    auto const end = [&](FileTransfer& transfer, Direction direction, bool complete) {
        facts.push_back(transfer.conclude(
            {.protocol = "rdp_drive",
             .direction = direction,
             .name = file.opening.path,
             .complete = complete}
        ));
    };
    if (file.up) {
        bool const whole = file.up_end_seen || (file.size && file.up->bytes() >= *file.size);
        end(*file.up, Direction::to_target, closed && whole && !file.up_failed);
    }
    // An empty file that was made is a file as well.
    if (!file.down && file.opening.creates) file.down.emplace();
    if (file.down) end(*file.down, Direction::to_vendor, closed && !file.down_failed);
}

void DriveFiles::close(Key key, bool closed, std::vector<Fact>& facts)
{
    auto const found = files_.find(key);
    if (found == files_.end()) return;
    tell(found->second, closed, facts);
    files_.erase(found);
}

void DriveFiles::close_device(std::uint32_t device, std::vector<Fact>& facts)
{
    for (auto entry = files_.lower_bound({device, 0});
         entry != files_.end() && entry->first.first == device;) {
        tell(entry->second, false, facts);
        entry = files_.erase(entry);
    }
}

std::vector<Fact> DriveFiles::conclude()
{
    std::vector<Fact> facts;
    for (auto& [key, file] : files_)
        tell(file, false, facts);
    files_.clear();
    return facts;
}

} // namespace ecluse::rdp
