#include "policies/core/audit_rules.h"

#include "common/bytes.h"
#include "policies/core/review_rules.h"

#include <algorithm>
#include <utility>

namespace ecluse {

std::string population_text(std::vector<std::string> sessions)
{
    std::sort(sessions.begin(), sessions.end());
    std::string lines;
    for (auto const& session : sessions)
        lines += session + "\n";
    return lines;
}

std::vector<std::string>
draw_sessions(std::string_view seed, std::vector<std::string> sessions, std::size_t count)
{
    std::vector<std::pair<std::string, std::string>> lots;
    lots.reserve(sessions.size());
    for (auto& session : sessions) {
        auto lot = to_hex(sha256(std::string{seed} + ":" + session));
        lots.emplace_back(std::move(lot), std::move(session));
    }
    std::sort(lots.begin(), lots.end());
    std::vector<std::string> drawn;
    for (std::size_t i = 0; i < std::min(count, lots.size()); ++i)
        drawn.push_back(std::move(lots[i].second));
    return drawn;
}

std::size_t share_of(std::size_t sessions, std::size_t percent)
{
    return (sessions * percent + 99) / 100;
}

std::optional<UtcTime> next_audit(
    std::optional<UtcTime> last_signed,
    std::optional<UtcTime> first_session,
    std::chrono::months every
)
{
    auto const from = last_signed ? last_signed : first_session;
    if (!from) return std::nullopt;
    return next_review(*from, {.every = every});
}

} // namespace ecluse
