#pragma once

#include "policies/report/facts.h"

/// The fields of the facts, listed once for the reader and the writer alike, so that what is
/// written can be read back. `io(name, value, limit…)`; the order is the order on paper.
namespace ecluse::report {

constexpr std::size_t id_bytes_max = 64;
/// Names, file paths, commands and reasons: a path may have 4096 bytes, and each byte may have been
/// escaped on its way here.
constexpr std::size_t fact_bytes_max = 16 * 1024;
constexpr std::size_t digest_bytes_max = 64;
/// Sessions of one window: more than one a minute over a working week.
constexpr std::size_t sessions_max = 4096;
/// Lines printed under one session; beyond, the facts say how many the recording holds.
constexpr std::size_t session_lines_max = 5000;
constexpr std::size_t fact_list_max = 1024;

template <class Io> void fields(Io& io, Procedure& v)
{
    io("reference", v.reference, fact_bytes_max);
    io("tools", v.tools, fact_bytes_max);
    io("functions_kept", v.functions_kept, fact_bytes_max);
    io("safeguards", v.safeguards, fact_bytes_max);
    io("update_origin", v.update_origin, fact_bytes_max);
    io("update_sha256", v.update_sha256, digest_bytes_max);
    io("rollback_plan", v.rollback_plan, fact_bytes_max);
}

template <class Io> void fields(Io& io, Override& v)
{
    io("rule", v.rule, fact_bytes_max);
    io("reason", v.reason, fact_bytes_max);
    io("by", v.by, fact_bytes_max);
    io("at", v.at);
}

template <class Io> void fields(Io& io, Extension& v)
{
    io("from", v.from);
    io("to", v.to);
    io("reason", v.reason, fact_bytes_max);
    io("by", v.by, fact_bytes_max);
    io("at", v.at);
}

template <class Io> void fields(Io& io, WindowFacts& v)
{
    io("id", v.id, id_bytes_max);
    io("start", v.start);
    io("end", v.end);
    io("emergency", v.emergency);
    io("nature", v.nature, id_bytes_max);
    io("reason", v.reason, fact_bytes_max);
    io("ticket", v.ticket, fact_bytes_max);
    io("service_interruption", v.service_interruption);
    io("health_data_possible", v.health_data_possible);
    io("procedure", v.procedure);
    io("functions", v.functions, fact_list_max, id_bytes_max);
    io("requested_by", v.requested_by, fact_bytes_max);
    io("requested_at", v.requested_at);
    io("approved_by", v.approved_by, fact_bytes_max);
    io("approved_at", v.approved_at);
    io("opened_at", v.opened_at);
    io("opened_by", v.opened_by, fact_bytes_max);
    io("closed_at", v.closed_at);
    io("closed_by", v.closed_by, fact_bytes_max);
    io("close_reason", v.close_reason, fact_bytes_max);
    io("overrides", v.overrides, fact_list_max);
    io("extensions", v.extensions, fact_list_max);
}

template <class Io> void fields(Io& io, Vendor& v)
{
    io("name", v.name, fact_bytes_max);
    io("contract", v.contract, fact_bytes_max);
    io("parent", v.parent, fact_bytes_max);
}

template <class Io> void fields(Io& io, Person& v)
{
    io("name", v.name, fact_bytes_max);
    io("login", v.login, fact_bytes_max);
    io("company", v.company, fact_bytes_max);
    io("sources", v.sources, fact_list_max, id_bytes_max);
    io("factors", v.factors, fact_list_max, id_bytes_max);
}

template <class Io> void fields(Io& io, Asset& v)
{
    io("id", v.id, id_bytes_max);
    io("name", v.name, fact_bytes_max);
}

template <class Io> void fields(Io& io, Presence& v)
{
    io("name", v.name, fact_bytes_max);
    io("from", v.from);
    io("until", v.until);
}

template <class Io> void fields(Io& io, Escort& v)
{
    io("name", v.name, fact_bytes_max);
    io("told_at", v.told_at);
    io("required", v.required);
    io("presences", v.presences, fact_list_max);
}

template <class Io> void fields(Io& io, Command& v)
{
    io("at", v.at);
    io("text", v.text, fact_bytes_max);
    io("exit", v.exit);
}

template <class Io> void fields(Io& io, Transfer& v)
{
    io("at", v.at);
    io("name", v.name, fact_bytes_max);
    io("direction", v.direction, id_bytes_max);
    io("bytes", v.bytes);
    io("sha256", v.sha256, digest_bytes_max);
    io("complete", v.complete);
    io("scan", v.scan, id_bytes_max);
}

template <class Io> void fields(Io& io, Alert& v)
{
    io("at", v.at);
    io("what", v.what, fact_bytes_max);
    io("detail", v.detail, fact_bytes_max);
}

template <class Io> void fields(Io& io, Cut& v)
{
    io("at", v.at);
    io("by", v.by, fact_bytes_max);
    io("reason", v.reason, fact_bytes_max);
}

template <class Io> void fields(Io& io, Session& v)
{
    io("id", v.id, id_bytes_max);
    io("person", v.person, fact_bytes_max);
    io("asset", v.asset, fact_bytes_max);
    io("account", v.account, fact_bytes_max);
    io("protocol", v.protocol, id_bytes_max);
    io("source", v.source, id_bytes_max);
    io("client", v.client, id_bytes_max);
    io("started", v.started);
    io("ended", v.ended);
    io("end_reason", v.end_reason, fact_bytes_max);
    io("commands", v.commands, session_lines_max);
    io("commands_omitted", v.commands_omitted);
    io("transfers", v.transfers, session_lines_max);
    io("transfers_omitted", v.transfers_omitted);
    io("alerts", v.alerts, session_lines_max);
    io("alerts_omitted", v.alerts_omitted);
    io("cuts", v.cuts, fact_list_max);
}

template <class Io> void fields(Io& io, RefusalFacts& v)
{
    io("reference", v.reference, id_bytes_max);
    io("at", v.at);
    io("code", v.code, id_bytes_max);
    io("address", v.address, id_bytes_max);
    io("login", v.login, fact_bytes_max);
    io("detail", v.detail, fact_bytes_max);
}

template <class Io> void fields(Io& io, RecordingFacts& v)
{
    io("session", v.session, id_bytes_max);
    io("state", v.state, id_bytes_max);
    io("header_sha256", v.header_sha256, digest_bytes_max);
    io("last_link", v.last_link, digest_bytes_max);
    io("seal_sha256", v.seal_sha256, digest_bytes_max);
    io("segments", v.segments);
    io("gaps", v.gaps, fact_list_max, fact_bytes_max);
}

template <class Io> void fields(Io& io, JournalPosition& v)
{
    io("first_sequence", v.first_sequence);
    io("last_sequence", v.last_sequence);
    io("link", v.link, digest_bytes_max);
}

template <class Io> void fields(Io& io, DecisionFacts& v)
{
    io("what", v.what, id_bytes_max);
    io("person", v.person, fact_bytes_max);
    io("at", v.at);
    io("factors", v.factors, fact_list_max, id_bytes_max);
    io("comment", v.comment, fact_bytes_max);
}

template <class Io> void fields(Io& io, Facts& v)
{
    io("report", v.report, id_bytes_max);
    io("version", v.version);
    io("site", v.site, fact_bytes_max);
    io("generated_at", v.generated_at);
    io("due_at", v.due_at);
    io("window", v.window);
    io("vendor", v.vendor);
    io("people", v.people, fact_list_max);
    io("assets", v.assets, fact_list_max);
    io("escort", v.escort);
    io("sessions", v.sessions, sessions_max);
    io("refusals", v.refusals, session_lines_max);
    io("recordings", v.recordings, sessions_max);
    io("journal", v.journal);
    io("decisions", v.decisions, fact_list_max);
}

} // namespace ecluse::report
