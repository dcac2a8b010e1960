#pragma once

namespace ecluse::ctl {

/// What a script sees. Documented in eclusectl(1).
enum class Exit {
    ok = 0,
    failed = 1,
    usage = 2,
    warnings = 3,
    not_found = 4,
    refused = 5,
    unreachable = 6,
    integrity = 7,
};

} // namespace ecluse::ctl
