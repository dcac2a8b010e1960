#pragma once

#include "gateway/rdp/channel_sender.h"
#include "gateway/rdp/channels/channel_watch.h"
#include "gateway/rdp/session.h"

#include <cstdint>
#include <freerdp/freerdp.h>
#include <freerdp/peer.h>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::rdp {

/// The virtual channels of a desktop: every chunk of both sides is judged (ChannelWatch), what it
/// means is recorded and told, and only then what the judgement made of it is sent on. FreeRDP's
/// own handlers never see a byte of a channel. Any thread.
class ChannelRelay {
public:
    explicit ChannelRelay(Session& session) : session_{session} {}
    ~ChannelRelay();
    ChannelRelay(ChannelRelay const&) = delete;
    ChannelRelay& operator=(ChannelRelay const&) = delete;

    /// From here on something may pass; before, everything is dropped.
    void open(Grants const& grants, Limits const& limits);
    /// Whether a channel that the vendor announced may be joined with the target.
    [[nodiscard]] bool may_create(std::string_view name, std::uint32_t options);
    /// False: the session ends.
    bool receive(
        Direction direction,
        std::string_view name,
        std::string_view chunk,
        std::uint32_t flags,
        std::uint32_t total
    );

    void begin_vendor(freerdp_peer* peer);
    void begin_target(freerdp* instance);
    void end_vendor() { to_vendor_.end(); }
    void end_target() { to_target_.end(); }

private:
    bool report(std::vector<Fact> const& facts);
    void lay(Banner const* banner);
    void conclude();

    Session& session_;
    /// Around a judgement and the handing over of what it said: their order is the record's.
    std::timed_mutex mutex_;
    std::unique_ptr<ChannelWatch> watch_;
    ChannelSender to_vendor_;
    ChannelSender to_target_;
};

} // namespace ecluse::rdp
