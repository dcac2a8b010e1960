#pragma once

#include "policies/report/form.h"

#include <array>
#include <string_view>

/// The form's fields, listed once for the reader, the writer and the blank form alike.
namespace ecluse::report {

constexpr std::size_t line_bytes_max = 500;
constexpr std::size_t prose_bytes_max = 16 * 1024;
/// One line each: beyond, the technician describes groups of operations.
constexpr std::size_t operations_max = 200;

constexpr std::array<std::string_view, 6> natures{
    "preventive", "corrective", "evolutive", "diagnostic", "update", "installation"};
constexpr std::array<std::string_view, 4> outcomes{
    "resolved", "partial", "unresolved", "not_applicable"};
constexpr std::array<std::string_view, 3> residuals{"none", "removed", "left"};

/// `io.section(name)` starts a table; `io.text/yes_no/word/date/moment` are its fields, compulsory
/// when the value is not optional.
template <class Io> void fields(Io& io, Operation& v)
{
    io.moment("at", v.at);
    io.text("operation", v.operation, prose_bytes_max);
    io.text("item", v.item, line_bytes_max);
    io.text("old_version", v.old_version, line_bytes_max);
    io.text("new_version", v.new_version, line_bytes_max);
}

template <class Io> void fields(Io& io, Form& v)
{
    io.text("report", v.report, 64);
    io.section("presence");
    io.yes_no("subcontractor_present", v.subcontractor_present);
    io.text("subcontractor_name", v.subcontractor_name, line_bytes_max);
    io.yes_no("escort_present", v.escort_present);
    io.section("request");
    io.word("actual_nature", v.actual_nature, natures);
    io.text("symptom", v.symptom, prose_bytes_max);
    io.section("result");
    io.word("outcome", v.outcome, outcomes);
    io.text("tests", v.tests, prose_bytes_max);
    io.text("difficulties", v.difficulties, prose_bytes_max);
    io.yes_no("rollback_done", v.rollback_done);
    io.text("rollback_detail", v.rollback_detail, prose_bytes_max);
    io.text("service_impact", v.service_impact, prose_bytes_max);
    io.section("data");
    io.yes_no("health_data_seen", v.health_data_seen);
    io.yes_no("copies_taken", v.copies_taken);
    io.text("copies_detail", v.copies_detail, prose_bytes_max);
    io.word("residual_data", v.residual_data, residuals);
    io.text("residual_what", v.residual_what, prose_bytes_max);
    io.text("residual_why", v.residual_why, prose_bytes_max);
    io.date("residual_until", v.residual_until);
    io.yes_no("incident", v.incident);
    io.text("incident_detail", v.incident_detail, prose_bytes_max);
    io.section("follow_up");
    io.text("next_steps", v.next_steps, prose_bytes_max);
    io.date("next_date", v.next_date);
    io.text("advice", v.advice, prose_bytes_max);
    io.section("signature");
    io.text("comment", v.comment, prose_bytes_max);
    io.list("operations", v.operations, operations_max);
}

} // namespace ecluse::report
