#include "common/bytes.h"
#include "common/text_keys.h"
#include "policies/report/form_json.h"

#include <boost/json.hpp>
#include <toml++/toml.h>

#include <sstream>

namespace ecluse::report {
namespace {

namespace json = boost::json;

/// A form has tables in a list in the document; anything deeper is unknown anyway.
constexpr int depth_max = 8;

template <class T> std::string written(T const& value)
{
    std::ostringstream out;
    out << value;
    return out.str();
}

json::value to_json(toml::node const& node, int depth);

json::object to_object(toml::table const& table, int depth)
{
    json::object object;
    for (auto const& [key, value] : table)
        object[key.str()] = to_json(value, depth + 1);
    return object;
}

json::value to_json(toml::node const& node, int depth)
{
    if (depth > depth_max) return nullptr;
    if (auto const* const table = node.as_table()) return to_object(*table, depth);
    if (auto const* const array = node.as_array()) {
        json::array list;
        for (auto const& item : *array)
            list.push_back(to_json(item, depth + 1));
        return list;
    }
    if (auto const* const value = node.as_string()) return json::value(value->get());
    if (auto const* const value = node.as_boolean()) return json::value(value->get());
    if (auto const* const value = node.as_integer()) return json::value(value->get());
    if (auto const* const value = node.as_date()) return json::value(written(value->get()));
    if (auto const* const value = node.as_date_time()) return json::value(written(value->get()));
    if (auto const* const value = node.as_time()) return json::value(written(value->get()));
    return nullptr; // a floating number: no field has one
}

} // namespace

std::variant<Form, FormFaults> parse_form(std::string_view toml)
{
    if (toml.size() > form_bytes_max)
        return FormFaults{{"", TextKey::report_fault_too_long, std::to_string(form_bytes_max)}};
    try {
        return read_form(to_object(toml::parse(toml), 0));
    } catch (toml::parse_error const& error) {
        auto const line = std::to_string(error.source().begin.line);
        return FormFaults{
            {"",
             TextKey::report_fault_toml,
             line + " (" + printable(std::string{error.description()}) + ")"}};
    }
}

} // namespace ecluse::report
