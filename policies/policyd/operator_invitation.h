#pragma once

#include "common/result.h"
#include "common/time.h"
#include "policies/policyd/reply.h"
#include "policies/store/persons.h"

#include <boost/json/object.hpp>

#include <string>

namespace ecluse::policyd {

struct Caller;
struct Context;

/// CLAUSIER:O-2.3: how long the hospital may object to a subcontractor.
constexpr std::int64_t objection_s = 21LL * 86400;

struct NewInvitation {
    std::string token; // shown once; kept as its digest
    UtcTime expires_at;
};
/// A single-use token for this person, journaled. An older one stops working.
[[nodiscard]] Result<NewInvitation>
make_invitation(Context& context, Caller const& caller, store::Person const& person);

/// An answer that may be longer than a packet: travels as a memory file.
[[nodiscard]] Reply document(boost::json::object object);

} // namespace ecluse::policyd
