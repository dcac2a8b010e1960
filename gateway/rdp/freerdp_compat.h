#pragma once

#include <freerdp/freerdp.h>
#include <freerdp/server/proxy/proxy_modules_api.h>
#include <freerdp/version.h>

/// The only place that knows the members of FreeRDP's proxy structures: they moved between 3.10 and
/// 3.27, where their bodies left the public headers. Everything else goes through rdpContext.
namespace ecluse::rdp {

/// The vendor's side. Set for the whole life of a session.
[[nodiscard]] rdpContext* front_context(proxyData* session);
/// The target's side; nullptr before ServerFetchTargetAddr.
[[nodiscard]] rdpContext* target_context(proxyData* session);
/// Ends both sides; any thread.
void abort_session(proxyData* session);
/// Whether this library hands surface commands to the vendor by itself (3.24).
constexpr bool library_forwards_surfaces =
#if FREERDP_VERSION_MAJOR > 3 || FREERDP_VERSION_MINOR >= 24
    true;
#else
    false;
#endif

} // namespace ecluse::rdp
