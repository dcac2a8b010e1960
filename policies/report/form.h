#pragma once

#include "common/text.h"
#include "policies/report/facts.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The half of an intervention report that the technician declares. The document is specified in
/// docs/formats/report.md.
namespace ecluse::report {

/// Twenty pages of prose: more is another document.
constexpr std::size_t form_bytes_max = 256 * 1024;

struct Operation {
    std::string at; // "2026-11-21T09:05", hour of Paris, as declared
    std::string operation, item;
    std::optional<std::string> old_version, new_version;
};

/// Yes/no answers and words from a list are stored as the reader found them valid.
struct Form {
    std::string report;
    bool subcontractor_present = false;
    std::optional<std::string> subcontractor_name;
    bool escort_present = false;
    std::string actual_nature, symptom;
    std::vector<Operation> operations;
    std::string outcome; // "resolved", "partial", "unresolved", "not_applicable"
    std::string tests, difficulties;
    bool rollback_done = false;
    std::optional<std::string> rollback_detail;
    std::string service_impact;
    bool health_data_seen = false;
    bool copies_taken = false;
    std::optional<std::string> copies_detail;
    std::string residual_data; // "none", "removed", "left"
    std::optional<std::string> residual_what, residual_why, residual_until;
    bool incident = false;
    std::optional<std::string> incident_detail;
    std::string next_steps;
    std::optional<std::string> next_date, advice;
    std::optional<std::string> comment;
};

/// One thing to correct, said to the person who fills the form.
struct FormFault {
    std::string field; // "result.outcome", "operations[2].item", or "" for the whole text
    TextKey why;
    std::string detail; // fills the sentence's {detail}: a limit, a list of words
};
using FormFaults = std::vector<FormFault>;

/// TOML as `blank_form` writes it. All faults at once, so that one correction round is enough.
[[nodiscard]] std::variant<Form, FormFaults> parse_form(std::string_view toml);
/// The same from JSON: the canonical form, or a web page's.
[[nodiscard]] std::variant<Form, FormFaults> parse_form_json(std::string_view text);
/// "result.outcome : réponse obligatoire (…)".
[[nodiscard]] std::string explain(Language language, FormFault const& fault);
/// One line, documented order, absent optional fields left out. parse_form_json reads it back.
[[nodiscard]] std::string canonical_form(Form const& form);
/// A TOML form to fill for this intervention, every question explained in a comment.
[[nodiscard]] std::string blank_form(Facts const& facts, Language language);

} // namespace ecluse::report
