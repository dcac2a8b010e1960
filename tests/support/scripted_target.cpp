#include "tests/support/scripted_target.h"

#include "tests/support/gateway_rig.h"

#include <catch2/catch_test_macros.hpp>

#include <cctype>
#include <freerdp/constants.h>
#include <freerdp/crypto/certificate.h>
#include <freerdp/crypto/privatekey.h>
#include <freerdp/freerdp.h>
#include <freerdp/peer.h>
#include <freerdp/redirection.h>
#include <freerdp/session.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <winpr/ssl.h>
#include <winpr/synch.h>

namespace ecluse::test {
namespace {

using Act = ScriptedTarget::Act;

constexpr int look_ms = 50;
constexpr UINT32 large_width = 8000;
constexpr UINT32 large_height = 4000;
constexpr int nonsense_count = 200;

/// FreeRDP's callbacks carry no pointer of ours, and one target serves one client.
thread_local Act act = Act::bad_password;

std::string contents(std::string const& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

struct FreePeer {
    void operator()(freerdp_peer* peer) const
    {
        freerdp_peer_context_free(peer);
        freerdp_peer_free(peer);
    }
};

BOOL on_capabilities(freerdp_peer* peer)
{
    auto* const settings = peer->context->settings;
    if (act != Act::large_desktop) return TRUE;
    return freerdp_settings_set_uint32(settings, FreeRDP_DesktopWidth, large_width) &&
           freerdp_settings_set_uint32(settings, FreeRDP_DesktopHeight, large_height);
}

BOOL say_bad_password(freerdp_peer* peer)
{
    logon_info_ex info{};
    info.haveErrorInfo = TRUE;
    info.ErrorNotificationType = LOGON_MSG_SESSION_CONTINUE;
    info.ErrorNotificationData = LOGON_FAILED_BAD_PASSWORD;
    return peer->context->update->SaveSessionInfo(
        peer->context, INFO_TYPE_LOGON_EXTENDED_INF, &info
    );
}

BOOL redirect(freerdp_peer* peer)
{
    std::unique_ptr<rdpRedirection, decltype(&redirection_free)> const elsewhere{
        redirection_new(), redirection_free};
    return redirection_set_flags(elsewhere.get(), LB_TARGET_NET_ADDRESS) &&
           redirection_set_string_option(elsewhere.get(), LB_TARGET_NET_ADDRESS, "127.0.0.1") &&
           peer->SendServerRedirection(peer, elsewhere.get());
}

/// As often as it takes: one refusal may be a mistake of somebody's.
BOOL draw_nonsense(freerdp_peer* peer)
{
    std::string nonsense(4000, '\xA5');
    SURFACE_BITS_COMMAND command{};
    command.cmdType = CMDTYPE_SET_SURFACE_BITS;
    command.destRight = command.bmp.width = 64;
    command.destBottom = command.bmp.height = 64;
    command.bmp.bpp = 32;
    command.bmp.codecID = RDP_CODEC_ID_REMOTEFX;
    command.bmp.bitmapDataLength = static_cast<UINT32>(nonsense.size());
    command.bmp.bitmapData = reinterpret_cast<BYTE*>(nonsense.data());
    for (int i = 0; i < nonsense_count; ++i)
        if (!peer->context->update->SurfaceBits(peer->context, &command)) return FALSE;
    return TRUE;
}

BOOL on_activate(freerdp_peer* peer)
{
    switch (act) {
    case Act::bad_password:
        return say_bad_password(peer);
    case Act::redirection:
        return redirect(peer);
    case Act::bad_codec:
        return draw_nonsense(peer);
    case Act::large_desktop:
        break;
    }
    return TRUE;
}

BOOL agree(freerdp_peer*)
{
    return TRUE;
}

} // namespace

ScriptedTarget::ScriptedTarget(Act chosen) : act_{chosen}
{
    ::winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT);
    auto const made = run(
        {"openssl",
         "req",
         "-x509",
         "-newkey",
         "rsa:2048",
         "-nodes",
         "-days",
         "2",
         "-subj",
         "/CN=cible",
         "-keyout",
         folder_ / "key.pem",
         "-out",
         folder_ / "cert.pem"}
    );
    REQUIRE(made.status == 0);
    certificate_ = contents(folder_ / "cert.pem");
    key_ = contents(folder_ / "key.pem");
    auto const said =
        run({"openssl", "x509", "-in", folder_ / "cert.pem", "-noout", "-fingerprint", "-sha256"})
            .out;
    for (char const letter : said.substr(said.find('=') + 1))
        if (std::isxdigit(static_cast<unsigned char>(letter)) != 0)
            fingerprint_ += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    listener_ = Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_.get(), generic, size) == 0);
    REQUIRE(::listen(listener_.get(), 1) == 0);
    REQUIRE(::getsockname(listener_.get(), generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { serve(); }};
}

ScriptedTarget::~ScriptedTarget()
{
    over_ = true;
    thread_.join();
}

void ScriptedTarget::serve()
{
    act = act_;
    int client = -1;
    while (client < 0 && !over_) {
        pollfd waiting{listener_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, look_ms) > 0) client = ::accept(listener_.get(), nullptr, nullptr);
    }
    if (client < 0) return;
    std::unique_ptr<freerdp_peer, FreePeer> const peer{freerdp_peer_new(client)};
    if (!peer || !freerdp_peer_context_new(peer.get())) return;
    auto* const settings = peer->context->settings;
    auto* const certificate = freerdp_certificate_new_from_pem(certificate_.c_str());
    auto* const key = freerdp_key_new_from_pem(key_.c_str());
    if (!freerdp_settings_set_pointer_len(settings, FreeRDP_RdpServerCertificate, certificate, 1) ||
        !freerdp_settings_set_pointer_len(settings, FreeRDP_RdpServerRsaKey, key, 1) ||
        !freerdp_settings_set_bool(settings, FreeRDP_RdpSecurity, FALSE) ||
        !freerdp_settings_set_bool(settings, FreeRDP_NlaSecurity, FALSE) ||
        !freerdp_settings_set_bool(settings, FreeRDP_TlsSecurity, TRUE) ||
        !freerdp_settings_set_uint32(settings, FreeRDP_ColorDepth, 32))
        return;
    peer->Capabilities = on_capabilities;
    peer->PostConnect = agree;
    peer->Activate = on_activate;
    if (!peer->Initialize(peer.get())) return;
    while (!over_) {
        HANDLE events[32];
        auto const count = peer->GetEventHandles(peer.get(), events, 32);
        if (count == 0) return;
        (void)::WaitForMultipleObjects(count, events, FALSE, look_ms);
        if (!peer->CheckFileDescriptor(peer.get())) break;
    }
    peer->Disconnect(peer.get());
}

} // namespace ecluse::test
