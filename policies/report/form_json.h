#pragma once

#include "policies/report/form.h"

#include <boost/json/fwd.hpp>

namespace ecluse::report {

/// Both readers, TOML and JSON, end here.
[[nodiscard]] std::variant<Form, FormFaults> read_form(boost::json::object const& object);

} // namespace ecluse::report
