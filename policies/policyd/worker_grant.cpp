#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/paris_time.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/refusal_text.h"
#include "policies/policyd/refusals.h"
#include "policies/policyd/worker_opening.h"
#include "policies/store/assets.h"
#include "policies/store/database.h"
#include "policies/store/escorts.h"
#include "policies/vault/ssh_key.h"
#include "policies/vault/vault.h"

/// The first grant of a connection: journaled, recorded, dialled, handed over, in that order.
namespace ecluse::policyd {
namespace {

/// "ssh-ed25519 AAAA…" → the wire form.
std::string blob_of(std::string const& line)
{
    auto const space = line.find(' ');
    if (space == std::string::npos) return {};
    auto const bytes = from_base64(line.substr(space + 1, line.find(' ', space + 1) - space - 1));
    return bytes ? *bytes : std::string{};
}

Result<> write_start(
    Context& context, LiveSession const& session, Accepted const& person, std::uint16_t port
)
{
    json::object event{
        {"actor", person.person},
        {"source", session.source_address},
        {"object", session.id},
        {"outcome", "granted"},
        {"window", session.window},
        {"asset", session.asset},
        {"account", session.account},
        {"protocol", to_code(session.protocol)},
        {"factors", person.factors},
        {"connection", session.connection}};
    if (!session.client.empty()) event["client"] = session.client;
    ECLUSE_TRY(context.journal.record(session.started, "session.started", event, [&]() -> Result<> {
        ECLUSE_TRY(context.database.run(
            "INSERT INTO session (id, connection, access_window, person, asset, account, protocol, "
            "source, "
            "source_port, factors, started_ms, recording) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open')",
            {session.id,
             session.connection,
             session.window,
             session.person,
             session.asset,
             session.account,
             std::string{to_code(session.protocol)},
             session.source_address,
             std::int64_t{port},
             person.factors,
             session.started.time_since_epoch().count()}
        ));
        return {};
    }));
    return {};
}

/// The agent that signs for this account, and the worker's end of it.
Result<std::pair<std::unique_ptr<AgentServer>, Fd>>
start_agent(Context& context, TargetFacts const& target, Secret const& secret)
{
    auto const key = std::make_shared<SshKey>(ECLUSE_TRY(SshKey::parse(secret.reveal())));
    Agent::Identity identity{key->public_blob(), target.user, {}};
    for (auto const& line : target.host_keys)
        identity.host_keys.push_back(blob_of(line));
    Agent agent{std::move(identity), [key](std::string_view data, std::uint32_t flags) {
                    return key->sign(data, flags);
                }};
    return AgentServer::start(context.loop, std::move(agent));
}

json::object ssh_target(TargetFacts const& target)
{
    json::value algorithms = nullptr;
    if (target.algorithms)
        if (auto const object = parse_object(*target.algorithms)) algorithms = *object;
    return {
        {"host", target.host},
        {"port", target.port},
        {"user", target.user},
        {"host_keys", json::array(target.host_keys.begin(), target.host_keys.end())},
        {"algorithms", std::move(algorithms)},
        {"auth", target.method}};
}

json::object rdp_target(TargetFacts const& target)
{
    json::array certificates;
    for (auto const& pin : target.host_keys)
        if (pin.starts_with(store::certificate_pin_prefix))
            certificates.emplace_back(pin.substr(store::certificate_pin_prefix.size()));
    return {
        {"host", target.host},
        {"port", target.port},
        {"user", target.user},
        {"domain", target.domain},
        {"security", target.security},
        {"certificates", std::move(certificates)}};
}

} // namespace

Reply WorkerRole::open_first(
    OpenRequest const& asked, Known& known, Granted const& granted, Answer const& answer
)
{
    auto const now = context_.clock.decision_now();
    auto target = ECLUSE_TRY(
        load_target(context_, granted.window.text(), granted.asset->text(), granted.account, now)
    );
    auto opening = std::make_unique<Opening>(Opening{
        asked, answer, granted, known.company, std::move(target)});

    LiveSession session;
    session.id = random_id('S');
    session.connection = id_;
    session.window = granted.window.text();
    session.person = person_.person;
    session.person_name = person_.name;
    session.vendor = person_.vendor;
    session.asset = granted.asset->text();
    session.asset_name = opening->target.name;
    session.protocol = protocol_;
    session.account = granted.account;
    session.source_address = address_;
    session.language = person_.language;
    session.watched_only = session.paused =
        ECLUSE_TRY(store::escort_standing(
                       context_.database, session.window, now.time_since_epoch().count()
                   ))
            .watching;
    if (seat_) session.client = client_browser;
    if (known.facts.factors.knowledge)
        session.notice = password_warning(known.facts.password_renew_by, now, session.language);
    session.started = context_.clock.utc_now();
    session.until = granted.until;
    session.deadline = context_.clock.deadline_of(granted.until);
    ECLUSE_TRY(write_start(context_, session, person_, port_));

    auto facts =
        recording_facts(context_, session, person_, opening->target, opening->company, port_);
    session_ = session.id;
    had_session_ = true;
    opening_ = std::move(opening);
    context_.live.add(std::move(session), *this);
    context_.recorder.create(
        session_,
        std::move(facts),
        [this, alive = std::weak_ptr{connection_}](Result<Fd> intake) {
            auto const connection = alive.lock();
            if (connection && connection->open() && opening_) recorder_answered(std::move(intake));
        }
    );
    return Reply::later();
}

void WorkerRole::recorder_answered(Result<Fd> intake)
{
    if (!intake)
        return give_up(Refusal::recorder_unavailable, intake.error().what, "recorder_failed");
    opening_->intake = std::move(*intake);
    // Design invariant 1: only now does a connection to the target begin to exist.
    opening_->dial = Dial::start(
        context_.loop,
        opening_->target.host,
        opening_->target.port,
        std::chrono::seconds{limits().connect_timeout_s},
        [this](Result<Fd> target) { target_answered(std::move(target)); }
    );
}

void WorkerRole::target_answered(Result<Fd> target)
{
    auto const* const live = context_.live.find(session_);
    if (!target) return give_up(Refusal::asset_unreachable, target.error().what, "target_failed");
    // The window may have closed, or the person been revoked, while we dialled.
    if (!live || live->ending)
        return give_up(Refusal::after_window, "ended while opening", "window_end");
    if (live->deadline <= context_.clock.monotonic())
        return give_up(Refusal::after_window, "window over", "window_end");
    auto& opening = *opening_;
    auto const secret = context_.vault.open_box(
        box::asset_account(opening.target.account), opening.target.secret_sealed
    );
    if (!secret)
        return give_up(
            Refusal::asset_unreachable, "credential: " + secret.error().what, "target_failed"
        );

    std::vector<Fd> descriptors;
    descriptors.push_back(std::move(*target));
    descriptors.push_back(std::move(opening.intake));
    auto answer = granted_object(context_, *live, opening.granted.permissions);
    auto target_fields = is_ssh() ? ssh_target(opening.target) : rdp_target(opening.target);
    if (is_ssh() && opening.target.method == "key") {
        auto agent = start_agent(context_, opening.target, *secret);
        if (!agent) return give_up(Refusal::asset_unreachable, agent.error().what, "target_failed");
        agent_ = std::move(agent->first);
        descriptors.push_back(std::move(agent->second));
    } else {
        target_fields["password"] = secret->reveal();
    }
    answer["target"] = std::move(target_fields);
    tell_page_granted(*live);
    if (live->paused) tell_page_paused(true);
    opening.answer.complete(Reply{std::move(answer), std::move(descriptors)});
    opened();
}

void WorkerRole::give_up(Refusal refusal, std::string const& detail, std::string const& reason)
{
    log(LogLevel::warning, session_ + ": " + detail);
    auto const opening = std::move(opening_);
    Denied denied;
    denied.refusal = refusal;
    denied.window = opening->granted.window;
    denied.end = opening->granted.until;
    auto const reference = record_refusal(
        context_,
        {.code = std::string{code(refusal)},
         .door = door(),
         .address = address_,
         .login = person_.login,
         .person = person_.person,
         .asset = opening->target.name,
         .window = opening->granted.window.text(),
         .detail = detail}
    );
    RefusalWords const words{
        .address = address_,
        .company = opening->company,
        .asset = opening->target.name,
        .account = opening->target.user};
    end_session(reason);
    auto told =
        refusal_object(context_, denied, words, reference ? *reference : "", person_.language);
    tell_page_refused(told);
    json::object answer{{"granted", false}, {"refusal", std::move(told)}};
    opening->answer.complete(std::move(answer));
    opened();
}

void WorkerRole::opened()
{
    opening_.reset();
    // Each of them may begin another first grant, after a failed one: the rest then goes on
    // waiting.
    context_.loop.post([this, alive = std::weak_ptr{connection_}] {
        auto const connection = alive.lock();
        while (connection && connection->open() && !opening_ && !waiting_.empty()) {
            auto const next = std::move(waiting_.front());
            waiting_.pop_front();
            next();
        }
    });
}

} // namespace ecluse::policyd
