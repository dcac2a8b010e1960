#pragma once

#include "common/time.h"
#include "policies/report/facts.h"

#include <cstdint>
#include <string_view>

namespace ecluse::policyd {

struct Context;

/// What the report of this window states by itself: who, when, from where, what was run and moved,
/// what was refused, which evidence exists. Read from the tables and the journal; nobody edits it
/// (CLAUSIER:O-9.13, CHM:8.19). `version` is the one about to be signed, or the signed one.
[[nodiscard]] Result<report::Facts>
load_report_facts(Context& context, std::string_view report, std::int64_t version, UtcMillis now);

} // namespace ecluse::policyd
