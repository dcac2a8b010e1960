#pragma once

#include "admin-web/routes/routes.h"
#include "common/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From a request line to a row of the table. Everything here reads an outsider's bytes.
namespace ecluse::web {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// "%C3%A9" to bytes; a broken escape, a NUL or invalid UTF-8 is an error. `plus_is_space`: in
/// queries.
[[nodiscard]] Result<std::string> percent_decoded(std::string_view text, bool plus_is_space);
/// "state=open&late=true". At most 32 pairs.
[[nodiscard]] Result<Pairs> read_query(std::string_view query);

struct Target {
    std::string_view path, query;
};
/// Splits at the first "?". An absolute target, a fragment or anything but visible ASCII is an
/// error.
[[nodiscard]] Result<Target> split_target(std::string_view target);

struct Match {
    RouteRow const* route = nullptr; // null: none for this method
    Pairs path_fields;
    std::vector<std::string_view> methods; // that the path has, when any; for Allow
};

class RouteTable {
public:
    /// The routes of "portal" or "console".
    explicit RouteTable(std::string_view door);
    [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

private:
    struct Entry {
        RouteRow const* route;
        std::vector<std::string_view> segments; // of its path; "{name}" takes any
    };
    std::vector<Entry> entries_;
};

} // namespace ecluse::web
