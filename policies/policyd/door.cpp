#include "policies/policyd/door.h"

#include "common/json.h"
#include "policies/policyd/context.h"
#include "policies/policyd/door_certificate.h"
#include "policies/policyd/host_keys.h"

namespace ecluse::policyd {
namespace {

json::array to_array(std::vector<std::string> const& texts)
{
    return json::array(texts.begin(), texts.end());
}

json::object ssh_words(Config::Ssh const& ssh)
{
    return {
        {"version_string", ssh.version_string},
        {"algorithms",
         {{"kex", ssh.kex},
          {"ciphers", ssh.ciphers},
          {"macs", ssh.macs},
          {"host_keys", ssh.host_keys},
          {"user_keys", ssh.user_keys}}},
        {"first_channel_s", ssh.first_channel_s},
        {"channels_max", ssh.channels_max},
        {"command_bytes_max", ssh.command_bytes_max},
        {"env_allow", to_array(ssh.env_allow)},
        {"rekey_bytes", ssh.rekey_bytes},
        {"rekey_s", ssh.rekey_s}};
}

json::object rdp_words(Config::Rdp const& rdp)
{
    return {
        {"frames_per_second", rdp.frames_per_second},
        {"clipboard_bytes_max", rdp.clipboard_bytes_max},
        {"file_bytes_max", rdp.file_bytes_max},
        {"keyboard_mask_rules", rdp.keyboard_mask_rules}};
}

} // namespace

json::array function_array(Permissions const& permissions, Protocol protocol)
{
    json::array functions;
    for (auto const& function : function_words)
        if (permissions.*function.permission && function.is_of(protocol))
            functions.emplace_back(function.word);
    return functions;
}

Config::Door const& limits_of(Config const& config, Protocol protocol)
{
    switch (protocol) {
    case Protocol::ssh:
        return config.ssh;
    case Protocol::rdp:
        return config.rdp;
    }
    assertion_failed("Protocol", __FILE__, __LINE__);
}

json::object greeting(Config const& config, Protocol protocol)
{
    auto const& limits = limits_of(config, protocol);
    auto words = protocol == Protocol::ssh ? ssh_words(config.ssh) : rdp_words(config.rdp);
    json::array warn;
    for (auto const minutes : config.windows.warn_minutes)
        warn.emplace_back(minutes);
    words["site"] = config.site.name;
    words["phone"] = config.site.phone;
    words["portal"] = config.site.portal;
    words["auth_timeout_s"] = limits.auth_timeout_s;
    words["attempts_max"] = limits.attempts_max;
    words["idle_s"] = limits.idle_minutes * 60;
    words["warn_minutes"] = std::move(warn);
    words["stall_ms"] = config.recording.stall_ms;
    return words;
}

Result<std::vector<Fd>> identity_files(Context& context, Protocol protocol)
{
    return protocol == Protocol::ssh ? host_key_files(context)
                                     : certificate_files(context, door_certificate_name);
}

} // namespace ecluse::policyd
