#pragma once

#include "common/fd.h"
#include "common/text.h"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

/// How answers look: tables and labels for people, the object itself for programs.
namespace ecluse::ctl {

/// policyd's answer without its envelope.
struct Answered {
    boost::json::object fields;
    std::vector<Fd> descriptors;
};

/// Where the document of a list travelled, it is put back into `fields.rows`.
[[nodiscard]] Result<> unfold(Answered& answer);

/// A value as a person reads it: instants in Paris time, known words translated, text `printable`.
[[nodiscard]] std::string
in_words(boost::json::value const& value, std::string_view field, Language language);
/// Rows under their headings, columns as wide as needed; a sentence when there are none.
[[nodiscard]] std::string table(
    boost::json::array const& rows, std::vector<std::string_view> const& columns, Language language
);
/// One "label : value" a line; lists of objects below, as tables.
[[nodiscard]] std::string details(boost::json::object const& object, Language language);
/// How many columns a terminal gives this text.
[[nodiscard]] std::size_t width(std::string_view text);

} // namespace ecluse::ctl
