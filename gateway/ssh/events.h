#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Facts worth a line in the journal and the report (docs/requests.md §3.2), as JSON text that
/// begins with its type: told to policyd and recorded as they are.
namespace ecluse::ssh {

struct ExecEvent {
    unsigned channel;
    std::string_view command;
    std::optional<int> exit;
};
struct TransferEvent {
    unsigned channel;
    std::string_view protocol;
    bool up;
    std::string_view name;
    std::uint64_t bytes;
    std::optional<std::string> sha256; // hexadecimal
    bool sequential;
    bool complete;
};
struct FileEvent {
    std::string_view operation;
    std::string_view name;
    std::string_view to; // empty: none
    std::uint32_t outcome;
};
struct TargetEvent {
    std::string_view fingerprint;
    std::string_view cipher_in;
    std::string_view kex;
};

[[nodiscard]] std::string to_event(ExecEvent const& event);
[[nodiscard]] std::string to_event(TransferEvent const& event);
[[nodiscard]] std::string to_event(FileEvent const& event);
[[nodiscard]] std::string to_event(TargetEvent const& event);
[[nodiscard]] std::string forward_refused(std::string_view what, std::string_view detail);
[[nodiscard]] std::string function_refused(std::string_view what, std::string_view detail);

/// For the recording only: what was asked for on a channel, in full.
[[nodiscard]] std::string
channel_started(std::string_view kind, bool pty, std::string_view command);
[[nodiscard]] std::string channel_ended(std::optional<int> exit);
/// From here on the bytes of a direction are counted and hashed, no longer recorded.
[[nodiscard]] std::string elision_started(bool up, std::uint64_t recorded);

} // namespace ecluse::ssh
