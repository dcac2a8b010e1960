#pragma once

#include "policies/core/report_rules.h"
#include "policies/policyd/reply.h"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ecluse {
class Database;
class Fields;
} // namespace ecluse

namespace ecluse::policyd {

struct Caller;
struct Context;
struct Request;

/// The report as its rules see it, with what the requests need around it.
struct ReportRow {
    std::string id, window, vendor;
    ReportTimes times;
    std::int64_t version = 0; // the last one submitted; 0: none
};

/// By its id or its window's.
[[nodiscard]] Result<std::optional<ReportRow>>
find_report(Database& database, std::string const& id);
[[nodiscard]] Result<bool>
works_in(Database& database, std::string const& window, std::string const& person);
[[nodiscard]] Roles roles_of(Caller const& caller);
/// An event about a report: actor, source, object, window, outcome.
[[nodiscard]] boost::json::object
acted(Caller const& caller, ReportRow const& report, std::string_view outcome);
/// What a person may see of one report, or the answer to give instead. Reads `report`, and judges
/// the fields, which are all read by then.
[[nodiscard]] std::variant<ReportRow, Reply>
visible_report(Context& context, Caller const& caller, Request& request, Fields& fields);

} // namespace ecluse::policyd
