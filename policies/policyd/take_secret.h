#pragma once

#include "common/secret.h"

#include <boost/json/object.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace ecluse::policyd {

/// Takes a secret text out of a request, so that no reader of its fields sees it. Nothing when it
/// is absent, no text or too long: it then fails like a wrong one, or as an unknown field.
[[nodiscard]] inline Secret
take_secret(boost::json::object& fields, std::string_view name, std::size_t bytes_max)
{
    auto* const value = fields.if_contains(name);
    if (!value || !value->is_string() || value->get_string().size() > bytes_max) return {};
    auto& text = value->get_string();
    auto secret = Secret::copy_of(text);
    std::fill(text.begin(), text.end(), '\0');
    fields.erase(name);
    return secret;
}

} // namespace ecluse::policyd
