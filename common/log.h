#pragma once

#include <string_view>

/// Lines for the operator, on standard error, with the level prefix that journald understands. They
/// may be lost; evidence goes to the journal. Never a secret or a patient; outsiders' text goes
/// through `printable` first.
namespace ecluse {

enum class LogLevel { error = 3, warning = 4, info = 6, debug = 7 };

/// Debug lines appear only with ECLUSE_LOG=debug in the environment.
void log(LogLevel level, std::string_view message);
/// Names the program in every line; called once, first in main.
void set_log_name(std::string_view program);

} // namespace ecluse
