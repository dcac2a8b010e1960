#include "gateway/rdp/relay.h"

#include "common/bytes.h"
#include "common/log.h"
#include "common/text_keys.h"
#include "gateway/rdp/certificate_pin.h"
#include "gateway/rdp/events.h"
#include "gateway/rdp/target_settings.h"

#include <algorithm>
#include <cstring>
#include <freerdp/channels/channels.h>
#include <freerdp/channels/wtsvc.h>
#include <freerdp/constants.h>
#include <freerdp/error.h>
#include <freerdp/input.h>
#include <freerdp/server/proxy/proxy_context.h>
#include <freerdp/settings_types.h>

namespace ecluse::rdp {
namespace {

std::uint16_t small(UINT32 value)
{
    return static_cast<std::uint16_t>(std::min<UINT32>(value, 0xffff));
}

std::string_view bytes_of(BYTE const* data, std::size_t size)
{
    return {reinterpret_cast<char const*>(data), data ? size : 0};
}

/// What the person did with the mouse, in words; empty: a move, or a button that has no name.
std::string_view button_of(UINT16 flags)
{
    if ((flags & PTR_FLAGS_WHEEL) != 0)
        return (flags & PTR_FLAGS_WHEEL_NEGATIVE) != 0 ? "wheel_down" : "wheel_up";
    if ((flags & PTR_FLAGS_DOWN) == 0) return {};
    if ((flags & PTR_FLAGS_BUTTON1) != 0) return "left";
    if ((flags & PTR_FLAGS_BUTTON2) != 0) return "right";
    if ((flags & PTR_FLAGS_BUTTON3) != 0) return "middle";
    return {};
}

/// E-CIB-07 when the target says that the account is the trouble, else E-CIB-02.
std::string_view failure_code(UINT32 error)
{
    switch (error) {
    case FREERDP_ERROR_AUTHENTICATION_FAILED:
    case FREERDP_ERROR_CONNECT_LOGON_FAILURE:
    case FREERDP_ERROR_CONNECT_WRONG_PASSWORD:
    case FREERDP_ERROR_CONNECT_ACCESS_DENIED:
    case FREERDP_ERROR_CONNECT_ACCOUNT_RESTRICTION:
    case FREERDP_ERROR_CONNECT_ACCOUNT_LOCKED_OUT:
    case FREERDP_ERROR_CONNECT_ACCOUNT_EXPIRED:
    case FREERDP_ERROR_CONNECT_ACCOUNT_DISABLED:
    case FREERDP_ERROR_CONNECT_LOGON_TYPE_NOT_GRANTED:
    case FREERDP_ERROR_CONNECT_PASSWORD_EXPIRED:
    case FREERDP_ERROR_CONNECT_PASSWORD_MUST_CHANGE:
    case FREERDP_ERROR_CONNECT_NO_OR_MISSING_CREDENTIALS:
        return "E-CIB-07";
    default:
        return "E-CIB-02";
    }
}

} // namespace

Relay::Relay(Session& session) : session_{session}, channels_{session} {}

Relay::~Relay()
{
    if (front_settings_) freerdp_settings_free(front_settings_);
}

// The vendor's thread --------------------------------------------------------------------------

bool Relay::on_start(proxyData* session, freerdp_peer* peer)
{
    front_ = peer->context;
    auto* const settings = front_->settings;
    // Standard RDP security is broken, NLA would parse NTLM before anybody is known.
    bool const good = freerdp_settings_set_bool(settings, FreeRDP_RdpSecurity, FALSE) &&
                      freerdp_settings_set_bool(settings, FreeRDP_NlaSecurity, FALSE) &&
                      freerdp_settings_set_bool(settings, FreeRDP_ExtSecurity, FALSE) &&
                      freerdp_settings_set_bool(settings, FreeRDP_TlsSecurity, TRUE) &&
                      freerdp_settings_set_bool(settings, FreeRDP_RemoteFxCodec, TRUE) &&
                      freerdp_settings_set_bool(settings, FreeRDP_NSCodec, FALSE);
    if (!good) return false;
    channels_.begin_vendor(peer);
    session_.on_front(session);
    return true;
}

void Relay::on_end()
{
    session_.end("client_left", "");
    channels_.end_vendor();
    session_.on_front_end();
}

bool Relay::check_peer(freerdp_peer* peer)
{
    // From this thread, because the code must not be cut in two by another packet.
    if (auto const code = session_.cut_code();
        code != 0 && !code_sent_ && freerdp_is_active_state(peer->context)) {
        code_sent_ = true;
        freerdp_set_error_info(peer->context->rdp, code);
        (void)freerdp_send_error_info(peer->context->rdp);
    }
    bool is_alive = false;
    {
        std::lock_guard const lock{activation_};
        is_alive = peer_check_(peer) == TRUE;
    }
    if (is_alive) return true;
    // Before the library tells the target's side: the reason is this one.
    session_.end("client_left", "");
    return false;
}

bool Relay::type(TypedKey typed)
{
    session_.note_activity();
    session_.count(true, 1);
    if (!active_) {
        keys_.put(std::move(typed));
        return false;
    }
    if (session_.is_over()) return false;
    // What is let go of was pressed before: the target must not believe it is still held.
    if (session_.is_paused() && typed.stroke.down) {
        if (session_.banner_shown() && dismisses_banner(typed)) session_.dismiss_banner();
        return false;
    }
    bool const is_secret = secrets_->hides(typed);
    if (!session_.record(is_secret ? feed::Kind::hidden_key : feed::Kind::key, key_payload(typed)))
        return false;
    if (session_.banner_shown() && dismisses_banner(typed)) {
        session_.dismiss_banner();
        return false;
    }
    // Clients let go of keys that nobody pressed when they come.
    if (typed.stroke.down) touched_ = true;
    return true;
}

bool Relay::on_key(UINT16 flags, UINT8 code)
{
    if (!keyboard_) {
        keyboard_.emplace(freerdp_settings_get_uint32(front_->settings, FreeRDP_KeyboardLayout));
        secrets_.emplace(session_.settings().keyboard_mask_rules);
    }
    return type(keyboard_->press(KeyStroke{
        .code = code,
        .extended = (flags & KBD_FLAGS_EXTENDED) != 0,
        .pause = (flags & KBD_FLAGS_EXTENDED1) != 0,
        .down = (flags & KBD_FLAGS_RELEASE) == 0}));
}

bool Relay::on_unicode(UINT16 flags, UINT16 code)
{
    if (!keyboard_) (void)on_key(KBD_FLAGS_RELEASE, 0);
    return type(keyboard_->unicode(code, (flags & KBD_FLAGS_RELEASE) == 0));
}

void Relay::on_synchronise(UINT32 flags)
{
    if (!keyboard_) (void)on_key(KBD_FLAGS_RELEASE, 0);
    keyboard_->synchronise(
        {.scroll = (flags & KBD_SYNC_SCROLL_LOCK) != 0,
         .num = (flags & KBD_SYNC_NUM_LOCK) != 0,
         .caps = (flags & KBD_SYNC_CAPS_LOCK) != 0}
    );
}

bool Relay::on_mouse(UINT16 flags, UINT16 x, UINT16 y)
{
    session_.note_activity();
    if (!active_ || session_.is_over()) return false;
    constexpr UINT16 acts = PTR_FLAGS_DOWN | PTR_FLAGS_MOVE | PTR_FLAGS_WHEEL | PTR_FLAGS_HWHEEL;
    bool const is_release = (flags & acts) == 0;
    if (session_.is_paused() && !is_release && !session_.banner_covers(x, y)) return false;
    session_.count(true, 1);
    // A wheel says where it turns only with the move before it.
    if ((flags & (PTR_FLAGS_WHEEL | PTR_FLAGS_HWHEEL)) == 0) {
        pointer_ = {x, y};
        if (!session_.record(feed::Kind::pointer, feed::encode(pointer_))) return false;
    }
    auto const button = button_of(flags);
    // A click on the banner is for us, and so is its release.
    if (button == "left" && session_.banner_covers(x, y)) {
        session_.dismiss_banner();
        dismissing_ = true;
        return false;
    }
    if (dismissing_ && (flags & PTR_FLAGS_BUTTON1) != 0 && (flags & PTR_FLAGS_DOWN) == 0) {
        dismissing_ = false;
        return false;
    }
    if (button.empty()) return true;
    touched_ = true;
    return session_.record(feed::Kind::event, click_event(button, pointer_.x, pointer_.y));
}

bool Relay::on_vendor_channel(
    freerdp_peer* peer, UINT16 channel, BYTE const* data, size_t size, UINT32 flags, size_t total
)
{
    auto const* const name = WTSChannelGetName(peer, channel);
    // What is no channel goes nowhere.
    return !name ||
           channels_.receive(
               Direction::to_target, name, bytes_of(data, size), flags, static_cast<UINT32>(total)
           );
}

// The target's thread --------------------------------------------------------------------------

bool Relay::connect(proxyData* session)
{
    auto* const target = target_context(session);
    entry_.emplace(session_, keys_, front_);
    grant_ = entry_->enter();
    if (!grant_) return false;
    auto const layout = freerdp_settings_get_uint32(front_->settings, FreeRDP_KeyboardLayout);
    entry_->show_connecting(grant_->asset_name);
    if (auto const begun =
            session_.begin_recording(*grant_, layout, Keyboard{layout}.layout_name());
        !begun) {
        session_.end("recorder_stalled", begun.error().what);
        return false;
    }
    if (auto const filled =
            fill_target_settings(target->settings, front_->settings, grant_->target);
        !filled) {
        session_.end("internal_error", filled.error().what);
        return false;
    }
    auto const& settings = session_.settings();
    channels_.open(
        {.clipboard_in = grant_->allows("clipboard_in"),
         .clipboard_out = grant_->allows("clipboard_out"),
         .file_up = grant_->allows("file_up"),
         .file_down = grant_->allows("file_down"),
         .sound = grant_->allows("sound"),
         .graphics = may_use_pipeline(front_->settings, grant_->target)},
        {.clipboard_bytes_max = static_cast<std::uint64_t>(settings.clipboard_bytes_max),
         .file_bytes_max = static_cast<std::uint64_t>(settings.file_bytes_max)}
    );
    front_settings_ = freerdp_settings_clone(front_->settings);
    return front_settings_ && !session_.is_over();
}

bool Relay::before_connecting(rdpContext* target)
{
    auto const corrected = correct_target_settings(target->settings, *grant_);
    if (!corrected) session_.end("internal_error", corrected.error().what);
    return corrected.has_value();
}

int Relay::take_target_socket()
{
    // Once: whatever the target says, there is no second one to go to.
    return grant_->target_socket.release();
}

int Relay::verify_certificate(BYTE const* data, size_t length)
{
    auto const digest = certificate_digest(bytes_of(data, length));
    auto const& pins = grant_->target.certificates;
    if (digest && std::find(pins.begin(), pins.end(), *digest) != pins.end()) {
        fingerprint_ = *digest;
        return 1;
    }
    certificate_refused_ = true;
    fingerprint_ = digest.value_or("unreadable");
    return 0;
}

void Relay::on_failure(rdpContext* target)
{
    if (session_.is_over()) return;
    auto const error = freerdp_get_last_error(target);
    auto const code = certificate_refused_ ? "E-CIB-03" : failure_code(error);
    auto const detail = certificate_refused_ ? "certificate " + fingerprint_
                        : redirected_        ? std::string{"redirection refused"}
                                             : std::string{freerdp_get_last_error_name(error)};
    fail_target(code, detail);
}

void Relay::fail_target(std::string_view code, std::string const& detail)
{
    auto const refusal = session_.with_policy([&](PolicyLink& policy) {
        return policy.tell_target_failed(code, detail);
    });
    if (refusal) entry_->show_refusal(*refusal);
    session_.end("target_failed", detail);
}

void Relay::take_screen_back()
{
    active_ = false;
    take_input_(front_->input);
    // In the size that the desktop has now.
    entry_.emplace(session_, keys_, front_);
}

void Relay::on_logon_error(UINT32 data, UINT32 type)
{
    bool const is_denied =
        type == LOGON_MSG_NO_PERMISSION || type == LOGON_MSG_DISCONNECT_REFUSED ||
        (type == LOGON_MSG_SESSION_CONTINUE &&
         (data == LOGON_FAILED_BAD_PASSWORD || data == LOGON_FAILED_UPDATE_PASSWORD));
    // Later it speaks of what the person does at the target's own screens.
    if (!is_denied || touched_ || session_.is_over() || !grant_) return;
    take_screen_back();
    fail_target("E-CIB-07", freerdp_get_logon_error_info_data(data));
}

bool Relay::is_recordable(unsigned width, unsigned height)
{
    if (width > 0 && height > 0 && width <= feed::desktop_edge_max &&
        height <= feed::desktop_edge_max && std::size_t{width} * height <= feed::desktop_pixels_max)
        return true;
    auto const words = text(
        session_.language(),
        TextKey::rdp_desktop_too_large,
        {{"width", std::to_string(width)}, {"height", std::to_string(height)}}
    );
    if (!active_) entry_->show_message(words);
    session_.end("target_failed", "a desktop of impossible size", words);
    return false;
}

bool Relay::record_desktop(unsigned width, unsigned height)
{
    return session_.record(feed::Kind::event, desktop_event(width, height)) &&
           session_.record(
               feed::Kind::desktop, feed::encode(feed::DesktopSize{small(width), small(height)})
           );
}

bool Relay::after_connecting(freerdp* instance)
{
    if (auto const begun = session_.await_recording(); !begun) {
        session_.end("recorder_stalled", begun.error().what);
        return false;
    }
    auto const* const settings = instance->context->settings;
    auto const width = freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth);
    auto const height = freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight);
    if (!is_recordable(width, height) || !record_desktop(width, height)) return false;
    session_.tell(to_event(TargetConnected{fingerprint_, grant_->target.nla, width, height}));
    if (session_.is_over()) return false;
    grant_->target.password.wipe();
    auto* const update = instance->context->update;
    front_resize_ = front_->update->DesktopResize;
    desktop_ = instance->context;
    active_ = true;
    channels_.begin_target(instance);
    session_.on_target_ready();
    return update != nullptr;
}

bool Relay::on_front_resize(rdpContext* front)
{
    // The library has just copied the target's settings over the vendor's: only the size is meant.
    auto const width = freerdp_settings_get_uint32(front->settings, FreeRDP_DesktopWidth);
    auto const height = freerdp_settings_get_uint32(front->settings, FreeRDP_DesktopHeight);
    auto const depth = freerdp_settings_get_uint32(front->settings, FreeRDP_ColorDepth);
    // Not while the vendor's thread reads: it would begin the activation a second time, which the
    // client does not survive.
    std::unique_lock activation{activation_};
    // Not between two tiles that another thread draws.
    rdp_update_lock(front->update);
    bool const begun =
        freerdp_settings_set_uint32(front_settings_, FreeRDP_DesktopWidth, width) &&
        freerdp_settings_set_uint32(front_settings_, FreeRDP_DesktopHeight, height) &&
        freerdp_settings_set_uint32(front_settings_, FreeRDP_ColorDepth, depth) &&
        pf_context_copy_settings(front->settings, front_settings_) && front_resize_(front);
    rdp_update_unlock(front->update);
    activation.unlock();
    // The vendor's own thread activates the client anew: what the target draws has to wait.
    return begun && wait_until_active(session_, front);
}

bool Relay::on_bitmaps(rdpContext* target, BITMAP_UPDATE const* update)
{
    if (session_.is_over()) return false;
    std::vector<feed::Bitmap> bitmaps;
    bitmaps.reserve(update->number);
    std::size_t bytes = 0;
    for (UINT32 i = 0; i < update->number; ++i) {
        auto const& one = update->rectangles[i];
        bitmaps.push_back(
            {small(one.destLeft),
             small(one.destTop),
             small(one.destRight),
             small(one.destBottom),
             small(one.width),
             small(one.height),
             small(one.bitsPerPixel),
             static_cast<std::uint16_t>(one.compressed ? 1 : 0),
             bytes_of(one.bitmapDataStream, one.bitmapLength)}
        );
        bytes += one.bitmapLength;
    }
    if (bitmaps.size() > feed::bitmaps_max || bytes + bitmaps.size() * 32 > feed::payload_max) {
        session_.end("protocol_error", "a bitmap update beyond measure");
        return false;
    }
    // INVARIANT: recorded before the vendor sees it.
    if (!bitmaps.empty() && !session_.record_drawing(feed::Kind::bitmaps, feed::encode(bitmaps)))
        return false;
    session_.count(false, bytes);
    if (!bitmaps_(target, update)) return false;
    if (session_.banner_shown())
        for (auto const& one : bitmaps)
            session_.redraw_banner(front_, one.left, one.top, one.right, one.bottom);
    return true;
}

bool Relay::on_surface(rdpContext* target, SURFACE_BITS_COMMAND const* command)
{
    if (session_.is_over()) return false;
    auto const& bitmap = command->bmp;
    feed::Surface const surface{
        small(command->destLeft),
        small(command->destTop),
        small(command->destRight),
        small(command->destBottom),
        small(command->cmdType),
        bitmap.bpp,
        bitmap.flags,
        static_cast<std::uint8_t>(bitmap.codecID),
        bitmap.width,
        bitmap.height,
        bytes_of(bitmap.bitmapData, bitmap.bitmapDataLength)};
    if (surface.bytes.size() + 64 > feed::payload_max) {
        session_.end("protocol_error", "a surface command beyond measure");
        return false;
    }
    if (!session_.record_drawing(feed::Kind::surface, feed::encode(surface))) return false;
    session_.count(false, surface.bytes.size());
    auto forwarded = *command;
    // Each side numbers the codecs as its own client announced them.
    if (bitmap.codecID == RDP_CODEC_ID_REMOTEFX)
        forwarded.bmp.codecID = static_cast<UINT16>(
            freerdp_settings_get_uint32(front_->settings, FreeRDP_RemoteFxCodecId)
        );
    bool const sent = library_forwards_surfaces
                          ? surface_(target, &forwarded) == TRUE
                          : front_->update->SurfaceBits(front_, &forwarded) == TRUE;
    if (!sent) return false;
    if (session_.banner_shown())
        session_.redraw_banner(
            front_, surface.left, surface.top, surface.right - 1, surface.bottom - 1
        );
    return true;
}

bool Relay::on_surface_marker(rdpContext* target, SURFACE_FRAME_MARKER const* marker)
{
    return library_forwards_surfaces ? surface_marker_(target, marker) == TRUE
                                     : front_->update->SurfaceFrameMarker(front_, marker) == TRUE;
}

bool Relay::on_surface_acknowledged(UINT32 frame)
{
    if (!active_ || session_.is_over()) return true;
    return desktop_->update->SurfaceFrameAcknowledge(desktop_, frame) == TRUE;
}

bool Relay::on_resize(rdpContext* target)
{
    if (session_.is_over()) return false;
    auto const width = freerdp_settings_get_uint32(target->settings, FreeRDP_DesktopWidth);
    auto const height = freerdp_settings_get_uint32(target->settings, FreeRDP_DesktopHeight);
    return is_recordable(width, height) && record_desktop(width, height) && resize_(target) == TRUE;
}

bool Relay::load_channels(rdpContext* target)
{
    auto* const settings = target->settings;
    if (!freerdp_channels_from_mcs(settings, front_)) return false;
    auto const announced = freerdp_settings_get_uint32(settings, FreeRDP_ChannelCount);
    UINT32 joined = 0;
    for (UINT32 i = 0; i < announced; ++i) {
        auto const* const channel = static_cast<CHANNEL_DEF const*>(
            freerdp_settings_get_pointer_array(settings, FreeRDP_ChannelDefArray, i)
        );
        if (!channel) return false;
        CHANNEL_DEF const copy = *channel;
        std::string_view const name{copy.name, ::strnlen(copy.name, sizeof copy.name)};
        if (!channels_.may_create(name, copy.options)) continue;
        if (!freerdp_settings_set_pointer_array(settings, FreeRDP_ChannelDefArray, joined, &copy))
            return false;
        ++joined;
    }
    return !session_.is_over() &&
           freerdp_settings_set_uint32(settings, FreeRDP_ChannelCount, joined) == TRUE;
}

bool Relay::on_target_channel(
    freerdp* instance, UINT16 channel, BYTE const* data, size_t size, UINT32 flags, size_t total
)
{
    auto const* const name = freerdp_channels_get_name_by_id(instance, channel);
    return !name ||
           channels_.receive(
               Direction::to_vendor, name, bytes_of(data, size), flags, static_cast<UINT32>(total)
           );
}

void Relay::on_redirect()
{
    redirected_ = true;
    if (session_.is_over() || !grant_) return;
    if (active_) take_screen_back();
    fail_target("E-CIB-02", "redirection refused");
}

void Relay::on_target_end(rdpContext* target)
{
    channels_.end_target();
    if (active_)
        return session_.end(session_.vendor_has_left() ? "client_left" : "target_left", "");
    // The library ends the vendor's side right after this, before it says that connecting failed.
    if (grant_) on_failure(target);
}

} // namespace ecluse::rdp
