#include "tests/report/report_fixture.h"

#include "common/json.h"
#include "common/packet.h"
#include "policies/report/openssl_owners.h"
#include "policies/report/sign.h"
#include "tests/support/must.h"

#include <openssl/ec.h>

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ecluse::report {
namespace {

using namespace std::chrono_literals;

constexpr auto render_limit = 60s;

UtcTime at(std::string_view text)
{
    return must(parse_iso(text));
}

/// Only descriptors made without close-on-exec reach the program.
pid_t start(std::vector<std::string> const& command, std::vector<std::pair<int, int>> const& moves)
{
    std::vector<char*> arguments;
    for (auto const& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        for (auto const& [from, to] : moves) {
            if (from == to)
                ::fcntl(to, F_SETFD, 0);
            else
                ::dup2(from, to);
        }
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    return child;
}

int wait_for(pid_t child)
{
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

Facts some_facts()
{
    Facts facts{};
    facts.report = "R-7KQ3M5X2BCD4";
    facts.site = "Centre hospitalier de Sainte-Écluse";
    facts.generated_at = at("2026-11-21T11:05:12Z");
    facts.due_at = at("2026-11-22T11:00:00Z");
    auto& window = facts.window;
    window.id = "W-9BD4KQ3M5X27";
    window.start = at("2026-11-21T08:00:00Z");
    window.end = at("2026-11-21T11:00:00Z");
    window.nature = "corrective";
    window.reason = "Lenteurs du serveur d’images depuis la mise à jour du 18 novembre";
    window.ticket = "INC-2026-04417";
    window.service_interruption = true;
    window.health_data_possible = true;
    window.procedure = Procedure{
        .reference = "PROC-PACS-12, version 3",
        .tools = "Terminal SSH, scripts fournis par l’éditeur",
        .functions_kept = "Base d’images, passerelle DICOM",
        .safeguards = "Compte sans droit de lecture sur les images",
        .update_origin = "Portail de l’éditeur, dépôt signé",
        .update_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        .rollback_plan = "Instantané de la machine virtuelle pris à 8 h 45"};
    window.functions = {"shell", "exec", "file_up"};
    window.requested_by = "Claire Moreau";
    window.requested_at = at("2026-11-20T15:12:00Z");
    window.approved_by = "Julien Petit (DSI)";
    window.approved_at = at("2026-11-20T16:40:31Z");
    window.opened_at = at("2026-11-21T08:00:00Z");
    window.closed_at = at("2026-11-21T11:00:00Z");
    window.close_reason = "window_end";
    window.extensions.push_back(
        {at("2026-11-21T10:30:00Z"),
         at("2026-11-21T11:00:00Z"),
         "Contrôle des index non terminé",
         "Julien Petit (DSI)",
         at("2026-11-21T10:21:05Z")}
    );
    facts.vendor = {"Imagerie Services SA", "Marché 2025-117, lot 4", std::nullopt};
    facts.people.push_back(
        {"Claire Moreau", "cmoreau", std::nullopt, {"203.0.113.24"}, {"ssh_key+totp"}}
    );
    facts.assets = {{"A-3MX27KQ5BD49", "PACS-01 (serveur d’images)"}};
    facts.escort = Escort{
        "Nadia Benali",
        at("2026-11-21T07:45:00Z"),
        true,
        std::vector{
            Presence{"Nadia Benali", at("2026-11-21T07:58:00Z"), at("2026-11-21T09:40:00Z")}}};
    Session session{};
    session.id = "S-4DB72XKQ95M3";
    session.person = "Claire Moreau";
    session.asset = "PACS-01";
    session.account = "maint";
    session.protocol = "ssh";
    session.source = "203.0.113.24";
    session.started = at("2026-11-21T08:04:11Z");
    session.ended = at("2026-11-21T11:00:00Z");
    session.end_reason = "window_end";
    session.commands = {
        {at("2026-11-21T08:05:02Z"), "systemctl status pacs-index", 3},
        {at("2026-11-21T08:12:40Z"), "/opt/pacs/bin/reindex --since 2026-11-18 --verify", 0},
        {at("2026-11-21T10:48:19Z"), "systemctl restart pacs-index", 0}};
    session.commands_omitted = 41;
    session.transfers = {
        {at("2026-11-21T08:31:00Z"),
         "/tmp/pacs-index-4.2.1.tar.gz",
         "up",
         48'236'118,
         "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
         true,
         "clean"}};
    session.alerts = {
        {at("2026-11-21T09:02:14Z"), "forward_refused", "direct-tcpip vers 10.0.4.12:1433"}};
    facts.sessions.push_back(session);
    facts.refusals = {
        {"R-4417",
         at("2026-11-21T07:58:50Z"),
         "E-FEN-02",
         "203.0.113.24",
         "cmoreau",
         "créneau pas encore ouvert"}};
    facts.recordings = {
        {"S-4DB72XKQ95M3",
         "sealed",
         "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
         "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
         "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096",
         1184,
         {}}};
    facts.journal = {
        20417, 20533, "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"};
    return facts;
}

Facts signed_facts()
{
    auto facts = some_facts();
    facts.decisions = {
        {"signed", "Claire Moreau", at("2026-11-21T14:20:00Z"), {"password+totp"}, std::nullopt},
        {"accepted",
         "Julien Petit (DSI)",
         at("2026-11-21T16:02:00Z"),
         {"password+totp"},
         "Conforme à la demande."}};
    return facts;
}

Form some_form()
{
    Form form{};
    form.report = "R-7KQ3M5X2BCD4";
    form.escort_present = true;
    form.actual_nature = "corrective";
    form.symptom =
        "Index de recherche fragmenté après la mise à jour du 18 novembre.\nLes requêtes "
        "prenaient de 8 à 20 secondes.";
    form.operations = {
        {"2026-11-21T09:12",
         "Reconstruction de l’index depuis le 18 novembre",
         "pacs-index",
         std::nullopt,
         std::nullopt},
        {"2026-11-21T11:48", "Installation du correctif", "pacs-index", "4.2.0", "4.2.1"}};
    form.outcome = "resolved";
    form.tests =
        "Vingt recherches témoins : moins d’une seconde. Envoi d’une étude de contrôle : reçue.";
    form.difficulties = "Néant";
    form.service_impact =
        "Recherche indisponible de 11 h 48 à 11 h 50, service d’imagerie prévenu.";
    form.residual_data = "removed";
    form.next_steps = "Surveiller la durée des requêtes pendant une semaine.";
    form.next_date = "2026-11-28";
    form.advice = "Planifier la reconstruction mensuelle de l’index.";
    return form;
}

Evidence make_evidence()
{
    KeyOwner const key{EVP_EC_gen("P-256")};
    REQUIRE(key);
    X509Owner const certificate{X509_new()};
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 4417);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    auto* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(
        name,
        "CN",
        MBSTRING_UTF8,
        reinterpret_cast<unsigned char const*>("Sainte-Écluse, preuve"),
        -1,
        -1,
        0
    );
    X509_set_issuer_name(certificate.get(), name);
    X509_set_pubkey(certificate.get(), key.get());
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    auto const text = [](BIO* bio) {
        char* bytes = nullptr;
        auto const size = BIO_get_mem_data(bio, &bytes);
        return std::string{bytes, static_cast<std::size_t>(size)};
    };
    BioOwner const first{BIO_new(BIO_s_mem())};
    PEM_write_bio_X509(first.get(), certificate.get());
    BioOwner const second{BIO_new(BIO_s_mem())};
    PEM_write_bio_PrivateKey(second.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {text(first.get()), text(second.get())};
}

Rendered render(RenderInput const& input, Evidence const& evidence)
{
    auto [ours, theirs] = must(PacketSocket::pair());
    pid_t const child = start({ECLUSE_REPORT_PROGRAM, "render"}, {{theirs.fd(), 3}});
    theirs = PacketSocket{};
    auto const facts = must(memory_file("facts", input.facts));
    std::vector<int> descriptors{facts.get()};
    Fd form;
    if (!input.form.empty()) {
        form = must(memory_file("form", input.form));
        descriptors.push_back(form.get());
    }
    must(ours.send(
        json::object{
            {"do", "report.render"}, {"id", 1}, {"language", input.language}, {"seal", input.seal}},
        descriptors
    ));
    Rendered rendered;
    for (;;) {
        auto packet = must(ours.receive(render_limit));
        if (!packet) break;
        rendered.answer = packet->json;
        auto const object = must(parse_object(packet->json));
        if (object.contains("push")) {
            REQUIRE(packet->descriptors.size() == 1);
            if (input.refuse_to_sign) {
                must(ours.send(json::object{{"refused", true}}));
                continue;
            }
            auto const bytes = must(read_all(packet->descriptors[0].get(), facts_bytes_max * 8));
            auto const cms = must(sign_cades_detached(bytes, evidence.certificate, evidence.key));
            auto const file = must(memory_file("cms", cms));
            must(ours.send(json::object{{"signed", true}}, {file.get()}));
            continue;
        }
        rendered.ok = object.at("ok").as_bool();
        if (rendered.ok) {
            REQUIRE(packet->descriptors.size() == 1);
            rendered.pdf = must(read_all(packet->descriptors[0].get(), facts_bytes_max * 8));
        }
    }
    rendered.exit = wait_for(child);
    return rendered;
}

Said run(std::vector<std::string> const& command)
{
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    Fd const reading{ends[0]};
    Fd writing{ends[1]};
    pid_t const child = start(command, {{writing.get(), 1}, {writing.get(), 2}});
    writing.reset();
    auto out = must(read_all(reading.get(), 64 * 1024 * 1024));
    return {wait_for(child), std::move(out)};
}

Folder::Folder()
{
    std::string path = std::filesystem::temp_directory_path() / "ecluse-report-XXXXXX";
    REQUIRE(::mkdtemp(path.data()));
    path_ = path;
}

Folder::~Folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Folder::put(std::string const& name, std::string const& bytes) const
{
    auto const path = path_ + "/" + name;
    must(write_file_durably(path, bytes));
    return path;
}

} // namespace ecluse::report
