#pragma once

#include "gateway/rdp/words.h"

#include <freerdp/freerdp.h>

namespace ecluse::rdp {

/// What the target is told about its client: a fresh set of FreeRDP's defaults, the grant's
/// credentials, and from the vendor only what is listed here (size, colours, keyboard, a codec).
/// INVARIANT: nothing else of the vendor's reaches the target's side; capability counts above all,
/// which 3.10 believes (0 bitmap cache cells end it).
Result<> fill_target_settings(rdpSettings* target, rdpSettings const* front, Target const& grant);
/// What the library sets again right before it connects: in its ClientPreConnect hook.
Result<> correct_target_settings(rdpSettings* target, Grant const& grant);

} // namespace ecluse::rdp
