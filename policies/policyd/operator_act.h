#pragma once

#include "policies/core/fault.h"
#include "policies/policyd/context.h"
#include "policies/policyd/role.h"
#include "policies/store/persons.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What every operator request is made of: who may, on what, and the evidence of it.
namespace ecluse::policyd {

// No field of a request is longer, unless its handler says so.
constexpr std::size_t id_bytes_max = 64;
constexpr std::size_t name_bytes_max = 200;
constexpr std::size_t reason_bytes_max = 2000;

struct Act {
    std::string type, object;
    boost::json::object details = {}; // before, after, reason, …
};
/// Runs `work` and journals the act in the same transaction: both are on disk, or neither.
Result<> record_act(
    Context& context, Caller const& caller, Act act, std::function<Result<>()> const& work = nullptr
);
/// The same for work that may find nothing left to do (false): then nothing is journaled.
Result<bool> record_act_once(
    Context& context, Caller const& caller, Act act, std::function<Result<bool>()> const& work
);
/// What a term brings about, without anybody asking.
[[nodiscard]] Caller system_caller();
/// Says in an event by which token of automation it was done, if by one.
void name_token(boost::json::object& event, Caller const& caller);
/// Something was read that must leave a trace (CLAUSIER:O-6.3).
Result<> record_view(Context& context, Caller const& caller, std::string type, std::string object);

[[nodiscard]] std::int64_t seconds_now(Context& context);

/// A fault of the pure rules, as it travels.
[[nodiscard]] Fault to_reply(ecluse::Fault fault);
/// E-INC-01; the sentence has the hole {name}.
[[nodiscard]] Fault unknown(TextKey sentence, std::string_view name);
/// E-SAI-01: what was typed in `field` is not acceptable.
[[nodiscard]] Fault bad_value(std::string_view field, std::string_view why);
/// E-ETA-01: the object's present state forbids the act.
[[nodiscard]] Fault wrong_state(std::string_view state);
/// E-QUA-01: somebody else must do this (WEB:AA1).
[[nodiscard]] Fault own_act();
/// E-PER-01: another company's object.
[[nodiscard]] Fault not_yours();
/// E-DEJ-01: it exists already.
[[nodiscard]] Fault already(std::string_view name);

/// One page of a list; E-SAI-01 when its cursor is none of this list.
[[nodiscard]] Reply page_reply(Result<boost::json::object> page);

/// The company of whoever asks; nothing for the hospital's people.
[[nodiscard]] Result<std::optional<std::string>> vendor_of(Context& context, Caller const& caller);
[[nodiscard]] Result<std::optional<store::Person>>
find_person(Context& context, std::string const& id_or_login);

using Handle = Reply (*)(Context&, Caller const&, Request&, Answer const&);
struct Allowed {
    std::vector<std::string> roles = {};
    Access access = Access::roles;
    bool signs = false;
    bool with_old_password = false;
    bool limited_auditor = false;
};
void add_request(
    RequestTable& table, Context& context, std::string name, Allowed allowed, Handle handle
);

// One per object; operator_table.cpp calls them all.
void add_setup_requests(RequestTable& table, Context& context);
void add_person_requests(RequestTable& table, Context& context);
void add_review_requests(RequestTable& table, Context& context);
void add_person_creations(RequestTable& table, Context& context);
void add_role_requests(RequestTable& table, Context& context);
void add_enrolment_requests(RequestTable& table, Context& context);
void add_credential_requests(RequestTable& table, Context& context);
void add_passkey_requests(RequestTable& table, Context& context);
void add_vendor_requests(RequestTable& table, Context& context);
void add_source_requests(RequestTable& table, Context& context);
void add_asset_requests(RequestTable& table, Context& context);
void add_account_requests(RequestTable& table, Context& context);
void add_window_requests(RequestTable& table, Context& context);
void add_window_decisions(RequestTable& table, Context& context);
void add_session_requests(RequestTable& table, Context& context);
void add_watch_requests(RequestTable& table, Context& context);
void add_escort_requests(RequestTable& table, Context& context);
void add_emergency_requests(RequestTable& table, Context& context);
void add_oncall_requests(RequestTable& table, Context& context);
void add_extension_requests(RequestTable& table, Context& context);
void add_gateway_requests(RequestTable& table, Context& context);
void add_report_draft_requests(RequestTable& table, Context& context);
void add_charter_requests(RequestTable& table, Context& context);
void add_explain_requests(RequestTable& table, Context& context);
void add_secret_requests(RequestTable& table, Context& context);
void add_certificate_requests(RequestTable& table, Context& context);
void add_ticket_requests(RequestTable& table, Context& context);
void add_token_requests(RequestTable& table, Context& context);
void add_terminal_requests(RequestTable& table, Context& context);

} // namespace ecluse::policyd
