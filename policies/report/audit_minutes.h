#pragma once

#include "common/time.h"
#include "policies/report/document.h"

#include <string>

namespace ecluse::report {

constexpr std::size_t audit_minutes_bytes_max = 4 * 1024 * 1024;

/// The minutes of an audit of the traces (policies/policyd/operator_audit.cpp), as they are
/// printed.
struct AuditMinutes {
    Document document;
    UtcTime signed_at;
};
[[nodiscard]] Result<AuditMinutes> read_audit_minutes(std::string const& text);

} // namespace ecluse::report
