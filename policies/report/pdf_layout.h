#pragma once

#include "policies/report/document.h"

namespace ecluse::report {

/// Beyond this many pages the report is refused rather than drawn for minutes.
constexpr int pages_max = 5000;

/// The drawn, tagged document; the PDF/A parts are added by `finish_pdf`. Call use_dejavu_fonts
/// first.
[[nodiscard]] Result<std::string> lay_out_pdf(Document const& document);

} // namespace ecluse::report
