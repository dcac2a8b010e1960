#include "gateway/ssh/session.h"

#include "common/bytes.h"
#include "common/log.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "gateway/ssh/events.h"

#include <algorithm>
#include <iterator>
#include <malloc.h>
#include <poll.h>

namespace ecluse::ssh {
namespace {

/// From the order to end to closed sockets: 250 ms, of which the parts are these.
constexpr std::chrono::milliseconds farewell_limit{120};
constexpr std::chrono::milliseconds record_limit{80};
/// A key exchange is under way: look again soon, without spinning.
constexpr std::chrono::milliseconds rekey_pause{10};
/// The target is gone; what it still said is shown, if the client reads.
constexpr std::chrono::seconds linger_limit{2};
/// A client that sends requests and does not read the answers: what it may still send, while window
/// adjustments of an honest one must get through.
constexpr std::uint64_t unread_bytes_max = 4 * 1024 * 1024;
constexpr int events_per_second_max = 200;
/// A busy relay never sleeps: it looks for orders and acknowledgements this often, not at each
/// turn, which would be two system calls more for each key and for each 128 KiB.
constexpr std::chrono::milliseconds others_period{5};
constexpr std::uint64_t forwards_told_max = 50;

/// An instant of policyd's, as a person reads it; as it came when it is none.
std::string moment_text(std::string const& iso, Language language)
{
    auto const at = parse_iso(iso);
    return at ? format_moment(*at, language) : printable(iso, 40);
}

} // namespace

Session::Session(Fd vendor, PolicyLink policy, PolicyLink::Hello hello)
    : settings_{std::move(hello.settings)}, host_keys_{std::move(hello.host_keys)},
      policy_{std::move(policy)}, front_{std::move(vendor), policy_, settings_, *this},
      auth_deadline_{
          std::chrono::steady_clock::now() + std::chrono::seconds{settings_.auth_timeout_s}},
      last_activity_{std::chrono::steady_clock::now()}
{
}

Session::~Session() = default;

Language Session::language() const
{
    auto const& person = front_.authentication().person();
    return person ? person->language : Language::french;
}

void Session::end(std::string_view reason, std::string_view why)
{
    if (ending_) return;
    std::string words;
    if (auto const key = find_text("ssh.end." + std::string{reason}))
        words = text(language(), *key);
    ending_ = Ending{std::string{reason}, std::move(words), std::string{why}};
}

void Session::note_activity()
{
    last_activity_ = std::chrono::steady_clock::now();
}

void Session::count(bool up, std::uint64_t bytes)
{
    (up ? bytes_in_ : bytes_out_) += bytes;
}

void Session::tell(std::uint16_t channel, std::string_view event)
{
    auto const now = std::chrono::steady_clock::now();
    if (now - second_ >= std::chrono::seconds{1}) {
        second_ = now;
        events_in_second_ = 0;
    }
    if (++events_in_second_ > events_per_second_max)
        return end("protocol_error", "too many events");
    if (sink_) sink_->put(FrameKind::event, channel, event);
    if (auto const sent = policy_.tell_event(event); !sent) end("policyd_lost", sent.error().what);
}

void Session::on_forward(std::string_view what, std::string_view detail)
{
    // A client may ask again and again: the first ones are worth a line.
    if (!front_.is_open() || ++forwards_refused_ > forwards_told_max) return;
    tell(0, forward_refused(what, detail));
}

ssh_channel Session::on_channel()
{
    if (ending_ || channels_.size() >= static_cast<std::size_t>(settings_.channels_max))
        return nullptr;
    // Numbers are never used twice: they name the channel in the record.
    if (next_channel_ == 0xffff) return nullptr;
    auto channel = std::make_unique<Channel>(static_cast<ChannelHost&>(*this), next_channel_);
    auto* const handle = channel->open(front_.session());
    if (!handle) return nullptr;
    ++next_channel_;
    channel_deadline_ = Deadline::max();
    channels_.push_back(std::move(channel));
    return handle;
}

std::string Session::take_greeting()
{
    if (std::exchange(greeted_, true)) return {};
    auto const& who = person();
    auto const name = printable(who.name, 80);
    if (!who.last_login)
        return text(who.language, TextKey::ssh_welcome_first, {{"name", name}}) + "\n";
    return text(
               who.language,
               TextKey::ssh_welcome,
               {{"name", name},
                {"date", moment_text(who.last_login->at, who.language)},
                {"ip", printable(who.last_login->from, 60)},
                {"door", printable(who.last_login->door, 20)},
                {"k", std::to_string(who.failures)}}
           ) +
           "\n";
}

void Session::set_deadline(std::string const& until, std::int64_t left_ms, Deadline now)
{
    // Only shown; what counts is the time left, on a clock that nobody sets.
    if (auto const at = parse_iso(until)) until_ = *at;
    deadline_ = now + std::chrono::milliseconds{left_ms};
    warnings_.clear();
    for (auto const minutes : settings_.warn_minutes)
        if (std::chrono::minutes{minutes} < deadline_ - now) warnings_.push_back(minutes);
}

Result<> Session::on_grant(Grant grant)
{
    auto const now = std::chrono::steady_clock::now();
    if (!grant.first) {
        if (!grant_ || grant.session != grant_->session)
            return Error{Errc::malformed, "a grant of another session"};
        // Rights are those of the newest decision; so is the deadline.
        grant_->functions = std::move(grant.functions);
        grant_->exec_budget_bytes = grant.exec_budget_bytes;
        set_deadline(grant.until, grant.left_ms, now);
        return {};
    }
    if (grant_) return Error{Errc::malformed, "a second first grant"};
    auto descriptors = std::move(grant.descriptors);
    auto target = std::move(grant.target);
    grant_ = std::move(grant);
    set_deadline(grant_->until, grant_->left_ms, now);
    paused_ = grant_->paused;
    sink_ = std::make_unique<RecordSink>(
        std::move(descriptors[1]), std::chrono::milliseconds{settings_.stall_ms}
    );
    TargetLeg::Options const options{
        settings_.algorithms, settings_.rekey_bytes, settings_.rekey_s};
    return target_.start(
        std::move(descriptors[0]),
        descriptors.size() > 2 ? std::move(descriptors[2]) : Fd{},
        std::move(target),
        options
    );
}

// Orders ---------------------------------------------------------------------------------------

void Session::on_push(Push const& push)
{
    switch (push.kind) {
    case Push::Kind::end:
        if (!ending_) ending_ = Ending{push.reason, push.text, push.code};
        return;
    case Push::Kind::extended:
        set_deadline(push.until, push.left_ms, std::chrono::steady_clock::now());
        break;
    case Push::Kind::pause:
        if (!sink_) return; // the grant says what is true when it comes
        paused_ = push.paused;
        break;
    case Push::Kind::message:
        break;
    }
    for (auto& channel : channels_)
        channel->warn("", push.text);
}

void Session::on_target_failed(Refusal const& refusal)
{
    failure_asked_ = 0;
    for (auto& channel : channels_)
        channel->finish(refusal.text, 77);
    turn_channels(std::chrono::steady_clock::now());
    if (!ending_) ending_ = Ending{"target_failed", "", target_.failure_detail()};
}

void Session::turn_policy()
{
    auto messages = policy_.receive();
    if (!messages) return end("policyd_lost", messages.error().what);
    for (auto& message : *messages) {
        moved_ = true;
        if (auto const* const push = std::get_if<Push>(&message)) {
            on_push(*push);
            continue;
        }
        auto& answer = std::get<PolicyLink::Answer>(message);
        if (answer.id == failure_asked_) {
            auto const* const refusal = std::get_if<Refusal>(&answer.body);
            if (refusal) on_target_failed(*refusal);
            continue;
        }
        auto const asker =
            std::find_if(channels_.begin(), channels_.end(), [&](auto const& channel) {
                return channel->asked(answer.id);
            });
        if (asker != channels_.end())
            (*asker)->on_answer(answer);
        else if (auto* const grant = std::get_if<Grant>(&answer.body)) {
            // The channel left meanwhile; a first grant still has to be taken, or the session
            // would have none.
            if (auto const taken = on_grant(std::move(*grant)); !taken)
                end("internal_error", taken.error().what);
        }
    }
}

// Limits ---------------------------------------------------------------------------------------

void Session::check_warnings(Deadline now)
{
    while (!warnings_.empty() && deadline_ - now <= std::chrono::minutes{warnings_.front()}) {
        auto const minutes = std::to_string(warnings_.front());
        warnings_.erase(warnings_.begin());
        auto const title = text(
            language(),
            TextKey::ssh_title,
            {{"target", grant_ ? grant_->asset_name : ""}, {"t", minutes + " min"}}
        );
        auto const words = text(
            language(),
            TextKey::ssh_warning,
            {{"n", minutes}, {"end", format_clock(until_)}, {"url", settings_.portal}}
        );
        for (auto& channel : channels_)
            channel->warn(title, words);
    }
}

void Session::check_limits(Deadline now)
{
    if (!front_.is_open()) {
        if (now >= auth_deadline_) front_.authentication().on_timeout();
        if (!front_.authentication().farewell().empty() || front_.authentication().is_broken())
            end(front_.authentication().is_broken() ? "policyd_lost" : "client_left",
                "authentication");
        return;
    }
    if (now >= deadline_) return end("window_end", "deadline");
    if (now >= channel_deadline_) return end("client_left", "asked for nothing");
    check_warnings(now);
    if (settings_.idle_s > 0 && now - last_activity_ >= std::chrono::seconds{settings_.idle_s})
        return end("idle", "");
    if (sink_)
        if (auto const state = sink_->check(now); !state)
            return end("recorder_stalled", state.error().what);
    if (now >= target_left_at_) end("target_left", "");
}

Deadline Session::next_wake(Deadline now) const
{
    if (!front_.is_open()) return auth_deadline_;
    auto wake = std::min({deadline_, target_left_at_, channel_deadline_});
    if (!warnings_.empty())
        wake = std::min(wake, deadline_ - std::chrono::minutes{warnings_.front()});
    if (settings_.idle_s > 0)
        wake = std::min(wake, last_activity_ + std::chrono::seconds{settings_.idle_s});
    if (sink_) wake = std::min(wake, sink_->next_check());
    if (target_.state() != TargetLeg::State::ready) wake = std::min(wake, target_.deadline());
    for (auto const& channel : channels_) {
        wake = std::min(wake, channel->wakes_at());
        if (channel->is_refused()) wake = std::min(wake, now + rekey_pause);
    }
    return wake;
}

// The loop -------------------------------------------------------------------------------------

bool Session::may_read_front()
{
    if ((ssh_get_status(front_.session()) & SSH_WRITE_PENDING) == 0) {
        stuck_since_.reset();
        return true;
    }
    if (!stuck_since_) stuck_since_ = front_.bytes_read();
    return front_.bytes_read() - *stuck_since_ < unread_bytes_max;
}

bool Session::turn_front()
{
    if (!front_.is_alive()) {
        end("client_left", ssh_get_error(front_.session()));
        return false;
    }
    bool const was_open = front_.is_open();
    if (!may_read_front()) return front_.flush();
    bool const moved = front_.receive();
    if (!was_open && front_.is_open()) {
        note_activity();
        // The client may have asked for its first channel in the same breath.
        if (channels_.empty())
            channel_deadline_ = last_activity_ + std::chrono::seconds{settings_.first_channel_s};
    }
    return moved;
}

bool Session::turn_target(Deadline now)
{
    if (target_.state() == TargetLeg::State::idle || target_.state() == TargetLeg::State::failed)
        return false;
    bool moved = target_.receive();
    moved = target_.step(now) || moved;
    if (target_.state() == TargetLeg::State::failed) {
        auto const asked =
            policy_.tell_target_failed(target_.failure_code(), target_.failure_detail());
        if (!asked)
            end("policyd_lost", asked.error().what);
        else
            failure_asked_ = *asked;
        return true;
    }
    if (target_.state() != TargetLeg::State::ready) return moved;
    if (!std::exchange(target_announced_, true)) {
        auto const or_empty = [](char const* value) {
            return value ? std::string{value} : std::string{};
        };
        auto const cipher = or_empty(ssh_get_cipher_in(target_.session()));
        auto const kex = or_empty(ssh_get_kex_algo(target_.session()));
        tell(0, to_event(TargetEvent{target_.fingerprint(), cipher, kex}));
        // Both key exchanges are over: what they used goes back, for most sessions are idle ones.
        (void)::malloc_trim(0);
    }
    if (!target_.is_alive() && target_left_at_ == Deadline::max())
        target_left_at_ = now + linger_limit;
    return moved;
}

bool Session::turn_channels(Deadline now)
{
    bool moved = false;
    for (std::size_t i = 0; i < channels_.size(); ++i)
        moved = channels_[i]->step(now) || moved;
    // Out of the list before they go: closing one runs libssh, which may open another.
    auto const kept =
        std::stable_partition(channels_.begin(), channels_.end(), [](auto const& channel) {
            return !channel->is_closed();
        });
    std::vector<std::unique_ptr<Channel>> gone{
        std::make_move_iterator(kept), std::make_move_iterator(channels_.end())};
    channels_.erase(kept, channels_.end());
    gone.clear();
    if (target_left_at_ != Deadline::max() && channels_.empty()) end("target_left", "");
    return moved;
}

void Session::turn(Deadline now)
{
    moved_ = false;
    check_limits(now);
    if (ending_) return;
    bool const look = std::exchange(others_woke_, false) || now - others_seen_ >= others_period;
    if (look) {
        others_seen_ = now;
        turn_policy();
        if (ending_) return;
    }
    if (sink_ && (look || !sink_->drained())) sink_->turn();
    moved_ = turn_front() || moved_;
    if (ending_) return;
    moved_ = turn_target(now) || moved_;
    moved_ = turn_channels(now) || moved_;
}

void Session::sleep(Deadline now)
{
    // INVARIANT: never sleep while something could be delivered; a window may have opened inside
    // any call of libssh since it was last looked at.
    for (auto const& channel : channels_)
        if (channel->wants_turn()) return;
    if ((front_.has_unread() && may_read_front()) || target_.has_unread()) return;
    std::vector<pollfd> waiting;
    auto const wanted = [](ssh_session session) {
        bool const writing = (ssh_get_status(session) & SSH_WRITE_PENDING) != 0;
        return static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN);
    };
    waiting.push_back({policy_.fd(), POLLIN, 0});
    waiting.push_back({front_.fd(), wanted(front_.session()), 0});
    if (!may_read_front()) waiting.back().events = POLLOUT;
    if (sink_)
        waiting.push_back(
            {sink_->fd(), static_cast<short>(sink_->drained() ? POLLIN : POLLIN | POLLOUT), 0}
        );
    auto const sink_place = waiting.size() - 1;
    if (target_.session() && target_.is_alive())
        waiting.push_back({target_.fd(), wanted(target_.session()), 0});
    auto const wake = next_wake(now);
    int timeout = -1;
    if (wake != Deadline::max()) {
        auto const left =
            std::chrono::ceil<std::chrono::milliseconds>(wake - std::chrono::steady_clock::now());
        timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    }
    ::poll(waiting.data(), waiting.size(), timeout);
    others_woke_ = waiting[0].revents != 0 || (sink_ && waiting[sink_place].revents != 0);
}

int Session::run()
{
    if (auto const started = front_.start(host_keys_); !started) {
        log(LogLevel::warning, started.error().what);
        return 1;
    }
    host_keys_.clear();
    while (!ending_) {
        auto const now = std::chrono::steady_clock::now();
        turn(now);
        if (!ending_ && !moved_) sleep(now);
    }
    close();
    return 0;
}

void Session::close()
{
    auto& authentication = front_.authentication();
    if (!front_.is_open())
        authentication.leave(authentication.farewell().empty() ? ending_->reason : "refused");
    // The record first: the last words are part of it, and the recorder may need the time.
    if (front_.is_alive())
        for (auto& channel : channels_)
            channel->say_last(ending_->text);
    for (auto& channel : channels_)
        channel->conclude();
    if (sink_) sink_->finish(ending_->reason, record_limit);
    auto gone = std::exchange(channels_, {});
    gone.clear();
    auto const nothing_asked = std::chrono::steady_clock::now() >= channel_deadline_;
    auto const bye = nothing_asked ? TextKey::ssh_no_channel_ascii : TextKey::ssh_bye_ascii;
    front_.close(
        authentication.farewell().empty() ? text(language(), bye) : authentication.farewell(),
        farewell_limit
    );
    target_.close();
    (void)policy_.tell_ended(ending_->reason, bytes_in_, bytes_out_);
    log(LogLevel::info,
        settings_.connection + ": " + ending_->reason + (ending_->why.empty() ? "" : ": ") +
            printable(ending_->why));
}

} // namespace ecluse::ssh
