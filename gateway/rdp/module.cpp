#include "gateway/rdp/module.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <freerdp/channels/channels.h>
#include <freerdp/transport_io.h>

namespace ecluse::rdp {
namespace {

/// FreeRDP's callbacks on a context carry no pointer of ours, and a process is one session.
Relay* relay = nullptr;

} // namespace

/// What FreeRDP calls, as plain functions. No exception may pass through its C code: one ends the
/// session.
struct Hooks {
    template <class Call> static BOOL guarded(Call call)
    {
        try {
            return call() ? TRUE : FALSE;
        } catch (std::exception const& fault) {
            relay->session_.end("internal_error", fault.what());
            return FALSE;
        }
    }

    // The vendor's side ---------------------------------------------------------------------

    static BOOL check_peer(freerdp_peer* peer)
    {
        return guarded([&] { return relay->check_peer(peer); });
    }
    // Before the target is active the library has no callbacks of its own here; then it puts its
    // own in their place, which call the filters below.
    static BOOL early_key(rdpInput*, UINT16 flags, UINT8 code)
    {
        return guarded([&] { return (void)relay->on_key(flags, code), true; });
    }
    static BOOL early_unicode(rdpInput*, UINT16 flags, UINT16 code)
    {
        return guarded([&] { return (void)relay->on_unicode(flags, code), true; });
    }
    static BOOL early_mouse(rdpInput*, UINT16 flags, UINT16 x, UINT16 y)
    {
        return guarded([&] { return (void)relay->on_mouse(flags, x, y), true; });
    }
    static void take_input(rdpInput* input)
    {
        input->KeyboardEvent = early_key;
        input->UnicodeKeyboardEvent = early_unicode;
        input->MouseEvent = early_mouse;
        input->ExtendedMouseEvent = early_mouse;
        input->SynchronizeEvent = synchronise;
    }
    static BOOL synchronise(rdpInput* input, UINT32 flags)
    {
        return guarded([&] {
            relay->on_synchronise(flags);
            // The library keeps what it cannot send while the target becomes active anew, as after
            // a change of size, and sends it with the next key. It also says no then, which would
            // end the vendor's connection.
            if (relay->synchronise_) (void)relay->synchronise_(input, flags);
            return true;
        });
    }
    /// The library has just put its callbacks on the vendor's side, as each time that the target
    /// becomes active.
    static void on_activated(void*, ActivatedEventArgs const*)
    {
        auto* const input = relay->front_->input;
        if (input->SynchronizeEvent == synchronise) return;
        relay->synchronise_ = input->SynchronizeEvent;
        input->SynchronizeEvent = synchronise;
    }
    static BOOL front_resize(rdpContext* front)
    {
        return guarded([&] { return relay->on_front_resize(front); });
    }

    static BOOL surface_acknowledged(rdpContext*, UINT32 frame)
    {
        return guarded([&] { return relay->on_surface_acknowledged(frame); });
    }

    static BOOL start(proxyPlugin*, proxyData* session, void* custom)
    {
        auto* const peer = static_cast<freerdp_peer*>(custom);
        return guarded([&] {
            if (!relay->on_start(session, peer)) return false;
            relay->peer_check_ = peer->CheckFileDescriptor;
            peer->CheckFileDescriptor = check_peer;
            peer->ReceiveChannelData = vendor_channel;
            relay->take_input_ = take_input;
            take_input(peer->context->input);
            return true;
        });
    }
    static BOOL end(proxyPlugin*, proxyData*, void*)
    {
        return guarded([&] { return relay->on_end(), true; });
    }
    static BOOL fetch_target(proxyPlugin*, proxyData*, void* custom)
    {
        // INVARIANT: never another method, which would let the client name a host. The address is a
        // word: the socket comes from policyd (take_socket).
        auto* const event = static_cast<proxyFetchTargetEventInfo*>(custom);
        event->fetch_method = PROXY_FETCH_TARGET_USE_CUSTOM_ADDR;
        event->target_address = ::strdup("target.invalid");
        event->target_port = 3389;
        return event->target_address ? TRUE : FALSE;
    }
    // The library's own handlers, and its channel manager's, do not run: they parse before anybody
    // decides.
    static BOOL vendor_channel(
        freerdp_peer* peer,
        UINT16 channel,
        BYTE const* data,
        size_t size,
        UINT32 flags,
        size_t total
    )
    {
        return guarded([&] {
            return relay->on_vendor_channel(peer, channel, data, size, flags, total);
        });
    }
    static BOOL key(proxyPlugin*, proxyData*, void* custom)
    {
        auto const* const event = static_cast<proxyKeyboardEventInfo const*>(custom);
        return guarded([&] {
            return relay->on_key(event->flags, static_cast<UINT8>(event->rdp_scan_code));
        });
    }
    static BOOL unicode(proxyPlugin*, proxyData*, void* custom)
    {
        auto const* const event = static_cast<proxyUnicodeEventInfo const*>(custom);
        return guarded([&] { return relay->on_unicode(event->flags, event->code); });
    }
    static BOOL mouse(proxyPlugin*, proxyData*, void* custom)
    {
        auto const* const event = static_cast<proxyMouseEventInfo const*>(custom);
        return guarded([&] { return relay->on_mouse(event->flags, event->x, event->y); });
    }

    // The target's side -----------------------------------------------------------------------

    static int take_socket(rdpContext*, rdpSettings*, char const*, int, DWORD)
    {
        return relay->take_target_socket();
    }
    static int verify(freerdp*, BYTE const* data, size_t length, char const*, UINT16, DWORD)
    {
        int good = 0;
        guarded([&] { return good = relay->verify_certificate(data, length), true; });
        return good;
    }
    static int logon_error(freerdp*, UINT32 data, UINT32 type)
    {
        return guarded([&] { return relay->on_logon_error(data, type), true; });
    }
    static BOOL connect(proxyPlugin*, proxyData* session, void*)
    {
        return guarded([&] {
            if (!relay->connect(session)) return false;
            auto* const target = target_context(session);
            auto io = *freerdp_get_io_callbacks(target);
            io.TCPConnect = take_socket;
            if (!freerdp_set_io_callbacks(target, &io)) return false;
            auto* const instance = target->instance;
            instance->VerifyX509Certificate = verify;
            instance->LogonErrorInfo = logon_error;
            relay->post_connect_ = instance->PostConnect;
            instance->PostConnect = post_connect;
            return true;
        });
    }
    static BOOL before_connecting(proxyPlugin*, proxyData* session, void*)
    {
        return guarded([&] {
            auto* const target = target_context(session);
            // A target may speak on a channel before the library says that it is connected.
            target->instance->ReceiveChannelData = target_channel;
            // After the library's own handler, which is there by now.
            PubSub_SubscribeActivated(target->pubSub, on_activated);
            return relay->before_connecting(target);
        });
    }
    static BOOL post_connect(freerdp* instance)
    {
        return guarded([&] {
            if (!relay->after_connecting(instance)) return false;
            relay->front_->update->DesktopResize = front_resize;
            relay->front_->update->SurfaceFrameAcknowledge = surface_acknowledged;
            if (!relay->post_connect_(instance)) return false;
            instance->ReceiveChannelData = target_channel;
            auto* const update = instance->context->update;
            relay->bitmaps_ = update->BitmapUpdate;
            update->BitmapUpdate = bitmaps;
            relay->resize_ = update->DesktopResize;
            update->DesktopResize = resize;
            relay->surface_ = update->SurfaceBits;
            update->SurfaceBits = surface;
            relay->surface_marker_ = update->SurfaceFrameMarker;
            update->SurfaceFrameMarker = surface_marker;
            return true;
        });
    }
    /// In the place of the library's own choice, which knows its configuration and no grant.
    static BOOL load_channels(proxyPlugin*, proxyData* session, void*)
    {
        return guarded([&] { return relay->load_channels(target_context(session)); });
    }
    static BOOL target_channel(
        freerdp* instance, UINT16 channel, BYTE const* data, size_t size, UINT32 flags, size_t total
    )
    {
        return guarded([&] {
            return relay->on_target_channel(instance, channel, data, size, flags, total);
        });
    }
    static BOOL bitmaps(rdpContext* target, BITMAP_UPDATE const* update)
    {
        return guarded([&] { return relay->on_bitmaps(target, update); });
    }
    static BOOL surface(rdpContext* target, SURFACE_BITS_COMMAND const* command)
    {
        return guarded([&] { return relay->on_surface(target, command); });
    }
    static BOOL surface_marker(rdpContext* target, SURFACE_FRAME_MARKER const* marker)
    {
        return guarded([&] { return relay->on_surface_marker(target, marker); });
    }
    static BOOL resize(rdpContext* target)
    {
        return guarded([&] { return relay->on_resize(target); });
    }
    static BOOL login_failure(proxyPlugin*, proxyData* session, void*)
    {
        // FALSE: no second try with less security.
        guarded([&] { return relay->on_failure(target_context(session)), true; });
        return FALSE;
    }
    static BOOL redirect(proxyPlugin*, proxyData*, void*)
    {
        guarded([&] { return relay->on_redirect(), true; });
        return FALSE;
    }
    static BOOL target_end(proxyPlugin*, proxyData* session, void*)
    {
        return guarded([&] { return relay->on_target_end(target_context(session)), true; });
    }

    // Nothing passes that nobody decided ------------------------------------------------------

    static BOOL refuse(proxyPlugin*, proxyData*, void*) { return FALSE; }
};

void set_relay(Relay& one)
{
    relay = &one;
}

BOOL register_module(proxyPluginsManager* manager, void*)
{
    proxyPlugin plugin{};
    plugin.name = "ecluse";
    plugin.description = "decides, records, forwards";
    plugin.ServerSessionInitialize = Hooks::start;
    plugin.ServerSessionEnd = Hooks::end;
    plugin.ServerFetchTargetAddr = Hooks::fetch_target;
    plugin.ClientInitConnect = Hooks::connect;
    plugin.ClientPreConnect = Hooks::before_connecting;
    plugin.ClientLoginFailure = Hooks::login_failure;
    plugin.ClientRedirect = Hooks::redirect;
    plugin.ClientPostDisconnect = Hooks::target_end;
    plugin.KeyboardEvent = Hooks::key;
    plugin.UnicodeEvent = Hooks::unicode;
    plugin.MouseEvent = Hooks::mouse;
    plugin.MouseExEvent = Hooks::mouse;
    plugin.ClientLoadChannels = Hooks::load_channels;
    plugin.ChannelCreate = Hooks::refuse;
    plugin.DynamicChannelCreate = Hooks::refuse;
    plugin.ServerChannelData = Hooks::refuse;
    plugin.ClientChannelData = Hooks::refuse;
    return manager->RegisterPlugin(manager, &plugin);
}

} // namespace ecluse::rdp
