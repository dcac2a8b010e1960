#pragma once

#include "gateway/rdp/channels/file_transfer.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ecluse::rdp {

/// The files that the target has open on the vendor's drives.
class DriveFiles {
public:
    using Key = std::pair<std::uint32_t, std::uint32_t>; // device, file
    struct Opening {
        std::string path{};
        bool creates = false; // or empties
        bool removed_on_close = false;
    };
    struct File {
        Opening opening{};
        std::optional<FileTransfer> up{};
        std::optional<FileTransfer> down{};
        std::optional<std::uint64_t> size{};
        bool up_end_seen = false;
        bool up_failed = false;
        bool down_failed = false;
    };

    /// False: too many.
    [[nodiscard]] bool open(Key key, Opening opening, std::vector<Fact>& facts);
    [[nodiscard]] File* find(Key key);
    /// Told as complete when nothing failed and `closed`.
    void close(Key key, bool closed, std::vector<Fact>& facts);
    void close_device(std::uint32_t device, std::vector<Fact>& facts);
    [[nodiscard]] std::vector<Fact> conclude();

private:
    static void tell(File& file, bool closed, std::vector<Fact>& facts);
    std::map<Key, File> files_;
};

} // namespace ecluse::rdp
