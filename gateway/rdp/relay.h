#pragma once

#include "gateway/rdp/channel_relay.h"
#include "gateway/rdp/entry.h"
#include "gateway/rdp/key_queue.h"
#include "gateway/rdp/keyboard/keyboard.h"
#include "gateway/rdp/keyboard/secret_entry.h"
#include "gateway/rdp/session.h"

#include <atomic>
#include <freerdp/freerdp.h>
#include <freerdp/peer.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ecluse::rdp {

/// Both directions of a desktop: what FreeRDP's two threads bring is recorded first and forwarded
/// then, or not at all. One per process: FreeRDP's callbacks on a context know nothing of their
/// owner.
class Relay {
public:
    explicit Relay(Session& session);
    ~Relay();
    Relay(Relay const&) = delete;
    Relay& operator=(Relay const&) = delete;

    // The vendor's thread.
    bool on_start(proxyData* session, freerdp_peer* peer);
    void on_end();
    /// True: goes on to the target.
    bool on_key(UINT16 flags, UINT8 code);
    bool on_unicode(UINT16 flags, UINT16 code);
    bool on_mouse(UINT16 flags, UINT16 x, UINT16 y);
    void on_synchronise(UINT32 flags);
    bool check_peer(freerdp_peer* peer);
    bool on_vendor_channel(
        freerdp_peer* peer,
        UINT16 channel,
        BYTE const* data,
        size_t size,
        UINT32 flags,
        size_t total
    );

    // The target's thread.
    bool connect(proxyData* session);
    bool before_connecting(rdpContext* target);
    int verify_certificate(BYTE const* data, size_t length);
    bool after_connecting(freerdp* instance);
    void on_failure(rdpContext* target);
    /// What a target without NLA says of the account it was given, if it says anything: Windows
    /// does, xrdp shows its own login.
    void on_logon_error(UINT32 data, UINT32 type);
    bool on_bitmaps(rdpContext* target, BITMAP_UPDATE const* update);
    bool on_surface(rdpContext* target, SURFACE_BITS_COMMAND const* command);
    bool on_surface_marker(rdpContext* target, SURFACE_FRAME_MARKER const* marker);
    bool on_resize(rdpContext* target);
    bool on_front_resize(rdpContext* front);
    /// The vendor's client has shown a frame of surface commands: the target paces itself by that.
    bool on_surface_acknowledged(UINT32 frame);
    int take_target_socket();
    bool load_channels(rdpContext* target);
    bool on_target_channel(
        freerdp* instance, UINT16 channel, BYTE const* data, size_t size, UINT32 flags, size_t total
    );
    void on_redirect();
    void on_target_end(rdpContext* target);

private:
    bool type(TypedKey typed);
    bool record_desktop(unsigned width, unsigned height);
    /// The target is not usable: policyd decides the words, the person reads them.
    void fail_target(std::string_view code, std::string const& detail);
    /// The same once the target has the screen: it is the gateway's again.
    void take_screen_back();
    /// Pixels of a picture nobody could record are not shown. False: the session has ended.
    bool is_recordable(unsigned width, unsigned height);

    Session& session_;
    ChannelRelay channels_;
    KeyQueue keys_;
    std::optional<Keyboard> keyboard_;
    std::optional<SecretEntry> secrets_;
    std::optional<Entry> entry_;
    std::optional<Grant> grant_;
    /// Held while the library reads from the vendor, or activates him anew.
    std::mutex activation_;
    rdpContext* front_ = nullptr;
    rdpContext* desktop_ = nullptr;         // the target's, once it has the screen
    rdpSettings* front_settings_ = nullptr; // as the vendor's client negotiated them
    feed::PointerPlace pointer_{};
    std::string fingerprint_;
    bool dismissing_ = false; // the button that dismissed the banner is still down
    bool certificate_refused_ = false;
    bool redirected_ = false;
    bool code_sent_ = false;
    std::atomic<bool> active_ = false;  // the desktop is the target's
    std::atomic<bool> touched_ = false; // a person has acted on it

    /// Gives the vendor's keys to the gateway alone: the library's own callbacks hand over nothing
    /// once the target is gone.
    void (*take_input_)(rdpInput*) = nullptr;
    // The library's own, which forward.
    psPeerCheckFileDescriptor peer_check_ = nullptr;
    pConnectCallback post_connect_ = nullptr;
    pDesktopResize front_resize_ = nullptr;
    pDesktopResize resize_ = nullptr;
    pBitmapUpdate bitmaps_ = nullptr;
    pSurfaceBits surface_ = nullptr;
    pSurfaceFrameMarker surface_marker_ = nullptr;
    pSynchronizeEvent synchronise_ = nullptr;

    friend struct Hooks;
};

} // namespace ecluse::rdp
