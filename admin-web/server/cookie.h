#pragma once

#include <string>
#include <string_view>

/// The session's cookie and the token that belongs to it.
namespace ecluse::web {

constexpr std::string_view cookie_name = "__Host-ecluse";

/// The value of our cookie in a Cookie header, when it looks like one of ours (64 hexadecimal
/// digits); empty otherwise, and when it is there twice: somebody else set one of them.
[[nodiscard]] std::string session_token(std::string_view header);
[[nodiscard]] std::string set_session(std::string_view token);
[[nodiscard]] std::string clear_session();
/// What a page sends back with each act (X-Ecluse-Token). Only whoever could read an answer knows it.
[[nodiscard]] std::string csrf_of(std::string_view token);

} // namespace ecluse::web
