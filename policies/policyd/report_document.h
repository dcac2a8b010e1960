#pragma once

#include "common/fd.h"
#include "common/text.h"

#include <functional>
#include <string>

namespace ecluse::policyd {

struct Context;

struct ReportDocument {
    std::string facts; // canonical JSON
    std::string form;  // canonical JSON; empty while nothing was declared
    Language language = Language::french;
    bool seal = false; // signed by the evidence key: only what a person has signed
};

/// Lays out the PDF in `ecluse-report`, a process of its own without key or network, and signs what
/// it asks to have signed. Runs in the pool; `done` gets a descriptor of the PDF on the loop's
/// thread.
void render_report(Context& context, ReportDocument document, std::function<void(Result<Fd>)> done);
/// The answer sheet of the clauses (policies/conformity/sheet.h) the same way, unsigned: it says
/// what the product and its settings are, and nobody declares it.
void render_answer_sheet(Context& context, std::string sheet, std::function<void(Result<Fd>)> done);
/// The minutes of an audit, attached as they were signed.
void render_audit_minutes(
    Context& context, std::string minutes, std::function<void(Result<Fd>)> done
);

} // namespace ecluse::policyd
