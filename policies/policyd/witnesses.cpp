#include "policies/policyd/witnesses.h"

#include "common/bytes.h"
#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/config/config.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/paths.h"
#include "policies/store/database.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <sys/socket.h>
#include <sys/un.h>

using namespace std::chrono_literals;

namespace ecluse::policyd {
namespace {

/// Which folder has a list of ours: an empty one in its place is then no beginning.
constexpr auto begun_name = "witness.begun";
/// A folder that does not answer is tried again without waiting for the next checkpoint.
constexpr auto again_after = 60s;
/// A witness that was away gets the newest: any one of them shows a rollback.
constexpr std::size_t waiting_max = 256;
/// Facility "auth", severity "info": what hospitals send to their log server first.
constexpr int log_priority = 4 * 8 + 6;

Result<std::string> begun_in(Database& database)
{
    auto const row =
        ECLUSE_TRY(database.row("SELECT value FROM meta WHERE name = $1", {std::string{begun_name}})
        );
    return row ? row->text("value") : std::string{};
}

Result<> set_begun(Database& database, std::string const& folder)
{
    ECLUSE_TRY(database.run(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = "
        "excluded.value",
        {std::string{begun_name}, folder}
    ));
    return {};
}

/// One datagram, now or not at all: a log that stands still must not hold anybody up.
Result<> send_datagram(std::string const& path, std::string const& text)
{
    sockaddr_un place{};
    place.sun_family = AF_UNIX;
    if (path.size() >= sizeof place.sun_path) return Error{Errc::too_large, "syslog: path"};
    std::memcpy(place.sun_path, path.c_str(), path.size() + 1);
    Fd const fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) return os_error("syslog: socket");
    auto const* const to = reinterpret_cast<sockaddr const*>(&place);
    if (::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL, to, sizeof place) < 0)
        return os_error("syslog: " + path);
    return {};
}

} // namespace

std::string_view to_word(Witnesses::State state)
{
    switch (state) {
    case Witnesses::State::off:
        return "off";
    case Witnesses::State::good:
        return "good";
    case Witnesses::State::unreachable:
        return "unreachable";
    case Witnesses::State::lost:
        return "lost";
    case Witnesses::State::rolled_back:
        return "rolled_back";
    }
    assertion_failed("Witnesses::State", __FILE__, __LINE__);
}

/// What became of the folder, and how many heads it took.
struct Witnesses::Told {
    State state = State::good;
    std::string remembered = {}, why = {};
    std::size_t written = 0;
};

/// What is done away from the loop, with copies of everything.
struct Witnesses::Work {
    std::string folder, journal;
    bool compared, begun;
    std::deque<WitnessedHead> heads;

    [[nodiscard]] Told run() const
    {
        if (!compared) {
            auto const last = last_witnessed(folder);
            if (!last) return {.state = State::unreachable, .why = last.error().what};
            if (!*last && begun) return {.state = State::lost, .why = folder + ": no list"};
            if (*last) {
                auto const known = knows_head(journal, **last);
                if (!known) return {.state = State::unreachable, .why = known.error().what};
                if (!*known)
                    return {
                        .state = State::rolled_back,
                        .remembered = to_line(**last),
                        .why = "the journal does not know the witnessed head"};
            }
        }
        Told told;
        for (auto const& head : heads) {
            if (auto const done = append_witnessed(folder, head); !done)
                return {
                    .state = State::unreachable, .why = done.error().what, .written = told.written};
            ++told.written;
        }
        return told;
    }
};

Witnesses::Work Witnesses::work() const
{
    auto const& folder = context_->config.witness.folder;
    auto const begun = begun_in(context_->database);
    // What cannot be read is taken for begun: nothing is then written over an empty place.
    return {
        .folder = folder,
        .journal = Paths::under(context_->root).journal,
        .compared = compared_,
        .begun = !begun || *begun == folder,
        .heads = waiting_};
}

void Witnesses::start(Context& context)
{
    context_ = &context;
    context.journal.on_checkpoint([this](WitnessedHead const& head) { tell(head); });
    if (context.config.witness.folder.empty()) return;
    waiting_.push_back(
        {context.journal.chain(), context.journal.head(), to_iso(context.clock.utc_now())}
    );
    judge(work().run());
    again_ = context.loop.every(again_after, [this] {
        if (state_ == State::unreachable || state_ == State::lost) next();
    });
}

void Witnesses::tell(WitnessedHead const& head)
{
    send_to_log(head);
    if (context_->config.witness.folder.empty()) return;
    waiting_.push_back(head);
    if (waiting_.size() > waiting_max)
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(being_written_));
    next();
}

void Witnesses::send_to_log(WitnessedHead const& head)
{
    auto const& path = context_->config.witness.syslog;
    // An earlier day's head would be believed there like any other.
    if (path.empty() || rolled_back()) return;
    auto const sent = send_datagram(
        path, "<" + std::to_string(log_priority) + ">ecluse-policyd: journal head " + to_line(head)
    );
    bool const worked = std::exchange(log_works_, static_cast<bool>(sent));
    if (!sent && worked) log(LogLevel::warning, "witness: " + sent.error().what);
}

void Witnesses::next()
{
    // INVARIANT: while rolled back nothing is written there: the next start must see it again.
    if (working_ || rolled_back() || (waiting_.empty() && compared_)) return;
    working_ = true;
    being_written_ = waiting_.size();
    auto const told = std::make_shared<Told>();
    context_->loop.in_pool(
        [told, job = work()] { *told = job.run(); },
        [this, told] {
            working_ = false;
            being_written_ = 0;
            judge(std::move(*told));
            if (state_ == State::good) next();
        }
    );
}

void Witnesses::judge(Told told)
{
    auto const& folder = context_->config.witness.folder;
    auto const written = std::min(told.written, waiting_.size());
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(written));
    // It may be another disk when it comes back.
    compared_ = told.state == State::good;
    remembered_ = std::move(told.remembered);
    auto const begun = begun_in(context_->database);
    if (told.written > 0 && (!begun || *begun != folder))
        if (auto const done = set_begun(context_->database, folder); !done)
            log(LogLevel::error, "witness: " + done.error().what);
    change(told.state, told.why);
}

void Witnesses::change(State state, std::string const& why)
{
    why_ = why;
    auto const before = std::exchange(state_, state);
    if (before == state || (before == State::off && state == State::good)) return;
    log(state == State::good ? LogLevel::info : LogLevel::error,
        "witness: " + std::string{to_word(state)} + (why.empty() ? "" : ": " + why));
    json::object event{
        {"actor", "system"},
        {"source", "local"},
        {"object", "witness"},
        {"outcome", rolled_back() ? "found" : to_word(state)},
        {"why", printable(why)}};
    if (rolled_back()) {
        event["witnessed_outside"] = remembered_;
        event["chain_before"] = context_->journal.chain();
        event["file_sequence"] = context_->journal.head().sequence;
        event["file_link"] = context_->journal.head().link;
    }
    auto const done = context_->journal.record(
        context_->clock.utc_now(), rolled_back() ? "anomaly.rollback" : "anomaly.witness", event
    );
    if (!done) log(LogLevel::error, "journal witness: " + done.error().what);
}

void Witnesses::begin_anew()
{
    // The next list begins where there may be none.
    if (auto const done = set_begun(context_->database, ""); !done)
        log(LogLevel::error, "witness: " + done.error().what);
    waiting_.clear();
    waiting_.push_back(
        {context_->journal.chain(), context_->journal.head(), to_iso(context_->clock.utc_now())}
    );
    compared_ = true;
    remembered_.clear();
    change(State::good, "");
    next();
}

void Witnesses::finish()
{
    if (context_->config.witness.folder.empty() || rolled_back()) return;
    judge(work().run());
}

json::object Witnesses::status() const
{
    json::object status{{"state", to_word(state_)}, {"why", printable(why_)}};
    if (!remembered_.empty()) status["remembered"] = remembered_;
    return status;
}

} // namespace ecluse::policyd
