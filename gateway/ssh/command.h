#pragma once

#include <string_view>

namespace ecluse::ssh {

/// What a channel is for: policyd decides each kind by itself.
enum class ChannelKind { shell, exec, sftp, scp_up, scp_down, rsync_up, rsync_down };

/// As written in an `open` request.
[[nodiscard]] std::string_view to_text(ChannelKind kind);

/// The kind of a command run without terminal. Only commands that cannot run anything else count as
/// transfers: the target's shell reads the line, so one metacharacter makes it an ordinary command.
[[nodiscard]] ChannelKind classify_command(std::string_view command);

} // namespace ecluse::ssh
