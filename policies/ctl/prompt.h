#pragma once

#include "common/result.h"
#include "common/secret.h"

#include <string_view>

namespace ecluse::ctl {

/// No answer typed by a person is longer.
constexpr std::size_t answer_bytes_max = 1024;

/// Asks on the terminal itself, whatever the standard streams are; `echo` off for secrets.
/// `unavailable` without a terminal.
[[nodiscard]] Result<Secret> ask_terminal(std::string_view prompt, bool echo);
/// The first line of a file that only its owner can read, or of standard input ("-").
[[nodiscard]] Result<Secret> read_secret(std::string const& path);

} // namespace ecluse::ctl
