#pragma once

#include "common/time.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace ecluse::report {

/// Room for a signature with its certificate and, one day, a timestamp token.
constexpr std::size_t signature_bytes_max = 16 * 1024;

struct PdfParts {
    std::string title, author, subject;
    std::string language; // "fr-FR"
    UtcTime created;
    std::string attachment; // the JSON of facts and form
    std::string attachment_name = "compte-rendu.json";
    std::string attachment_description; // what it is, for a reader
    bool seal = true;                   // with an empty signature field
};

/// A whole PDF; when sealed, `gap` is where the signature goes and everything else is signed.
struct FinishedPdf {
    std::string bytes;
    std::size_t gap_start = 0, gap_end = 0; // the angle brackets are inside the gap
    [[nodiscard]] bool has_gap() const { return gap_end > gap_start; }
};

/// Makes a drawn PDF a PDF/A-3b: language, metadata, colour profile, attached data, signature
/// field.
[[nodiscard]] Result<FinishedPdf> finish_pdf(std::string const& drawn, PdfParts const& parts);
/// The exact bytes that the signature covers.
[[nodiscard]] std::string bytes_to_sign(FinishedPdf const& pdf);
[[nodiscard]] Result<std::string> place_signature(FinishedPdf const& pdf, std::string_view cms);

} // namespace ecluse::report
