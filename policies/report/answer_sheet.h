#pragma once

#include "common/time.h"
#include "policies/report/document.h"

namespace ecluse::report {

constexpr std::size_t answer_sheet_bytes_max = 4 * 1024 * 1024;

/// The answers to the clauses (policies/conformity/sheet.h), as a document like a report's.
struct AnswerSheet {
    Document document;
    UtcTime made;
};
/// `text` is {site, version, made, rows}.
[[nodiscard]] Result<AnswerSheet> read_answer_sheet(std::string const& text);

} // namespace ecluse::report
