#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "policies/report/document.h"
#include "policies/report/form.h"
#include "policies/report/sign.h"

#include <fmt/format.h>

namespace ecluse::ctl {
namespace {

std::optional<std::string> document(Ctl& ctl, Answered const& answer, std::size_t which)
{
    if (which >= answer.descriptors.size()) return std::string{};
    auto bytes = read_all(answer.descriptors[which].get(), document_bytes_max);
    if (!bytes) {
        ctl.fail(bytes.error());
        return std::nullopt;
    }
    return *std::move(bytes);
}

/// "-" or nothing: standard output. A report is the hospital's: 0600, and nothing is overwritten
/// half.
Exit deliver(Ctl& ctl, std::string const& path, std::string_view bytes)
{
    if (path.empty() || path == "-") {
        auto const written = write_all(1, bytes);
        return written ? Exit::ok : ctl.fail(written.error());
    }
    if (auto const written = write_file_durably(path, bytes); !written)
        return ctl.fail(written.error());
    if (!ctl.json()) ctl.say(TextKey::ctl_written, {{"path", printable(path)}});
    return Exit::ok;
}

} // namespace

Exit run_report_show(Ctl& ctl, Command const& command, json::object fields)
{
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    auto const facts_text = document(ctl, *answer, 0);
    auto const form_text = document(ctl, *answer, 1);
    if (!facts_text || !form_text) return ctl.exit();
    if (ctl.json()) {
        auto const form = form_text->empty() ? std::string{"null"} : *form_text;
        fmt::print("{{\"facts\":{},\"form\":{}}}\n", *facts_text, form);
        return Exit::ok;
    }
    auto const facts = report::parse_facts(*facts_text);
    if (!facts) return ctl.fail(facts.error());
    std::optional<report::Form> form;
    if (!form_text->empty()) {
        auto parsed = report::parse_form_json(*form_text);
        if (auto* const good = std::get_if<report::Form>(&parsed)) form = std::move(*good);
    }
    fmt::print("{}", report::render_text(*facts, form ? &*form : nullptr, ctl.language()));
    return Exit::ok;
}

Exit run_document(Ctl& ctl, Command const& command, json::object fields)
{
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    auto const bytes = document(ctl, *answer, 0);
    if (!bytes) return ctl.exit();
    return deliver(ctl, ctl.value("output"), *bytes);
}

Exit run_report_export(Ctl& ctl, Command const& command, json::object fields)
{
    bool const pdf = ctl.has("pdf");
    if (pdf == ctl.has("json-file")) return ctl.fail(Exit::usage, TextKey::ctl_report_which_file);
    fields["format"] = pdf ? "pdf" : "json";
    auto const answer = ctl.ask(command.request, std::move(fields));
    if (!answer) return ctl.exit();
    auto const bytes = document(ctl, *answer, 0);
    if (!bytes) return ctl.exit();
    return deliver(ctl, ctl.value(pdf ? "pdf" : "json-file"), *bytes);
}

Exit run_report_verify(Ctl& ctl, Command const&, json::object)
{
    auto const pdf = read_file(ctl.value("file"), document_bytes_max);
    if (!pdf) return ctl.fail(pdf.error());
    // The certificate comes from policyd, or from a file where there is no policyd: a report can be
    // checked anywhere.
    std::string certificate;
    if (ctl.has("certificate")) {
        auto const read = read_file(ctl.value("certificate"), 64 * 1024);
        if (!read) return ctl.fail(read.error());
        certificate = *read;
    } else {
        auto const answer = ctl.ask("evidence.certificate", {});
        if (!answer) return ctl.exit();
        auto const* const pem = answer->fields.if_contains("certificate");
        if (pem && pem->is_string()) certificate = pem->get_string();
    }
    auto const verdict = report::verify_report(*pdf, certificate);
    if (ctl.json()) {
        json::object shown{{"intact", verdict.has_value()}};
        if (!verdict) shown["why"] = verdict.error().what;
        fmt::print("{}\n", json::serialize(shown));
        return verdict ? Exit::ok : Exit::integrity;
    }
    if (!verdict)
        return ctl.fail(
            Exit::integrity,
            TextKey::ctl_report_altered,
            {{"why", verdict.error().what}},
            TextKey::ctl_report_altered_remedy
        );
    ctl.say(TextKey::ctl_report_intact, {{"path", printable(ctl.value("file"))}});
    return Exit::ok;
}

} // namespace ecluse::ctl
