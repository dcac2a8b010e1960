#include "gateway/rdp/target_settings.h"

#include "gateway/rdp/channels/desktop_size.h"

#include <algorithm>
#include <freerdp/server/proxy/proxy_context.h>
#include <memory>

namespace ecluse::rdp {
namespace {

struct Free {
    void operator()(rdpSettings* settings) const { freerdp_settings_free(settings); }
};
using OwnedSettings = std::unique_ptr<rdpSettings, Free>;

/// What FreeRDP takes in one piece without 16 MiB buffers for a liar.
constexpr UINT32 fragments_max = 8U * 1024 * 1024;
constexpr char const* client_name = "ecluse";

class Writer {
public:
    explicit Writer(rdpSettings* settings) : settings_{settings} {}

    void set(FreeRDP_Settings_Keys_Bool key, bool value)
    {
        good_ = good_ && freerdp_settings_set_bool(settings_, key, value ? TRUE : FALSE);
    }
    void set(FreeRDP_Settings_Keys_UInt32 key, UINT32 value)
    {
        good_ = good_ && freerdp_settings_set_uint32(settings_, key, value);
    }
    void set(FreeRDP_Settings_Keys_String key, std::string_view value)
    {
        good_ =
            good_ && freerdp_settings_set_string_len(settings_, key, value.data(), value.size());
    }
    [[nodiscard]] Result<> finish() const
    {
        if (!good_) return Error{Errc::unavailable, "target: FreeRDP refuses a setting"};
        return {};
    }

private:
    rdpSettings* settings_;
    bool good_ = true;
};

} // namespace

Result<> fill_target_settings(rdpSettings* target, rdpSettings const* front, Target const& grant)
{
    OwnedSettings const fresh{freerdp_settings_new(0)};
    if (!fresh) return Error{Errc::unavailable, "target: no settings"};
    auto const number = [&](FreeRDP_Settings_Keys_UInt32 key) {
        return freerdp_settings_get_uint32(front, key);
    };
    Writer to{fresh.get()};
    to.set(FreeRDP_ServerHostname, grant.host);
    to.set(FreeRDP_ServerPort, static_cast<UINT32>(grant.port));
    to.set(FreeRDP_Username, grant.user);
    to.set(FreeRDP_Domain, grant.domain);
    to.set(FreeRDP_Password, grant.password.reveal());
    to.set(FreeRDP_AutoLogonEnabled, true);
    to.set(FreeRDP_ClientHostname, client_name);
    // Several monitors are one desktop: their bounding box, and no layout.
    to.set(
        FreeRDP_DesktopWidth,
        std::clamp(number(FreeRDP_DesktopWidth), desktop_edge_min, desktop_width_max)
    );
    to.set(
        FreeRDP_DesktopHeight,
        std::clamp(number(FreeRDP_DesktopHeight), desktop_edge_min, desktop_height_max)
    );
    auto const depth = number(FreeRDP_ColorDepth);
    to.set(FreeRDP_ColorDepth, depth == 15 || depth == 16 || depth == 24 ? depth : 32);
    to.set(FreeRDP_KeyboardLayout, number(FreeRDP_KeyboardLayout));
    to.set(FreeRDP_KeyboardType, number(FreeRDP_KeyboardType));
    to.set(FreeRDP_KeyboardSubType, number(FreeRDP_KeyboardSubType));
    to.set(FreeRDP_KeyboardFunctionKey, number(FreeRDP_KeyboardFunctionKey));
    // What the target sends in one piece must fit the vendor's client too.
    to.set(
        FreeRDP_MultifragMaxRequestSize,
        std::clamp(number(FreeRDP_MultifragMaxRequestSize), 0x4000U, fragments_max)
    );
    // Decompressing is done here, beside the password: the link to the target can do without.
    to.set(FreeRDP_CompressionEnabled, false);
    to.set(FreeRDP_SupportGraphicsPipeline, false);
    to.set(FreeRDP_NSCodec, false);
    to.set(FreeRDP_RemoteFxCodec, freerdp_settings_get_bool(front, FreeRDP_RemoteFxCodec) == TRUE);
    to.set(FreeRDP_BitmapCachePersistEnabled, false);
    to.set(FreeRDP_SupportDynamicChannels, false);
    to.set(FreeRDP_DeviceRedirection, false);
    to.set(FreeRDP_RedirectClipboard, false);
    to.set(FreeRDP_DeactivateClientDecoding, true);
    ECLUSE_TRY(to.finish());
    if (!pf_context_copy_settings(target, fresh.get()))
        return Error{Errc::unavailable, "target: settings not copied"};
    return {};
}

Result<> correct_target_settings(rdpSettings* target, Grant const& grant)
{
    Writer to{target};
    // The routing token of the vendor's first packet: a ticket's public part at best.
    if (!freerdp_settings_set_pointer_len(target, FreeRDP_LoadBalanceInfo, nullptr, 0))
        return Error{Errc::unavailable, "target: routing token not cleared"};
    to.set(FreeRDP_AutoReconnectionEnabled, false);
    to.set(FreeRDP_UseMultimon, false);
    to.set(FreeRDP_SupportMonitorLayoutPdu, false);
    to.set(FreeRDP_AudioPlayback, grant.allows("sound"));
    to.set(FreeRDP_NlaSecurity, grant.target.nla);
    to.set(FreeRDP_TlsSecurity, !grant.target.nla);
    to.set(FreeRDP_RdpSecurity, false);
    to.set(FreeRDP_ExtSecurity, false);
    return to.finish();
}

} // namespace ecluse::rdp
