#include "policies/policyd/report_document.h"

#include "common/helper_program.h"
#include "common/json.h"
#include "common/loop.h"
#include "common/packet.h"
#include "policies/policyd/context.h"
#include "policies/report/sign.h"
#include "policies/vault/evidence_key.h"

namespace ecluse::policyd {
namespace {

using namespace std::chrono_literals;

/// The largest report measured (200 sessions, 2,000 transfers) takes a few seconds.
constexpr auto render_wait = 60s;
constexpr std::size_t signed_bytes_max = 64 * 1024 * 1024;
Result<> answer_signature(PacketSocket const& parent, Packet const& asked, EvidenceKey const& key)
{
    if (asked.descriptors.size() != 1)
        return Error{Errc::malformed, "ecluse-report: nothing to sign came with its request"};
    auto const bytes = ECLUSE_TRY(read_all(asked.descriptors[0].get(), signed_bytes_max));
    auto const pem = key.private_pem();
    auto const cms = ECLUSE_TRY(
        report::sign_cades_detached(bytes, key.certificate_pem(), std::string{pem.reveal()})
    );
    auto const file = ECLUSE_TRY(memory_file("signature", cms));
    return parent.send(json::object{{"re", "sign"}}, {file.get()});
}

/// Without a key nothing is signed.
Result<Fd> receive_document(PacketSocket const& parent, EvidenceKey const* key)
{
    for (;;) {
        auto packet = ECLUSE_TRY(parent.receive(render_wait));
        if (!packet) return Error{Errc::io, "ecluse-report ended without a document"};
        auto const object = ECLUSE_TRY(parse_object(packet->json));
        if (object.contains("push")) {
            if (!key) return Error{Errc::refused, "ecluse-report asked to sign a draft"};
            ECLUSE_TRY(answer_signature(parent, *packet, *key));
            continue;
        }
        if (packet->descriptors.size() == 1) return std::move(packet->descriptors[0]);
        return Error{Errc::io, "ecluse-report refused: " + json::serialize(object)};
    }
}

Result<Fd> render(ReportDocument const& document, EvidenceKey const& key)
{
    auto const program = ECLUSE_TRY(HelperProgram::start("ecluse-report", "render"));
    auto const& parent = program.socket();
    auto const facts = ECLUSE_TRY(memory_file("facts", document.facts));
    std::vector<int> descriptors{facts.get()};
    Fd form;
    if (!document.form.empty()) {
        form = ECLUSE_TRY(memory_file("form", document.form));
        descriptors.push_back(form.get());
    }
    ECLUSE_TRY(parent.send(
        json::object{
            {"do", "report.render"},
            {"id", 1},
            {"language", to_code(document.language)},
            {"seal", document.seal}},
        descriptors
    ));
    return receive_document(parent, document.seal ? &key : nullptr);
}

/// What is laid out from one JSON text, unsigned.
Result<Fd> render_sheet(char const* request, std::string const& sheet)
{
    auto const program = ECLUSE_TRY(HelperProgram::start("ecluse-report", "render"));
    auto const file = ECLUSE_TRY(memory_file("sheet", sheet));
    ECLUSE_TRY(program.socket().send(json::object{{"do", request}, {"id", 1}}, {file.get()}));
    return receive_document(program.socket(), nullptr);
}

/// Works in the pool, then tells on the loop's thread.
void render_in_pool(
    Context& context, std::function<Result<Fd>()> work, std::function<void(Result<Fd>)> done
)
{
    auto const result = std::make_shared<Result<Fd>>(Error{Errc::unavailable, "render: not run"});
    context.loop.in_pool(
        [result, work = std::move(work)] { *result = work(); },
        [result, done = std::move(done)] { done(std::move(*result)); }
    );
}

} // namespace

void render_report(Context& context, ReportDocument document, std::function<void(Result<Fd>)> done)
{
    auto const* const key = &context.evidence;
    render_in_pool(
        context,
        [key, document = std::move(document)] { return render(document, *key); },
        std::move(done)
    );
}

void render_answer_sheet(Context& context, std::string sheet, std::function<void(Result<Fd>)> done)
{
    render_in_pool(
        context,
        [sheet = std::move(sheet)] { return render_sheet("conformity.render", sheet); },
        std::move(done)
    );
}

void render_audit_minutes(
    Context& context, std::string minutes, std::function<void(Result<Fd>)> done
)
{
    render_in_pool(
        context,
        [minutes = std::move(minutes)] { return render_sheet("audit.render", minutes); },
        std::move(done)
    );
}

} // namespace ecluse::policyd
