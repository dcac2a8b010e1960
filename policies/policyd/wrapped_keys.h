#pragma once

#include "policies/policyd/recorder_link.h"

#include <boost/json/fwd.hpp>

namespace ecluse::policyd {

/// The content key of a recording as its recipients open it: [{"name","cms"}], in base64.
[[nodiscard]] Result<boost::json::array> wrapped_keys(RecorderLink::Opened& opened);

} // namespace ecluse::policyd
