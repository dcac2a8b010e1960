#include "gateway/rdp/proxy_settings.h"

#include "common/bytes.h"

namespace ecluse::rdp {

Secret proxy_configuration(std::string const& certificate, Secret const& key)
{
    auto encoded = to_base64(key.reveal());
    // Whether it is TLS or NLA with the target is corrected per grant; both are possible here.
    std::string text = "[Server]\nHost=127.0.0.1\nPort=3389\n"
                       "[Target]\nHost=target.invalid\nPort=3389\nFixedTarget=FALSE\n"
                       "[Channels]\nGFX=TRUE\nDisplayControl=FALSE\nClipboard=FALSE\n"
                       "AudioInput=FALSE\nAudioOutput=FALSE\nDeviceRedirection=FALSE\n"
                       "VideoRedirection=FALSE\nCameraRedirection=FALSE\nRemoteApp=FALSE\n"
                       "PassthroughIsBlacklist=FALSE\nPassthrough=\nIntercept=\n"
                       "[Input]\nKeyboard=TRUE\nMouse=TRUE\nMultitouch=FALSE\n"
                       "[Security]\nServerTlsSecurity=TRUE\nServerNlaSecurity=FALSE\n"
                       "ServerRdpSecurity=FALSE\nClientTlsSecurity=TRUE\nClientNlaSecurity=TRUE\n"
                       "ClientRdpSecurity=FALSE\nClientAllowFallbackToTls=FALSE\n"
                       "[Certificates]\nCertificateContent=" +
                       to_base64(certificate) + "\nPrivateKeyContent=" + encoded + "\n";
    wipe(encoded);
    return Secret{text};
}

} // namespace ecluse::rdp
