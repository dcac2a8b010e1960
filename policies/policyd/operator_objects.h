#pragma once

#include "policies/core/fault.h"
#include "policies/policyd/reply.h"
#include "policies/store/paging.h"

#include <boost/json/array.hpp>

#include <functional>

/// The operator's requests, one function per object, and what their handlers share.
namespace ecluse::policyd {

class RequestTable;
struct Context;

void add_report_requests(RequestTable& table, Context& context);
void add_recording_requests(RequestTable& table, Context& context);
void add_replay_requests(RequestTable& table, Context& context);
void add_search_requests(RequestTable& table, Context& context);
void add_evidence_requests(RequestTable& table, Context& context);
void add_conformity_requests(RequestTable& table, Context& context);
void add_hold_requests(RequestTable& table, Context& context);
void add_audit_requests(RequestTable& table, Context& context);
void add_journal_requests(RequestTable& table, Context& context);
void add_refusal_requests(RequestTable& table, Context& context);
void add_system_requests(RequestTable& table, Context& context);

/// A rule's "no" as an answer.
[[nodiscard]] Fault rule_fault(ecluse::Fault fault);
/// E-ENR-02: no such recording, or destroyed at its term.
[[nodiscard]] Fault unknown_recording();
/// A list: in the packet when it fits, as a document otherwise.
[[nodiscard]] Reply rows_reply(boost::json::array rows, bool more = false);
/// The same for a page, each of whose rows is shown by `described`.
[[nodiscard]] Reply rows_reply(
    Result<store::Paged::Rows> page, std::function<boost::json::object(Row const&)> const& described
);

} // namespace ecluse::policyd
