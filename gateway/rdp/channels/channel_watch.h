#pragma once

#include "gateway/rdp/channels/graphics_stream.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Decides and watches the virtual channels of an RDP session, in both directions: what the window
/// does not grant does not pass, and what passes is named, counted and hashed (Clausier 2024
/// O-12.2.5: only the functions agreed; docs/requests.md §3bis). Pure: bytes in, verdicts out; no
/// FreeRDP, socket or clock.
///
/// ## Wiring to FreeRDP (gateway/rdp/channel_relay.h)
/// The library's own per-channel code must not run: its handlers of "drdynvc" and "rdpdr" log what
/// is malformed and forward it. So the callbacks `ReceiveChannelData` of both sides are ours, the
/// original bytes go nowhere, and `Verdict::forward` is sent instead, chunk by chunk. A refusal
/// never makes such a callback fail: that ends the connection without a reason for the vendor.
///
/// ## Order
/// `Verdict::facts` and `Verdict::graphics` are about the bytes in `Verdict::forward` of the same
/// verdict or of later ones, never of earlier ones, with one exception named below. So: hand every
/// fact and graphics message to the recording first, then send every chunk in order. Text of the
/// clipboard and graphics are held back until they are whole: no byte leaves before its fact.
/// The exception is a `transfer`: its SHA-256 exists only with the file's last byte; the fact comes
/// before that last piece is forwarded (clipboard) or before the answer to the close (drive).
/// The two directions arrive on two threads: one lock around each call AND the handing over of
/// its verdict. Sending to the vendor may block; nothing else may need that lock meanwhile.
namespace ecluse::rdp {

/// Where bytes go.
enum class Direction { to_target, to_vendor };

/// The functions of the window, and what the worker itself decided.
struct Grants {
    bool clipboard_in;  // text, vendor → target
    bool clipboard_out; // text, target → vendor
    bool file_up;       // files, vendor → target, by clipboard or drive
    bool file_down;     // files, target → vendor
    bool sound;
    bool graphics; // the graphics pipeline is on, and the recording decodes it
};

struct Limits {
    /// Of one clipboard text, as transferred (UTF-16: two bytes a character).
    std::uint64_t clipboard_bytes_max;
    std::uint64_t file_bytes_max;
};

/// One line of evidence, as JSON text that begins with its type.
struct Fact {
    std::string told;     // to policyd; empty: record only
    std::string recorded; // empty: not recorded
};

/// Ready to be sent on the channel's other leg.
struct Chunk {
    Direction direction;
    std::string channel;
    std::uint32_t flags; // CHANNEL_FLAG_…
    std::uint32_t total; // of the message this chunk belongs to
    std::string bytes;   // at most 1600, which every peer accepts
};

struct Verdict {
    std::vector<Fact> facts;
    /// Messages of the graphics pipeline, target → vendor: the payloads of `G` frames of the feed.
    std::vector<std::string> graphics;
    std::vector<Chunk> forward;
    /// Not empty: the session ends as `protocol_error`, nothing is forwarded any more. For the log;
    /// holds no byte of the peer's.
    std::string fault;
};

struct Admission {
    bool allowed;
    std::vector<Fact> facts; // the refusal, once per name
};

class Refusals;
class SoundRules;

class ChannelWatch {
public:
    ChannelWatch(Grants const& grants, Limits const& limits);
    ChannelWatch(ChannelWatch const&) = delete;
    ChannelWatch& operator=(ChannelWatch const&) = delete;
    ~ChannelWatch();

    /// ChannelCreate: `options` as the vendor announced them (CHANNEL_OPTION_…). Data of a channel
    /// that was not admitted is dropped.
    [[nodiscard]] Admission may_create_static(std::string_view name, std::uint32_t options);

    /// One chunk as it came, with the flags and the total length of its channel PDU header.
    [[nodiscard]] Verdict on_static(
        std::string_view name,
        Direction direction,
        std::string_view chunk,
        std::uint32_t flags,
        std::uint32_t total
    );

    /// The gateway's own pixels over what the graphics pipeline draws, until others come or none.
    [[nodiscard]] Verdict lay(std::optional<Overlay> const& overlay);

    /// The session ends: facts still open are told as incomplete. Once, and last.
    [[nodiscard]] std::vector<Fact> conclude();

    /// How much sound passed, in bytes of its channel.
    [[nodiscard]] std::uint64_t sound_bytes() const;

private:
    struct Static;

    Grants grants_;
    Limits limits_;
    std::unique_ptr<Refusals> refusals_;
    std::map<std::string, std::unique_ptr<Static>, std::less<>> channels_;
    SoundRules const* sound_ = nullptr;
    Static* dynamic_ = nullptr;
    bool dead_ = false;
};

} // namespace ecluse::rdp
