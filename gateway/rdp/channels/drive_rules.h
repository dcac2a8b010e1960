#pragma once

#include "gateway/rdp/channels/drive_files.h"
#include "gateway/rdp/channels/message.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace ecluse::rdp {

/// The device channel ([MS-RDPEFS]). The vendor's client announces devices, the target's system
/// sends requests to them. Only drives are let through, and only when files are granted: what the
/// target reads from a drive goes up, what it writes there goes down. A request that is not granted
/// is answered by us and never reaches the vendor.
class DriveRules final : public ChannelRules {
public:
    DriveRules(Grants const& grants, Limits const& limits, Refusals& refusals)
        : grants_{grants}, limits_{limits}, refusals_{refusals}
    {
    }

    /// Windows clients need the channel for sound as well, without any device on it.
    [[nodiscard]] static bool needed(Grants const& grants)
    {
        return grants.file_up || grants.file_down || grants.sound;
    }

    [[nodiscard]] std::size_t kept_max() const override;
    [[nodiscard]] Outcome on_message(Message const& message) override;
    [[nodiscard]] std::vector<Fact> conclude() override;

private:
    struct Request {
        std::uint32_t device;
        std::uint32_t file;
        std::uint32_t completion;
        std::uint32_t major;
        std::uint32_t minor;
        std::string_view body;
    };
    /// A request that the vendor's client has not answered.
    struct Waiting {
        std::uint32_t major;
        std::uint32_t file;
        std::uint32_t information_class = 0;
        std::uint64_t offset = 0;
        std::uint32_t bytes = 0;
        DriveFiles::Opening opening{};
        std::string name{}; // of a `file` event
        std::string to{};
        std::string_view operation{};
    };
    /// What we make of a request: forwarded with this body, or answered.
    struct Judgement {
        std::uint32_t status = 0; // 0: forward
        std::string body{};
        Waiting waiting{};
    };
    using Key = std::pair<std::uint32_t, std::uint32_t>;

    [[nodiscard]] bool files_granted() const { return grants_.file_up || grants_.file_down; }
    [[nodiscard]] bool on_greeting(std::uint16_t packet, Message const& message, Outcome& out);
    void on_capabilities(std::uint16_t packet, Message const& message, Outcome& out);
    void on_devices(std::string_view body, Outcome& out);
    void on_devices_gone(std::string_view body, Outcome& out);
    void on_request(std::string_view body, Outcome& out);
    void on_completion(std::string_view body, Outcome& out);

    [[nodiscard]] Judgement judge(Request const& request, Outcome& out);
    [[nodiscard]] Judgement judge_create(Request const& request, Outcome& out);
    [[nodiscard]] Judgement judge_read(Request const& request, Outcome& out);
    [[nodiscard]] Judgement judge_write(Request const& request, Outcome& out);
    [[nodiscard]] Judgement judge_change(Request const& request, Outcome& out);
    [[nodiscard]] Judgement judge_directory(Request const& request, Outcome& out);
    [[nodiscard]] Judgement judge_query(Request const& request, Outcome& out);
    [[nodiscard]] Judgement
    refuse(std::string_view function, std::string_view name, std::uint32_t status, Outcome& out);

    [[nodiscard]] bool judge_answer(
        Key file, Waiting const& waiting, std::uint32_t& status, std::string& body, Outcome& out
    );
    [[nodiscard]] bool judge_read_answer(
        Key file, Waiting const& waiting, std::uint32_t& status, std::string& body, Outcome& out
    );

    Grants grants_;
    Limits limits_;
    Refusals& refusals_;
    bool is_confirmed_ = false;    // the target has confirmed the client's number
    bool logged_on_waits_ = false; // the target said so before that
    std::set<std::uint32_t> devices_;
    std::map<Key, Waiting> waiting_; // by device and completion
    DriveFiles files_;
};

} // namespace ecluse::rdp
