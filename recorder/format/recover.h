#pragma once

#include "recorder/format/writer.h"

#include <string>

namespace ecluse::recording {

/// Seals what a crash left: cuts after the last valid link (the rest is kept in torn-*), writes the
/// seal with reason "interrupted". Without the session key, which died with the recorder, the seal
/// carries no signature of its own. `not_found` when not even the header was complete: nothing was
/// ever acknowledged there.
[[nodiscard]] Result<SealSummary> recover(std::string const& folder);
/// What a sealed folder says about itself.
[[nodiscard]] Result<SealSummary> read_summary(std::string const& folder);

} // namespace ecluse::recording
