#include "policies/policyd/timestamps.h"

#include "common/bytes.h"
#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/dial.h"
#include "policies/policyd/helper_program.h"
#include "policies/store/database.h"

using namespace std::chrono_literals;

namespace ecluse::policyd {
namespace {

constexpr auto tick_period = 500ms;
constexpr auto day_period = 60s;
constexpr auto dial_max = 5s;
/// What the program may take beyond the time it gives the authority, before it is ended.
constexpr auto program_spare = 5s;
/// After a failure, twice as long each time.
constexpr auto pause_min = 1s;
constexpr auto pause_max = 3600s;
constexpr std::size_t certificates_bytes_max = 2 * 1024 * 1024;
constexpr auto day_name = "journal.day"; // the last day that has its checkpoint
/// The authority cannot be reached; said once until it is back.
constexpr auto away_code = "E-HDT-01";

std::string day_of(UtcMillis at)
{
    return to_iso(to_seconds(at)).substr(0, 10);
}

} // namespace

struct Timestamps::Job {
    std::string kind, object, digest;
    // Copies: the program is talked to away from the loop.
    HttpUrl url;
    Config::Timestamp config;
    UtcTime now;
    Fd socket;
    std::string token, code, why;
    UtcTime stamped_at;

    Result<json::object> talk()
    {
        auto const believed = ECLUSE_TRY(read_file(config.ca, certificates_bytes_max));
        auto const tls =
            url.tls ? ECLUSE_TRY(read_file(config.tls_ca, certificates_bytes_max)) : std::string{};
        auto const believed_file = ECLUSE_TRY(memory_file("authorities", believed));
        auto const tls_file = ECLUSE_TRY(memory_file("authorities", tls));
        auto const program = ECLUSE_TRY(HelperProgram::start("ecluse-timestamp"));
        ECLUSE_TRY(program.socket().send(
            json::object{
                {"do", "timestamp"},
                {"digest", digest},
                {"policy", config.policy},
                {"now", now.time_since_epoch().count()},
                {"host", url.host},
                {"path", url.path},
                {"tls", url.tls},
                {"timeout_s", config.timeout_s}},
            {socket.get(), believed_file.get(), tls_file.get()}
        ));
        auto const packet = ECLUSE_TRY(
            program.socket().receive(std::chrono::seconds{config.timeout_s} + program_spare)
        );
        if (!packet) return Error{Errc::io, "ecluse-timestamp ended without an answer"};
        return parse_object(packet->json);
    }

    void run()
    {
        code = away_code;
        auto const answer = talk();
        if (!answer) {
            why = answer.error().what;
            return;
        }
        Fields fields{*answer};
        if (fields.flag("ok")) {
            auto const bytes = from_base64(fields.text("token", 64 * 1024));
            stamped_at = UtcTime{std::chrono::seconds{fields.number("at", 0)}};
            if (fields.finish() && bytes) token = *bytes;
            why = "ecluse-timestamp answered strangely";
        } else {
            code = fields.text("code", 16);
            why = fields.text("why", 512);
        }
    }
};

Timestamps::Timestamps() = default;
Timestamps::~Timestamps() = default;

void Timestamps::start(Context& context)
{
    context_ = &context;
    if (auto url = parse_http_url(context.config.timestamp.url)) url_ = *std::move(url);
    waiting_ = true; // perhaps: the first look says
    ticking_ = context.loop.every(tick_period, [this] { tick(); });
    daily_ = context.loop.every(day_period, [this] { checkpoint_of_the_day(); });
    checkpoint_of_the_day();
}

Result<>
Timestamps::queue_seal(std::string const& session, std::string const& seal_sha256, UtcMillis at)
{
    if (!configured()) return {};
    ECLUSE_TRY(context_->database.run(
        "INSERT INTO timestamp_request (kind, object, digest, queued_ms) VALUES ('seal', $1, $2, "
        "$3) ON CONFLICT (kind, object) DO UPDATE SET digest = excluded.digest, queued_ms = "
        "excluded.queued_ms, token = NULL, stamped_at = NULL WHERE digest <> excluded.digest",
        {session, seal_sha256, at.time_since_epoch().count()}
    ));
    waiting_ = true;
    return {};
}

/// The link of the head: it stands for all of the chain before it.
Result<> Timestamps::queue_head(UtcMillis at)
{
    auto const head = context_->journal.head();
    ECLUSE_TRY(context_->database.run(
        "INSERT INTO timestamp_request (kind, object, sequence, digest, queued_ms) VALUES "
        "('head', $1, $2, $3, $4)",
        {context_->journal.chain() + ":" + std::to_string(head.sequence),
         head.sequence,
         head.link,
         at.time_since_epoch().count()}
    ));
    waiting_ = true;
    return {};
}

void Timestamps::tick()
{
    if (configured() && waiting_ && !asking_ && context_->clock.monotonic() >= next_try_)
        ask_next();
}

/// An event of its own precedes it, so that the sequence of the head names this checkpoint only.
void Timestamps::checkpoint_of_the_day()
{
    auto const at = context_->clock.utc_now();
    auto const day = day_of(at);
    auto const done = [&]() -> Result<> {
        auto const row = ECLUSE_TRY(context_->database.row(
            "SELECT value FROM meta WHERE name = $1", {std::string{day_name}}
        ));
        if (row && row->text("value") == day) return {};
        ECLUSE_TRY(context_->journal.record(
            at,
            "journal.day",
            json::object{
                {"actor", "system"},
                {"source", "local"},
                {"object", context_->journal.chain()},
                {"outcome", day}}
        ));
        ECLUSE_TRY(context_->journal.checkpoint(at));
        return context_->database.transaction([&]() -> Result<> {
            if (configured()) ECLUSE_TRY(queue_head(at));
            ECLUSE_TRY(context_->database.run(
                "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET "
                "value = excluded.value",
                {std::string{day_name}, day}
            ));
            return {};
        });
    }();
    if (!done) log(LogLevel::error, "checkpoint of the day: " + done.error().what);
}

void Timestamps::ask_next()
{
    auto const row = context_->database.row(
        "SELECT kind, object, digest FROM timestamp_request WHERE token IS NULL "
        "ORDER BY queued_ms, object LIMIT 1"
    );
    if (!row) return log(LogLevel::error, "timestamps: " + row.error().what);
    waiting_ = row->has_value();
    if (!waiting_) return;
    auto const& one = **row;
    auto const job = std::make_shared<Job>(Job{
        .kind = one.text("kind"),
        .object = one.text("object"),
        .digest = one.text("digest"),
        .url = *url_,
        .config = context_->config.timestamp,
        .now = to_seconds(context_->clock.utc_now()),
        .socket = {},
        .token = {},
        .code = {},
        .why = {},
        .stamped_at = {}});
    asking_ = true;
    dial_ = Dial::start(
        context_->loop,
        url_->host,
        url_->port,
        dial_max,
        [this, job](Result<Fd> socket) {
            if (!socket) {
                job->code = away_code;
                job->why = socket.error().what;
                return failed(*job);
            }
            job->socket = std::move(*socket);
            ask(job);
        }
    );
}

void Timestamps::ask(std::shared_ptr<Job> const& job)
{
    context_->loop.in_pool(
        [job] { job->run(); },
        [this, job] {
            if (job->token.empty()) return failed(*job);
            obtained(*job);
        }
    );
}

void Timestamps::obtained(Job const& job)
{
    auto const done = context_->journal.record(
        context_->clock.utc_now(),
        "timestamp.obtained",
        json::object{
            {"actor", "system"},
            {"source", job.url.host},
            {"object", job.object},
            {"outcome", "success"},
            {"kind", job.kind},
            {"digest", job.digest},
            {"token_sha256", to_hex(sha256(job.token))},
            {"at", to_iso(job.stamped_at)}},
        [&]() -> Result<> {
            ECLUSE_TRY(context_->database.run(
                "UPDATE timestamp_request SET token = $1, stamped_at = $2 WHERE kind = $3 AND "
                "object = $4 AND digest = $5",
                {Blob{job.token},
                 job.stamped_at.time_since_epoch().count(),
                 job.kind,
                 job.object,
                 job.digest}
            ));
            return {};
        }
    );
    asking_ = false;
    if (!done) {
        // A journal that stands still ends what it must by itself; this one is tried again.
        next_try_ = context_->clock.monotonic() + pause_max;
        return log(LogLevel::error, "timestamp of " + job.object + ": " + done.error().what);
    }
    told_away_ = false;
    pause_ = {};
    code_.clear();
    why_.clear();
}

void Timestamps::failed(Job const& job)
{
    asking_ = false;
    pause_ = std::min<std::chrono::seconds>(
        pause_max, std::max<std::chrono::seconds>(pause_min, 2 * pause_)
    );
    next_try_ = context_->clock.monotonic() + pause_;
    code_ = job.code;
    why_ = printable(job.why);
    bool const away = code_ == away_code;
    log(LogLevel::warning, "timestamp of " + job.object + ": " + code_ + " " + why_);
    if (away && std::exchange(told_away_, true)) return;
    if (!away) told_away_ = false;
    auto const done = context_->journal.record(
        context_->clock.utc_now(),
        away ? "timestamp.unavailable" : "timestamp.refused",
        json::object{
            {"actor", "system"},
            {"source", job.url.host},
            {"object", job.object},
            {"outcome", code_},
            {"why", why_}}
    );
    if (!done) log(LogLevel::error, "journal timestamp: " + done.error().what);
}

json::object Timestamps::status() const
{
    json::object status{{"configured", configured()}, {"code", code_}, {"why", why_}};
    auto const row = context_->database.row(
        "SELECT COUNT(*) AS n, MIN(queued_ms) AS oldest FROM timestamp_request WHERE token IS NULL"
    );
    if (!row || !*row) return status;
    status["waiting"] = (*row)->number("n");
    auto const now = context_->clock.utc_now().time_since_epoch().count();
    if (auto const oldest = (*row)->optional_number("oldest"))
        status["oldest_s"] = std::max<std::int64_t>(0, now - *oldest) / 1000;
    return status;
}

} // namespace ecluse::policyd
