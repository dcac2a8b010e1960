#include "gateway/rdp/channel_relay.h"

#include <freerdp/channels/channels.h>
#include <freerdp/channels/wtsvc.h>

namespace ecluse::rdp {
namespace {

/// A side that takes nothing for so long while the other one goes on sending.
constexpr std::chrono::seconds room_limit{30};
/// The end does not wait for a thread that waits for the recording.
constexpr std::chrono::milliseconds conclude_limit{50};

/// FreeRDP takes a pointer to what it does not change.
BYTE const* bytes_of(Chunk const& chunk)
{
    return reinterpret_cast<BYTE const*>(chunk.bytes.data());
}

} // namespace

ChannelRelay::~ChannelRelay() = default;

void ChannelRelay::open(Grants const& grants, Limits const& limits)
{
    {
        std::lock_guard const lock{mutex_};
        watch_ = std::make_unique<ChannelWatch>(grants, limits);
    }
    session_.at_end([this] { conclude(); });
    session_.on_banner([this](Banner const* banner) { lay(banner); });
}

void ChannelRelay::lay(Banner const* banner)
{
    std::optional<Overlay> overlay;
    if (banner) {
        auto const small = [](int value) { return static_cast<std::uint16_t>(value); };
        auto const& place = banner->place;
        overlay = Overlay{
            small(place.x),
            small(place.y),
            small(place.width),
            small(place.height),
            {banner->pixels.begin(), banner->pixels.end()}};
    }
    std::lock_guard const lock{mutex_};
    for (auto& chunk : watch_->lay(overlay).forward)
        to_vendor_.put(std::move(chunk));
}

bool ChannelRelay::report(std::vector<Fact> const& facts)
{
    for (auto const& fact : facts) {
        if (!fact.recorded.empty() && !session_.record(feed::Kind::event, fact.recorded))
            return false;
        if (!fact.told.empty() &&
            !session_.with_policy([&](PolicyLink& policy) { return policy.tell_event(fact.told); }))
            return false;
    }
    return true;
}

bool ChannelRelay::may_create(std::string_view name, std::uint32_t options)
{
    std::lock_guard const lock{mutex_};
    if (!watch_ || session_.is_over()) return false;
    auto const admission = watch_->may_create_static(name, options);
    return report(admission.facts) && admission.allowed;
}

bool ChannelRelay::receive(
    Direction direction,
    std::string_view name,
    std::string_view chunk,
    std::uint32_t flags,
    std::uint32_t total
)
{
    {
        std::lock_guard const lock{mutex_};
        if (session_.is_over()) return false;
        // Before the grant there is nothing to say on a channel.
        if (!watch_) return true;
        auto verdict = watch_->on_static(name, direction, chunk, flags, total);
        // INVARIANT: recorded and told before anybody receives it.
        if (!report(verdict.facts)) return false;
        if (!verdict.fault.empty()) {
            session_.end("protocol_error", verdict.fault);
            return false;
        }
        for (auto const& message : verdict.graphics)
            if (!session_.record_drawing(feed::Kind::graphics_message, message)) return false;
        for (auto& one : verdict.forward) {
            bool const up = one.direction == Direction::to_target;
            session_.count(up, one.bytes.size());
            (up ? to_target_ : to_vendor_).put(std::move(one));
        }
    }
    if (!to_target_.wait_for_room(room_limit)) {
        session_.end("target_left", "takes nothing on its channels");
        return false;
    }
    if (!to_vendor_.wait_for_room(room_limit)) {
        session_.end("client_left", "takes nothing on its channels");
        return false;
    }
    return true;
}

void ChannelRelay::begin_vendor(freerdp_peer* peer)
{
    to_vendor_.begin([peer](Chunk const& chunk) {
        auto const id = ::WTSChannelGetId(peer, chunk.channel.c_str());
        return id == 0 ||
               peer->SendChannelPacket(
                   peer, id, chunk.total, chunk.flags, bytes_of(chunk), chunk.bytes.size()
               ) == TRUE;
    });
}

void ChannelRelay::begin_target(freerdp* instance)
{
    to_target_.begin([instance](Chunk const& chunk) {
        auto const id = ::freerdp_channels_get_id_by_name(instance, chunk.channel.c_str());
        return id == 0 || id == 0xffff ||
               instance->SendChannelPacket(
                   instance, id, chunk.total, chunk.flags, bytes_of(chunk), chunk.bytes.size()
               ) == TRUE;
    });
}

void ChannelRelay::conclude()
{
    std::unique_lock const lock{mutex_, conclude_limit};
    if (!lock || !watch_) return;
    for (auto const& fact : watch_->conclude())
        session_.tell_last(fact.told, fact.recorded);
}

} // namespace ecluse::rdp
