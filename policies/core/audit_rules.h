#pragma once

#include "common/time.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Sessions drawn by lot for an audit of the traces (HDS:EXI-19). Anybody draws the same ones again
/// from what the journal says: docs/formats/audit.md.
namespace ecluse {

/// A seed, as it is recorded: this many random bytes in hexadecimal.
inline constexpr std::size_t audit_seed_bytes = 32;

/// One id a line, in the order of their bytes: what the digest of a population is made of.
[[nodiscard]] std::string population_text(std::vector<std::string> sessions);
/// The first `count` of these sessions in the order that the seed gives them.
[[nodiscard]] std::vector<std::string>
draw_sessions(std::string_view seed, std::vector<std::string> sessions, std::size_t count);
/// So many hundredths of them, and never a part of one less.
[[nodiscard]] std::size_t share_of(std::size_t sessions, std::size_t percent);

/// When an audit is to be signed next: so long after the last one, or after the first session that
/// there was. Nothing while there is nothing to look at.
[[nodiscard]] std::optional<UtcTime> next_audit(
    std::optional<UtcTime> last_signed,
    std::optional<UtcTime> first_session,
    std::chrono::months every
);

} // namespace ecluse
