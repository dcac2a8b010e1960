#pragma once

#include "recorder/screen/grid.h"
#include "recorder/screen/parser.h"

#include <string>

namespace ecluse::screen {

/// "CSI … m" on a pen.
void apply_look(Pen& pen, Sequence const& sequence);
/// The sequence that makes this pen of any other.
[[nodiscard]] std::string look_of(Pen const& pen);

} // namespace ecluse::screen
