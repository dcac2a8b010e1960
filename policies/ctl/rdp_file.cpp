#include "policies/ctl/rdp_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace ecluse::ctl {

std::string rdp_file(RdpFile const& file)
{
    auto const has = [&](std::string_view function) {
        return std::find(file.functions.begin(), file.functions.end(), function) !=
               file.functions.end();
    };
    bool const clipboard =
        has("clipboard_in") || has("clipboard_out") || has("file_up") || has("file_down");
    // An IPv6 address needs its brackets in front of a port.
    bool const is_v6 = file.host.find(':') != std::string_view::npos;
    std::string text;
    auto const line = [&](std::string_view setting) { text += fmt::format("{}\r\n", setting); };
    auto const flag = [&](std::string_view name, bool on) {
        line(fmt::format("{}:i:{}", name, on ? 1 : 0));
    };
    line(fmt::format(
        "full address:s:{}{}{}:{}", is_v6 ? "[" : "", file.host, is_v6 ? "]" : "", file.port
    ));
    line(fmt::format("username:s:{}", file.ticket));
    // The ticket is the user's name, and both factors were proved when it was asked for: nothing is
    // asked here, and no password of this computer is offered to the gateway.
    flag("prompt for credentials", false);
    flag("promptcredentialonce", false);
    flag("enablecredsspsupport", false);
    flag("negotiate security layer", true);
    // A certificate that this computer does not know is shown and compared, never passed over.
    line("authentication level:i:2");
    // A ticket opens once: trying again with it would only be refused.
    flag("autoreconnection enabled", false);
    // One desktop in a window that fits, so that the gateway's texts stay readable.
    line("screen mode id:i:1");
    flag("use multimon", false);
    flag("smart sizing", true);
    line("session bpp:i:32");
    flag("redirectclipboard", clipboard);
    line(fmt::format("audiomode:i:{}", has("sound") ? 0 : 2));
    // Files travel by the clipboard: a redirected drive would show the target the whole of it.
    line("drivestoredirect:s:");
    flag("redirectprinters", false);
    flag("redirectcomports", false);
    flag("redirectsmartcards", false);
    flag("redirectposdevices", false);
    flag("redirectwebauthn", false);
    flag("redirectlocation", false);
    flag("audiocapturemode", false);
    line("camerastoredirect:s:");
    line("devicestoredirect:s:");
    line("usbdevicestoredirect:s:");
    flag("remoteapplicationmode", false);
    flag("gatewayusagemethod", false);
    return text;
}

} // namespace ecluse::ctl
