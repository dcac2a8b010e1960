#pragma once

#include "common/result.h"

#include <string>
#include <string_view>
#include <vector>

/// A process gives up, for itself and for what it starts, everything its role does not need.
/// systemd does much of it already; this holds without systemd, and goes further (docs/trust.md).
namespace ecluse {

enum class ProcessRole {
    listener,   // accepts, starts workers; no outgoing connection; reads nothing but programs
    ssh_worker, // the descriptors it holds, and nothing else
    rdp_worker, // the same, with the threads of FreeRDP
    encoder,    // the descriptors it holds, and nothing else: no network, no file, no program
    replay,     // the same, for the content of a recording that somebody watches
    timestamp,  // the same: its descriptor is a socket to the timestamp authority
    recorder,   // writes in its folders; no network
    policyd,    // writes in its folders, dials targets, may start ecluse-report
    report,     // reads fonts; writes only to descriptors it holds; no network
    web,        // accepts, and reaches policyd: no file, no program, no other connection
    cli,        // an operator's own tool: no core file, not traceable, otherwise free
};

/// Folders (or files) the role may touch besides the system's own libraries, fonts and zone data.
/// Ignored by the workers, encoder, replay, timestamp, web and cli. A path that does not exist is
/// an error.
struct Folders {
    std::vector<std::string> read;
    std::vector<std::string> write;   // and read, create, rename, remove
    std::vector<std::string> execute; // and read
};

/// One protection: in force, or missing and why.
struct Layer {
    std::string_view name;
    bool active;
    std::string why_not;
};

struct Confinement {
    std::vector<Layer> layers;

    [[nodiscard]] bool has(std::string_view name) const;
    /// Whether something is missing that this system could not give.
    [[nodiscard]] bool complete() const;
    /// One line to log at start: "confined by …; missing: empty network (…)".
    [[nodiscard]] std::string describe() const;
};

/// Layer names.
constexpr std::string_view layer_privileges = "no new privileges";
constexpr std::string_view layer_dump = "not dumpable";
constexpr std::string_view layer_limits = "limits";
constexpr std::string_view layer_network = "empty network";
constexpr std::string_view layer_capabilities = "no capabilities";
constexpr std::string_view layer_files = "landlock";
constexpr std::string_view layer_calls = "seccomp";

/// Called once, before the first thread (so before a Loop exists) and after the listening sockets
/// are bound; descriptors already open keep working. An error means that the process is not safe to
/// go on. The network and Landlock layers depend on the system: their absence is said, not an
/// error. In sanitizer builds the layers that a sanitizer cannot bear are reported as missing.
[[nodiscard]] Result<Confinement> confine(ProcessRole role, Folders const& folders = {});

} // namespace ecluse
