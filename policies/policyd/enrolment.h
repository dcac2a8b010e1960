#pragma once

#include "common/result.h"
#include "common/secret.h"
#include "policies/policyd/reply.h"

#include <boost/json/array.hpp>

#include <functional>
#include <string>
#include <variant>

namespace ecluse::policyd {

struct Caller;
struct Context;

/// The making of a person's factors, shared by enrolment and later replacement.

/// Judges a new password against the policy and the person's last ones, hashes it in the pool, then
/// calls `done` on the loop's thread with the hash, or why the password is refused.
void make_password_hash(
    Context& context,
    std::string const& person,
    Secret password,
    std::function<void(std::variant<std::string, Reply>)> done
);

struct NewTotp {
    std::string base32, uri;
};
/// A secret that waits for its first code; those that waited before are dropped. Inside the
/// caller's transaction.
[[nodiscard]] Result<NewTotp>
start_totp(Context& context, std::string const& person, std::string const& login);
/// The code proves the waiting secret: it replaces the one in use. False when it does not. Inside
/// the caller's transaction.
[[nodiscard]] Result<bool>
confirm_pending_totp(Context& context, std::string const& person, std::string_view code);
/// Ten new codes instead of the old ones, shown once. Inside the caller's transaction.
[[nodiscard]] Result<boost::json::array>
renew_recovery_codes(Context& context, std::string const& person);

} // namespace ecluse::policyd
