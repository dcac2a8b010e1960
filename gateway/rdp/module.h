#pragma once

#include "gateway/rdp/relay.h"

#include <freerdp/server/proxy/proxy_modules_api.h>

namespace ecluse::rdp {

/// The table of hooks that FreeRDP's proxy calls, all of them going to this relay. Once per
/// process.
void set_relay(Relay& relay);
/// For pf_server_add_module.
BOOL register_module(proxyPluginsManager* manager, void* userdata);

} // namespace ecluse::rdp
