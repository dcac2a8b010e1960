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
    for (;;) {
        auto packet = ECLUSE_TRY(parent.receive(render_wait));
        if (!packet) return Error{Errc::io, "ecluse-report ended without a document"};
        auto const object = ECLUSE_TRY(parse_object(packet->json));
        if (object.contains("push")) {
            if (!document.seal) return Error{Errc::refused, "ecluse-report asked to sign a draft"};
            ECLUSE_TRY(answer_signature(parent, *packet, key));
            continue;
        }
        if (packet->descriptors.size() == 1) return std::move(packet->descriptors[0]);
        return Error{Errc::io, "ecluse-report refused: " + json::serialize(object)};
    }
}

} // namespace

void render_report(Context& context, ReportDocument document, std::function<void(Result<Fd>)> done)
{
    struct Job {
        ReportDocument document;
        Result<Fd> result = Error{Errc::unavailable, "render report: not run"};
    };
    auto job = std::make_shared<Job>(Job{.document = std::move(document)});
    auto const* const key = &context.evidence;
    context.loop.in_pool(
        [job, key] { job->result = render(job->document, *key); },
        [job, done = std::move(done)] { done(std::move(job->result)); }
    );
}

} // namespace ecluse::policyd
