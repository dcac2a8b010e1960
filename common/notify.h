#pragma once

#include "common/fd.h"
#include "common/result.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What systemd and a service say to each other, without its library: a datagram to $NOTIFY_SOCKET,
/// and descriptors counted from 3. Without systemd every call does nothing.
namespace ecluse {

/// Ready to serve; `status` is shown by `systemctl status`.
void notify_ready(std::string_view status);
void notify_status(std::string_view status);
void notify_stopping(std::string_view status);
/// Still alive: sent at half of `watchdog_interval()` from the event loop, so that a loop that no
/// longer turns is noticed.
void notify_alive();
/// How long systemd waits for a sign of life before it kills us; nullopt when it does not watch.
[[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval();

struct NamedDescriptor {
    std::string name; // FileDescriptorName= of the socket unit
    Fd fd;
};
/// The descriptors that systemd passed to this process, close-on-exec from now on; empty without
/// systemd. Called once, first in main, because they are not ours to touch before.
[[nodiscard]] Result<std::vector<NamedDescriptor>> listen_descriptors();
/// The listening packet socket named like the file of `path` ("operator.sock"): the one that
/// systemd made, which then leaves `passed`, or a new one on `path` (demo and tests).
[[nodiscard]] Result<Fd>
take_packet_listener(std::vector<NamedDescriptor>& passed, std::string const& path, unsigned mode);

} // namespace ecluse
