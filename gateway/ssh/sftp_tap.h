#pragma once

#include "gateway/ssh/stream_hash.h"
#include "gateway/ssh/tap.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::ssh {

/// Reads SFTP version 3 as it passes, in both directions: files are named, counted and hashed, what
/// the window does not grant is answered by us and never forwarded, and what would move data past
/// us is dropped from the server's offer. A stream that is not SFTP ends the channel.
class SftpTap final : public Tap {
public:
    explicit SftpTap(TapRules const& rules) : rules_{rules} {}

    [[nodiscard]] Result up(std::string_view bytes, Deadline now) override;
    [[nodiscard]] Result down(std::string_view bytes, Deadline now) override;
    [[nodiscard]] std::vector<std::string> conclude(std::optional<int> exit) override;

private:
    /// One direction, cut into packets: `head` collects what must be seen whole, then `pass` bytes
    /// of the packet flow through.
    struct Stream {
        std::string head;
        std::uint64_t pass = 0;
        std::string out;
    };
    /// One direction of one open file.
    struct Transfer {
        std::uint64_t next = 0; // where the next sequential byte belongs
        std::uint64_t bytes = 0;
        bool sequential = true;
        bool failed = false;
        StreamHash hash{};
        void add(std::string_view data);
        void begin(std::uint64_t offset);
    };
    struct File {
        std::string path;
        bool for_writing = false;
        std::optional<Transfer> upload;
        std::optional<Transfer> download;
        std::optional<std::uint64_t> size;
        bool end_seen = false;
    };
    struct Request {
        std::uint8_t type;
        std::string_view operation{}; // of a `file` event
        std::string name{};           // path, or handle
        std::string to{};
        std::uint64_t offset = 0;
        std::uint32_t flags = 0;
    };

    [[nodiscard]] bool feed_up(std::string_view bytes, Result& result);
    [[nodiscard]] bool feed_down(std::string_view bytes, Result& result);
    /// How many bytes of the packet must be collected before it can be judged.
    [[nodiscard]] static std::optional<std::size_t> wanted_up(std::string_view head);
    [[nodiscard]] static std::optional<std::size_t> wanted_down(std::string_view head);
    [[nodiscard]] bool judge_request(Result& result);
    [[nodiscard]] bool judge_reply(Result& result);
    [[nodiscard]] bool on_write(Result& result);
    [[nodiscard]] bool on_init();
    [[nodiscard]] bool on_version();
    [[nodiscard]] bool on_status(Request const& request, std::uint32_t code, Result& result);
    [[nodiscard]] bool track(std::uint32_t id, Request request);
    void refuse(
        std::uint32_t id,
        std::uint32_t code,
        std::string_view what,
        std::string_view name,
        Result& result
    );
    void close_file(
        std::map<std::string, File>::iterator file, bool closed, std::vector<std::string>& events
    );

    TapRules rules_;
    Stream up_;
    Stream down_;
    bool initialised_ = false;
    std::map<std::uint32_t, Request> requests_;
    std::map<std::string, File> files_;
    Transfer* passing_up_ = nullptr;
    Transfer* passing_down_ = nullptr;
    std::string passing_up_handle_;
    std::string replies_; // ours, waiting for the end of a packet
    std::string stat_path_;
    std::uint64_t stat_size_ = 0;
};

} // namespace ecluse::ssh
