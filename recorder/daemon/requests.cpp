#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "recorder/daemon/purge.h"
#include "recorder/daemon/server.h"
#include "recorder/format/files.h"
#include "recorder/format/purge.h"
#include "recorder/format/recover.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

/// What the server does for each request.
namespace ecluse::recorder {
namespace {

/// Four descriptors each; beyond, a gateway needs a second machine.
constexpr std::size_t live_max = 4000;
/// Over all sessions: bounds what their queues hold together.
constexpr std::size_t viewers_max = 32;
/// Of the pool's threads, this many may read recordings again; the others are for writing.
constexpr std::ptrdiff_t starting_max = 4;
constexpr std::size_t list_page = 200;
/// Summaries in the answer to hello; the others follow as pushes.
constexpr std::size_t hello_summaries_max = 30;
constexpr std::size_t certificate_bytes_max = 16 * 1024;
constexpr std::size_t signature_bytes_max = 2048;

json::object to_json(recording::SealSummary const& summary)
{
    auto const& seal = summary.seal;
    return {
        {"session", summary.session},
        {"seal_sha256", summary.seal_sha256},
        {"header_sha256", seal.header_sha256},
        {"last_link", seal.last_link},
        {"segments", seal.segments},
        {"bytes", seal.record_bytes},
        {"end_reason", seal.end_reason},
        {"interrupted", seal.interrupted},
        {"gaps", seal.gaps_total},
    };
}

Result<recording::Recipient> parse_recipient(json::value const& value)
{
    if (!value.is_object()) return Error{Errc::malformed, "recipient: not an object"};
    Fields fields{value.get_object()};
    auto name = fields.text("name", 16);
    auto const pem = fields.text("certificate", certificate_bytes_max);
    if (name != "rssi" && name != "escrow") fields.fault("name", "not a recipient");
    ECLUSE_TRY(fields.finish());
    auto certificate = ECLUSE_TRY(recording::parse_certificate(pem));
    ECLUSE_TRY(recording::check_recipient(certificate));
    return recording::Recipient{std::move(name), std::move(certificate)};
}

Result<std::vector<recording::Recipient>> parse_recipients(json::array const& array)
{
    std::vector<recording::Recipient> recipients;
    for (auto const& value : array) {
        auto recipient = ECLUSE_TRY(parse_recipient(value));
        for (auto const& other : recipients)
            if (other.name == recipient.name)
                return Error{Errc::malformed, "recipients: a name twice"};
        recipients.push_back(std::move(recipient));
    }
    // Without the RSSI nobody could ever read what is recorded.
    for (auto const& recipient : recipients)
        if (recipient.name == "rssi") return recipients;
    return Error{Errc::refused, "recipients: no rssi"};
}

Result<> store_countersignature(
    Store const& store, std::string_view session, std::string_view signature, std::string_view pem
)
{
    auto const folder = ECLUSE_TRY(store.find(session));
    auto const certificate = ECLUSE_TRY(recording::parse_certificate(pem));
    auto const bytes = ECLUSE_TRY(read_file(folder + "/header.json", recording::header_bytes_max));
    auto const header = ECLUSE_TRY(recording::parse_header(bytes));
    auto const seal = ECLUSE_TRY(read_file(folder + "/seal.json", recording::seal_bytes_max));
    if (header.evidence_certificate_sha256 &&
        *header.evidence_certificate_sha256 != certificate.fingerprint())
        return Error{Errc::refused, "countersign: not the certificate that the header names"};
    if (!recording::verify_signature(certificate.public_key, seal, signature))
        return Error{Errc::refused, "countersign: the signature is wrong"};
    ECLUSE_TRY(write_file_durably(folder + "/evidence.pem", certificate.pem));
    ECLUSE_TRY(write_file_durably(folder + "/seal.evidence.sig", signature));
    return store.countersigned(session);
}

} // namespace

void Server::answer_error(std::int64_t id, Error const& error)
{
    log(LogLevel::error, error.what);
    auto const* const code = error.code == Errc::not_found     ? "E-REC-01"
                             : error.code == Errc::unavailable ? "E-REC-02"
                                                               : "E-REC-03";
    send(
        {{"re", id},
         {"ok", false},
         {"error", {{"code", code}, {"text", error.what}, {"remedy", ""}}}}
    );
}

void Server::hello(std::int64_t id, Fields& fields)
{
    auto const array = fields.array("recipients", 2);
    if (!fields.finish()) return;
    auto recipients = parse_recipients(array);
    if (!recipients) return answer_error(id, recipients.error());
    recipients_ = *std::move(recipients);
    greeted_ = true;
    disk_.refresh();

    json::array interrupted;
    std::vector<json::object> others;
    auto const pending = store_.pending();
    if (!pending) return answer_error(id, pending.error());
    for (auto const& session : *pending) {
        if (live_.contains(session) || creating_.contains(session)) continue;
        auto const folder = store_.find(session);
        auto const summary = folder ? recording::read_summary(*folder)
                                    : Result<recording::SealSummary>{folder.error()};
        if (!summary)
            others.push_back(
                {{"push", "failed"}, {"session", session}, {"why", summary.error().what}}
            );
        else if (summary->seal.interrupted && interrupted.size() < hello_summaries_max)
            interrupted.push_back(to_json(*summary));
        else {
            auto push = to_json(*summary);
            push["push"] = "sealed";
            others.push_back(std::move(push));
        }
    }
    send(
        {{"re", id},
         {"ok", true},
         {"version", ECLUSE_VERSION},
         {"free_bytes", disk_.free_bytes()},
         {"state", to_word(disk_.state())},
         {"interrupted", std::move(interrupted)}}
    );
    // More than the queue holds are told at the next hello, once these are countersigned.
    if (others.size() > Client::queued_max / 2) others.resize(Client::queued_max / 2);
    for (auto const& push : others)
        send(push);
}

void Server::create(std::int64_t id, Fields& fields)
{
    auto const session = fields.text("session", 64);
    auto facts = fields.object("header");
    if (!recording::is_session_id(session)) fields.fault("session", "not a session id");
    if (!fields.finish()) return;
    std::optional<std::string> evidence;
    if (auto const* const value = facts.if_contains("evidence_certificate_sha256")) {
        if (value->is_string()) evidence = std::string{value->get_string()};
        if (!evidence || evidence->size() != 64 || !from_hex(*evidence))
            return answer_error(id, {Errc::malformed, "evidence_certificate_sha256: not hex"});
        facts.erase("evidence_certificate_sha256");
    }
    disk_.refresh();
    if (disk_.state() >= DiskState::refuse)
        return answer_error(id, {Errc::unavailable, "create recording: disk almost full"});
    if (terminating_ || live_.size() + creating_.size() >= live_max)
        return answer_error(id, {Errc::unavailable, "create recording: too many, or stopping"});
    if (!creating_.insert(session).second)
        return answer_error(id, {Errc::refused, "create recording: session exists"});

    struct Job {
        std::string session;
        json::object facts;
        std::vector<recording::Recipient> recipients;
        std::optional<std::string> evidence;
        Result<std::unique_ptr<recording::RecordingWriter>> writer{nullptr};
    };
    auto const job = std::make_shared<Job>();
    job->session = session;
    job->facts = std::move(facts);
    job->recipients = recipients_;
    job->evidence = std::move(evidence);
    loop_.in_pool(
        [this, job] {
            auto folder = store_.create(job->session);
            if (folder)
                job->writer = recording::RecordingWriter::create(
                    {*folder, job->session, job->recipients, job->evidence, job->facts}
                );
            else
                job->writer = folder.error();
        },
        [this, job, id, mine = connection_] {
            creating_.erase(job->session);
            if (job->writer)
                begin(
                    mine == connection_ ? std::optional{id} : std::nullopt, *std::move(job->writer)
                );
            else if (mine == connection_)
                answer_error(id, job->writer.error());
            stop_when_idle();
        }
    );
}

void Server::open(std::int64_t id, Fields& fields)
{
    auto const session = fields.text("session", 64);
    if (!fields.finish()) return;
    auto const folder = store_.find(session);
    if (!folder) return answer_error(id, folder.error());
    json::array names;
    std::vector<Fd> descriptors;
    for (auto const name : recording::file_names) {
        auto const path = *folder + "/" + std::string{name};
        Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY)};
        if (!file && errno == ENOENT) continue;
        if (!file) return answer_error(id, os_error("open " + path));
        names.emplace_back(name);
        descriptors.push_back(std::move(file));
    }
    if (names.empty()) return answer_error(id, {Errc::not_found, "no such recording"});
    send({{"re", id}, {"ok", true}, {"files", std::move(names)}}, std::move(descriptors));
}

void Server::countersign(std::int64_t id, Fields& fields)
{
    auto const session = fields.text("session", 64);
    auto const signature = from_base64(fields.text("signature", signature_bytes_max));
    auto const pem = fields.text("certificate", certificate_bytes_max);
    if (!signature) fields.fault("signature", "not base64");
    if (!fields.finish()) return;
    struct Job {
        std::string session;
        std::string signature;
        std::string pem;
        Result<> stored{};
    };
    auto const job = std::make_shared<Job>(Job{session, *signature, pem, {}});
    loop_.in_pool(
        [this, job] {
            job->stored = store_countersignature(store_, job->session, job->signature, job->pem);
        },
        [this, job, id, mine = connection_] {
            // Nothing is answered to a good one; a bad one must not pass unseen.
            if (!job->stored && mine == connection_)
                answer_error(id, job->stored.error().within(job->session));
        }
    );
}

void Server::ping(std::int64_t id, Fields& /*fields*/)
{
    send(
        {{"re", id},
         {"ok", true},
         {"free_bytes", disk_.free_bytes()},
         {"state", to_word(disk_.state())},
         {"live", live_.size()}}
    );
}

void Server::list(std::int64_t id, Fields& fields)
{
    auto const after = fields.optional_text("after", 64).value_or("");
    if (!fields.finish()) return;
    auto const listed = store_.list(after, list_page);
    if (!listed) return answer_error(id, listed.error());
    json::array recordings;
    for (auto const& item : *listed)
        recordings.push_back(json::object{
            {"session", item.session}, {"state", item.state}, {"bytes", item.bytes}});
    send({{"re", id}, {"ok", true}, {"recordings", std::move(recordings)}});
}

void Server::purge(std::int64_t id, Fields& fields)
{
    auto const certificate = fields.text("certificate", recording::purge_bytes_max);
    auto const signature = from_base64(fields.text("signature", signature_bytes_max));
    if (!signature) fields.fault("signature", "not base64");
    if (!fields.finish()) return;
    struct Job {
        std::string certificate;
        std::string signature;
        Result<std::string> done{std::string{}};
    };
    auto const job = std::make_shared<Job>(Job{certificate, *signature});
    loop_.in_pool(
        [this, job] {
            job->done =
                recorder::purge(store_, job->certificate, job->signature, to_seconds(utc_now()));
        },
        [this, job, id, mine = connection_] {
            if (mine != connection_) return;
            if (!job->done) return answer_error(id, job->done.error());
            send({{"re", id}, {"ok", true}, {"certificate_sha256", *job->done}});
        }
    );
}

void Server::watch(std::int64_t id, Fields& fields)
{
    auto const session = fields.text("session", 64);
    auto const watch = fields.text("watch", 64);
    if (!fields.finish()) return;
    auto const live = live_.find(session);
    if (live == live_.end())
        return answer_error(id, {Errc::not_found, "watch: " + session + " does not live"});
    auto const starting = std::count_if(viewers_.begin(), viewers_.end(), [](auto const& one) {
        return !one.second->begun();
    });
    if (terminating_ || starting >= starting_max || viewers_.size() >= viewers_max ||
        viewers_.contains(watch) || !live->second->may_watch())
        return answer_error(id, {Errc::unavailable, "watch: too many, or it ends"});
    if (auto const done = set_nonblocking(passed_.get(), true); !done)
        return answer_error(id, done.error());
    auto const viewer =
        std::make_shared<Viewer>(loop_, std::move(passed_), [this, watch](std::string const& why) {
            viewer_gone(watch, why);
        });
    viewers_.emplace(watch, viewer);
    live->second->watch(viewer);
    send({{"re", id}, {"ok", true}});
}

void Server::unwatch(std::int64_t id, Fields& fields)
{
    auto const watch = fields.text("watch", 64);
    if (!fields.finish()) return;
    // It may have ended meanwhile: the push that says so is under way.
    if (auto const found = viewers_.find(watch); found != viewers_.end())
        found->second->finish("access_ended");
    send({{"re", id}, {"ok", true}});
}

void Server::viewer_gone(std::string const& watch, std::string const& why)
{
    viewers_.erase(watch);
    if (greeted_) send({{"push", "watch_ended"}, {"watch", watch}, {"why", why}});
}

void Server::recording_ended(
    std::string const& session, std::optional<recording::SealSummary> const& summary
)
{
    if (summary) {
        auto push = to_json(*summary);
        push["push"] = "sealed";
        if (greeted_) send(push);
        log(LogLevel::info, session + ": sealed, " + summary->seal.end_reason);
    }
    // Later: the recording stands in one of its own functions.
    loop_.post([this, session] {
        live_.erase(session);
        if (live_.empty()) ticking_.cancel();
        stop_when_idle();
    });
}

} // namespace ecluse::recorder
