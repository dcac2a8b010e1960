#include "common/json.h"
#include "common/log.h"
#include "common/packet.h"
#include "common/sandbox.h"
#include "common/text_keys.h"
#include "policies/report/answer_sheet.h"
#include "policies/report/audit_minutes.h"
#include "policies/report/pdf_finish.h"
#include "policies/report/pdf_layout.h"
#include "policies/report/pdf_sheet.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <sys/prctl.h>
#include <sys/resource.h>

/// ecluse-report render (a report, the answer sheet of the clauses, or an audit's minutes):
/// descriptor 3 is a packet socket to the parent. One request, one document, the end. No network,
/// no file but the fonts, no key: the parent signs.
namespace ecluse::report {
namespace {

using namespace std::chrono_literals;

constexpr int parent_descriptor = 3;
/// The parent signs at once or not at all.
constexpr auto sign_wait = 30s;
/// Hundreds of pages take a few seconds and some hundred megabytes; beyond is a fault.
constexpr rlim_t cpu_seconds_max = 120;
constexpr rlim_t memory_bytes_max = 2UL * 1024 * 1024 * 1024;

enum class Kind { report, answer_sheet, audit };

struct Request {
    std::int64_t id;
    Kind kind;
    Language language;
    bool seal;
};

Result<Request> read_request(Packet const& packet)
{
    auto const object = ECLUSE_TRY(parse_object(packet.json));
    Fields fields{object};
    Request request{};
    auto const asked = fields.text("do", 32);
    if (asked == "conformity.render")
        request.kind = Kind::answer_sheet;
    else if (asked == "audit.render")
        request.kind = Kind::audit;
    else if (asked != "report.render")
        fields.fault("do", "unknown");
    request.id = fields.number("id", 1);
    if (request.kind == Kind::report) {
        auto const language = parse_language(fields.text("language", 2));
        if (!language) fields.fault("language", "unknown");
        request.language = language.value_or(Language::french);
        request.seal = fields.flag("seal", true);
    }
    if (auto const done = fields.finish(); !done) return done.error();
    std::size_t const files_max = request.kind == Kind::report ? 2 : 1;
    if (packet.descriptors.empty() || packet.descriptors.size() > files_max)
        return Error{Errc::malformed, "another number of descriptors is expected"};
    return request;
}

Result<std::optional<Form>> read_form(std::vector<Fd> const& descriptors)
{
    if (descriptors.size() < 2) return std::optional<Form>{};
    auto const text = ECLUSE_TRY(read_all(descriptors[1].get(), form_bytes_max));
    auto answer = parse_form_json(text);
    if (auto const* const faults = std::get_if<FormFaults>(&answer))
        return Error{Errc::malformed, "read form: " + explain(Language::english, faults->front())};
    return std::optional{std::get<Form>(std::move(answer))};
}

std::string attachment(Facts const& facts, std::optional<Form> const& form)
{
    return "{\"facts\":" + canonical_facts(facts) +
           ",\"form\":" + (form ? canonical_form(*form) : std::string{"null"}) + "}\n";
}

Result<FinishedPdf>
render(Facts const& facts, std::optional<Form> const& form, Request const& request)
{
    auto const document = compose(facts, form ? &*form : nullptr, request.language);
    auto const drawn = ECLUSE_TRY(lay_out_pdf(document));
    PdfParts parts{};
    parts.title = fmt::format("{} – {}", document.title, document.number);
    parts.author = document.site;
    parts.subject = document.subtitle;
    parts.language = request.language == Language::french ? "fr-FR" : "en-GB";
    parts.created = facts.generated_at;
    parts.attachment = attachment(facts, form);
    parts.attachment_description = text(request.language, TextKey::report_attachment);
    parts.seal = request.seal;
    return finish_pdf(drawn, parts);
}

Result<std::string> ask_signature(PacketSocket const& parent, FinishedPdf const& pdf)
{
    auto const bytes = ECLUSE_TRY(memory_file("to-sign", bytes_to_sign(pdf)));
    if (auto const sent = parent.send(json::object{{"push", "sign"}}, {bytes.get()}); !sent)
        return sent.error();
    auto const answer = ECLUSE_TRY(parent.receive(sign_wait));
    if (!answer || answer->descriptors.size() != 1)
        return Error{Errc::refused, "the parent did not sign"};
    auto const cms = ECLUSE_TRY(read_all(answer->descriptors[0].get(), signature_bytes_max));
    return ECLUSE_TRY(place_signature(pdf, cms));
}

Result<FinishedPdf> render_answer_sheet(Packet const& packet)
{
    auto const text = ECLUSE_TRY(read_all(packet.descriptors[0].get(), answer_sheet_bytes_max));
    auto const sheet = ECLUSE_TRY(read_answer_sheet(text));
    auto const drawn = ECLUSE_TRY(lay_out_pdf(sheet.document));
    PdfParts parts{};
    parts.title = sheet.document.title;
    parts.author = sheet.document.site;
    parts.subject = sheet.document.subtitle;
    parts.language = "fr-FR";
    parts.created = sheet.made;
    parts.attachment = text;
    parts.attachment_name = "prise-en-charge.json";
    parts.attachment_description = ecluse::text(Language::french, TextKey::conformity_attachment);
    parts.seal = false;
    return finish_pdf(drawn, parts);
}

Result<FinishedPdf> render_audit(Packet const& packet)
{
    auto const text = ECLUSE_TRY(read_all(packet.descriptors[0].get(), audit_minutes_bytes_max));
    auto const minutes = ECLUSE_TRY(read_audit_minutes(text));
    auto const drawn = ECLUSE_TRY(lay_out_pdf(minutes.document));
    PdfParts parts{};
    parts.title = fmt::format("{} – {}", minutes.document.title, minutes.document.number);
    parts.author = minutes.document.site;
    parts.subject = minutes.document.subtitle;
    parts.language = "fr-FR";
    parts.created = minutes.signed_at;
    parts.attachment = text;
    parts.attachment_name = "proces-verbal.json";
    parts.attachment_description =
        ecluse::text(Language::french, TextKey::audit_minutes_attachment);
    parts.seal = false;
    return finish_pdf(drawn, parts);
}

Result<FinishedPdf> render_report(Packet const& packet, Request const& request)
{
    auto const text = ECLUSE_TRY(read_all(packet.descriptors[0].get(), facts_bytes_max));
    auto const facts = ECLUSE_TRY(parse_facts(text));
    auto const form = ECLUSE_TRY(read_form(packet.descriptors));
    return render(facts, form, request);
}

Result<FinishedPdf> render_document(Packet const& packet, Request const& request)
{
    switch (request.kind) {
    case Kind::report:
        return render_report(packet, request);
    case Kind::answer_sheet:
        return render_answer_sheet(packet);
    case Kind::audit:
        return render_audit(packet);
    }
    assertion_failed("Kind", __FILE__, __LINE__);
}

Result<Fd> answer_document(PacketSocket const& parent, Packet const& packet, Request const& request)
{
    if (auto const fonts = use_dejavu_fonts(); !fonts) return fonts.error();
    auto const pdf = ECLUSE_TRY(render_document(packet, request));
    auto const bytes = pdf.has_gap() ? ECLUSE_TRY(ask_signature(parent, pdf)) : pdf.bytes;
    return memory_file("document.pdf", bytes);
}

Result<> serve(PacketSocket const& parent)
{
    auto const packet = ECLUSE_TRY(parent.receive());
    if (!packet) return {};
    auto const request = ECLUSE_TRY(read_request(*packet));
    auto const document = answer_document(parent, *packet, request);
    if (document)
        return parent.send(json::object{{"re", request.id}, {"ok", true}}, {document->get()});
    json::object const error{
        {"code", "E-CR-02"},
        {"text", text(request.language, TextKey::report_render_failed)},
        {"remedy", text(request.language, TextKey::report_render_remedy)}};
    if (auto const sent =
            parent.send(json::object{{"re", request.id}, {"ok", false}, {"error", error}});
        !sent)
        return sent;
    return document.error();
}

void limit_ourselves()
{
    rlimit const cpu{cpu_seconds_max, cpu_seconds_max};
    ::setrlimit(RLIMIT_CPU, &cpu);
    rlimit const none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
#ifndef ECLUSE_SANITIZED
    rlimit const memory{memory_bytes_max, memory_bytes_max};
    ::setrlimit(RLIMIT_AS, &memory);
#endif
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

} // namespace
} // namespace ecluse::report

int main(int argc, char** argv)
{
    using namespace ecluse;
    set_log_name("ecluse-report");
    if (argc != 2 || std::strcmp(argv[1], "render") != 0) {
        log(LogLevel::error, "usage: ecluse-report render, with a packet socket on descriptor 3");
        return 2;
    }
    report::limit_ourselves();
    // The technician's words meet font and PDF libraries here: nothing else may be within reach.
    if (auto const confinement = confine(ProcessRole::report); !confinement) {
        log(LogLevel::error, confinement.error().what);
        return 1;
    }
    try {
        PacketSocket const parent{Fd{report::parent_descriptor}};
        if (auto const done = report::serve(parent); !done) {
            log(LogLevel::error, done.error().what);
            return 1;
        }
    } catch (std::exception const& error) {
        log(LogLevel::error, error.what());
        return 1;
    }
    return 0;
}
