#pragma once

#include "common/result.h"

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Strict reading of JSON that somebody else wrote. Heavy header: include it in .cpp files only.
namespace ecluse {

namespace json = boost::json;

/// One object, nothing after it, at most 16 levels deep, valid UTF-8, no duplicate key.
[[nodiscard]] Result<json::object> parse_object(std::string_view text);

/// Reads each field of an object once and remembers the first fault, so that a request is read as a
/// list of fields and judged by one `finish()`, which also refuses any field nobody asked for.
class Fields {
public:
    explicit Fields(json::object const& object) : object_{object} {}

    [[nodiscard]] std::string text(std::string_view name, std::size_t bytes_max = 4096);
    [[nodiscard]] std::optional<std::string>
    optional_text(std::string_view name, std::size_t bytes_max = 4096);
    [[nodiscard]] std::int64_t number(
        std::string_view name,
        std::int64_t min = std::numeric_limits<std::int64_t>::min(),
        std::int64_t max = std::numeric_limits<std::int64_t>::max()
    );
    [[nodiscard]] std::optional<std::int64_t> optional_number(
        std::string_view name,
        std::int64_t min = std::numeric_limits<std::int64_t>::min(),
        std::int64_t max = std::numeric_limits<std::int64_t>::max()
    );
    [[nodiscard]] bool flag(std::string_view name);
    /// Absent means `otherwise`.
    [[nodiscard]] bool flag(std::string_view name, bool otherwise);
    [[nodiscard]] std::vector<std::string>
    texts(std::string_view name, std::size_t count_max = 256, std::size_t bytes_max = 4096);
    /// Absent means empty.
    [[nodiscard]] std::vector<std::string> optional_texts(
        std::string_view name, std::size_t count_max = 256, std::size_t bytes_max = 4096
    );
    [[nodiscard]] json::object object(std::string_view name);
    [[nodiscard]] std::optional<json::object> optional_object(std::string_view name);
    [[nodiscard]] json::array array(std::string_view name, std::size_t count_max = 1024);
    /// Whether a field of that name is there, read or not.
    [[nodiscard]] bool has(std::string_view name) const;
    /// Records a fault found by the caller, for instance a value out of its list.
    void fault(std::string_view name, std::string_view why);

    /// The first fault, or success when every field present was read.
    Result<> finish();

private:
    json::value const* take(std::string_view name, bool required);

    json::object const& object_;
    std::vector<std::string_view> read_;
    std::optional<Error> fault_;
};

} // namespace ecluse
