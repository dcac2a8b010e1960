#include "policies/policyd/sources.h"

#include "common/address.h"
#include "common/log.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/store/database.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

constexpr auto declared_sql =
    "SELECT s.vendor AS vendor, s.range AS range FROM authorized_source s "
    "JOIN vendor v ON v.id = s.vendor "
    "WHERE s.state = 'approved' AND s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to > $2) "
    "AND v.state = 'active' AND v.contract_from <= $3 AND v.contract_to > $4";

/// A range that cannot be read admits nobody: it was written by ourselves, so it is also a fault.
bool contains(std::string const& range, std::string_view address)
{
    auto const parsed_range = AddressRange::parse(range);
    auto const parsed_address = SourceAddress::parse(address);
    return parsed_range && parsed_address && parsed_range->contains(*parsed_address);
}

} // namespace

Result<> Sources::refresh(Context& context)
{
    auto const now = context.clock.decision_now().time_since_epoch().count();
    auto const rows = ECLUSE_TRY(context.database.rows(declared_sql, {now, now, now, now}));
    std::vector<Declared> declared;
    for (auto const& row : rows)
        declared.push_back({row.text("vendor"), row.text("range")});
    std::sort(declared.begin(), declared.end());
    declared.erase(std::unique(declared.begin(), declared.end()), declared.end());
    if (declared == declared_) return {};
    declared_ = std::move(declared);
    auto const listeners = listeners_; // one may leave while being told
    for (auto const* const tell : listeners)
        (*tell)();
    context.live.revoke_source(
        [this](std::string_view vendor, std::string_view address) {
            return declared_for(vendor, address);
        },
        endings::revoked()
    );
    return {};
}

bool Sources::declared(std::string_view address) const
{
    return std::any_of(declared_.begin(), declared_.end(), [&](Declared const& one) {
        return contains(one.range, address);
    });
}

bool Sources::declared_for(std::string_view vendor, std::string_view address) const
{
    return std::any_of(declared_.begin(), declared_.end(), [&](Declared const& one) {
        return one.vendor == vendor && contains(one.range, address);
    });
}

Result<Fd> Sources::list() const
{
    std::set<std::string> ranges;
    for (auto const& one : declared_)
        if (auto const range = AddressRange::parse(one.range)) ranges.insert(range->to_string());
    std::string lines;
    for (auto const& range : ranges)
        lines += range + "\n";
    return memory_file("sources", lines);
}

} // namespace ecluse::policyd
