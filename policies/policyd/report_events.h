#pragma once

#include "policies/report/facts.h"

#include <string>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// Opens the sealed events of a session and files each where the report shows it: commands,
/// transfers, or alerts. Beyond what a reader can use, they are counted as omitted: the recording
/// holds them all.
Result<> load_session_events(Context& context, report::Session& session);

/// The recorder's gap list (JSON) as sentences for the report.
[[nodiscard]] std::vector<std::string> gap_sentences(std::string const& gaps);

} // namespace ecluse::policyd
