#pragma once

#include "common/secret.h"
#include "policies/policyd/role.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string_view>

/// What stands before every request that a person makes, by eclusectl or in a browser: the role,
/// the password's age, the signature.
namespace ecluse::policyd {

struct Accepted;
struct Context;
struct Verdict;

/// Takes a secret text out of the request, so that no handler sees it.
[[nodiscard]] Secret take_secret(boost::json::object& fields, std::string_view name);

/// E-AUT-01: one sentence for every cause.
[[nodiscard]] Fault wrong_factors(Verdict const& verdict);
/// E-AUT-02.
[[nodiscard]] Fault not_logged_in();

/// Runs `row` for a caller who is logged in: refuses and records, or asks for the signature, or
/// both factors being no matter, calls the handler.
void pass_gate(
    Context& context, RequestRow const& row, Caller caller, Request request, Answer const& answer
);

/// What somebody who logs in should know: the password's age, the next window to accompany, and the
/// RSSI which emergencies were granted and that an audit of the traces is due.
[[nodiscard]] Result<boost::json::array>
notices_for(Context& context, std::string_view person, Language language);

} // namespace ecluse::policyd
