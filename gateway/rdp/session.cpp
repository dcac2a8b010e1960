#include "gateway/rdp/session.h"

#include "common/bytes.h"
#include "common/log.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "gateway/rdp/events.h"
#include "gateway/rdp/front_picture.h"

#include <algorithm>
#include <freerdp/error.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ecluse::rdp {
namespace {

/// From the order to end to closed sockets: 500 ms, of which the parts are these.
constexpr std::chrono::milliseconds farewell_limit{120};
constexpr std::chrono::milliseconds record_limit{80};
constexpr std::chrono::milliseconds goodbye_limit{200};
/// Someone who has authenticated chooses, or waits for the hospital: not for ever.
constexpr std::chrono::minutes entry_limit{15};
/// An encoder starts, and the recorder syncs its first frame.
constexpr std::chrono::seconds recording_limit{10};
/// How much later than `stall_ms` a silent encoder may be noticed.
constexpr int feed_look_ms = FeedLink::look_period.count();
/// As policyd takes it (docs/requests.md §3).
constexpr std::size_t login_bytes_max = 64;
/// A notice that nobody dismisses.
constexpr std::chrono::seconds banner_limit{20};

std::uint32_t code_for(std::string_view reason)
{
    if (reason == "idle") return ERRINFO_IDLE_TIMEOUT;
    if (reason == "target_failed") return ERRINFO_SERVER_DENIED_CONNECTION;
    if (reason == "client_left" || reason == "target_left") return 0;
    return ERRINFO_RPC_INITIATED_DISCONNECT;
}

/// A client that does not take it ends elsewhere: its connection is broken.
void send_banner(rdpContext* front, Banner const& banner)
{
    auto const& place = banner.place;
    Rect const all{0, 0, place.width, place.height};
    (void)send_pixels(front, {banner.pixels, place.width}, all, place.x, place.y);
}

} // namespace

Session::Session(Fd vendor, PolicyLink policy, Settings settings, EncoderSeat seat)
    : settings_{std::move(settings)}, vendor_{std::move(vendor)},
      wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}, seat_{std::move(seat)},
      policy_{std::move(policy)}, last_activity_{std::chrono::steady_clock::now()},
      auth_deadline_{last_activity_ + std::chrono::seconds{settings_.auth_timeout_s}},
      entry_deadline_{auth_deadline_ + entry_limit}
{
}

Session::~Session() = default;

void Session::wake()
{
    std::uint64_t const one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
}

void Session::end_with(Ending ending)
{
    {
        std::lock_guard const lock{mutex_};
        if (ending_) return;
        ending_ = std::move(ending);
        over_ = true;
    }
    changed_.notify_all();
    wake();
}

void Session::end(std::string_view reason, std::string_view why, std::string text)
{
    if (text.empty())
        if (auto const key = find_text("ssh.end." + std::string{reason}))
            text = ecluse::text(language_, *key);
    end_with({std::string{reason}, std::move(text), std::string{why}, code_for(reason)});
}

void Session::end_refused(std::string_view why)
{
    end_with({"client_left", {}, "refused: " + std::string{why}, ERRINFO_SERVER_DENIED_CONNECTION});
}

bool Session::wait_over(std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return ending_.has_value(); });
}

void Session::note_activity()
{
    std::lock_guard const lock{mutex_};
    last_activity_ = std::chrono::steady_clock::now();
}

bool Session::record(feed::Kind kind, std::string_view payload)
{
    auto* const to = feed();
    if (to && !over_ && to->put(kind, payload)) return true;
    end("recorder_stalled", "feed");
    return false;
}

bool Session::record_drawing(feed::Kind kind, std::string_view payload)
{
    if (drawing_.exchange(kind) != kind && !record(feed::Kind::event, drawing_event(kind)))
        return false;
    return record(kind, payload);
}

void Session::tell(std::string_view event)
{
    if (feed()) (void)record(feed::Kind::event, event);
    if (over_) return;
    (void)with_policy([&](PolicyLink& policy) { return policy.tell_event(event); });
}

void Session::at_end(std::function<void()> call)
{
    std::lock_guard const lock{mutex_};
    at_end_ = std::move(call);
}

void Session::tell_last(std::string_view told, std::string_view recorded)
{
    if (!recorded.empty() && feed()) (void)feed()->put(feed::Kind::event, recorded);
    if (told.empty()) return;
    if (std::unique_lock const lock{policy_mutex_, std::try_to_lock}; lock)
        (void)policy_.tell_event(told);
}

void Session::on_front(proxyData* session)
{
    {
        std::lock_guard const lock{mutex_};
        session_ = session;
    }
    painter_.begin(front_context(session));
}

bool Session::vendor_has_left() const
{
    pollfd vendor{vendor_.get(), POLLRDHUP, 0};
    return ::poll(&vendor, 1, 0) > 0;
}

void Session::on_front_end()
{
    painter_.end();
    {
        std::lock_guard const lock{mutex_};
        session_ = nullptr;
        front_ended_ = true;
    }
    changed_.notify_all();
}

void Session::on_progress(std::string_view login, std::string_view step)
{
    std::lock_guard const lock{mutex_};
    login_ = printable(login, login_bytes_max);
    step_ = step;
}

void Session::on_authenticated(Person const& person)
{
    language_ = person.language;
    authenticated_ = true;
    wake();
}

Result<> Session::begin_recording(Grant& grant, std::uint32_t layout, std::string_view layout_name)
{
    auto const stall = std::chrono::milliseconds{settings_.stall_ms};
    auto feed_socket = ECLUSE_TRY(
        seat_.begin(grant.session, stall, settings_.frames_per_second, std::move(grant.intake))
    );
    target_ = ECLUSE_TRY(grant.target_socket.duplicate());
    feed_owner_ = std::make_unique<FeedLink>(std::move(feed_socket), stall);
    feed_ = feed_owner_.get();
    {
        std::lock_guard const lock{mutex_};
        asset_name_ = printable(grant.asset_name, 80);
        start_text_ = printable(grant.start_text, 400);
        set_deadline(grant.until, grant.left_ms, std::chrono::steady_clock::now());
    }
    if (!feed_owner_->put(feed::Kind::event, keyboard_event(layout, layout_name)))
        return Error{Errc::io, "recorder: the encoder does not take the first frame"};
    return {};
}

Result<> Session::await_recording()
{
    ECLUSE_TRY(feed_owner_->await_beginning(recording_limit));
    recording_ = true;
    wake();
    return {};
}

void Session::on_target_ready()
{
    std::string words;
    {
        std::lock_guard const lock{mutex_};
        words = start_text_;
        last_activity_ = std::chrono::steady_clock::now();
    }
    target_ready_ = true;
    if (is_paused()) words += "\n" + text(language_, TextKey::session_paused);
    show_banner(words, is_paused() ? BannerTone::warning : BannerTone::notice);
    wake();
}

// Orders ---------------------------------------------------------------------------------------

void Session::set_deadline(std::string const& until, std::int64_t left_ms, Deadline now)
{
    // Only shown; what counts is the time left, on a clock that nobody sets.
    if (auto const at = parse_iso(until)) until_ = *at;
    deadline_ = now + std::chrono::milliseconds{left_ms};
    warnings_.clear();
    for (auto const minutes : settings_.warn_minutes)
        if (std::chrono::minutes{minutes} < deadline_ - now) warnings_.push_back(minutes);
}

void Session::on_push(Push const& push)
{
    switch (push.kind) {
    case Push::Kind::end:
        return end(push.reason, push.code, printable(push.text, 1000));
    case Push::Kind::extended: {
        std::lock_guard const lock{mutex_};
        set_deadline(push.until, push.left_ms, std::chrono::steady_clock::now());
        break;
    }
    case Push::Kind::pause:
        set_paused(push.paused);
        break;
    case Push::Kind::message:
        break;
    }
    if (push.kind == Push::Kind::pause && push.paused)
        return show_banner(printable(push.text, 1000), BannerTone::warning);
    show_banner(printable(push.text, 1000), BannerTone::notice);
}

void Session::turn_policy()
{
    std::unique_lock lock{policy_mutex_, std::try_to_lock};
    if (!lock) return; // somebody waits for an answer, and keeps what comes meanwhile
    auto const pushes = policy_.take_pushes();
    lock.unlock();
    if (!pushes) return end("policyd_lost", pushes.error().what);
    for (auto const& push : *pushes)
        on_push(push);
}

// Limits ---------------------------------------------------------------------------------------

void Session::check_limits(Deadline now)
{
    if (!authenticated_ && now >= auth_deadline_) return end("client_left", "authentication time");
    if (!feed() && now >= entry_deadline_) return end("client_left", "asked for nothing");
    if (recording_)
        if (auto const state = feed()->check(now); !state)
            return end("recorder_stalled", state.error().what);
    std::optional<std::string> warning;
    bool is_idle = false;
    bool is_closing = false;
    {
        std::lock_guard const lock{mutex_};
        is_closing = now >= deadline_;
        is_idle = target_ready_ && settings_.idle_s > 0 &&
                  now - last_activity_ >= std::chrono::seconds{settings_.idle_s};
        while (!warnings_.empty() && deadline_ - now <= std::chrono::minutes{warnings_.front()}) {
            warning = text(
                language_,
                TextKey::ssh_warning,
                {{"n", std::to_string(warnings_.front())},
                 {"end", format_clock(until_)},
                 {"url", settings_.portal}}
            );
            warnings_.erase(warnings_.begin());
        }
    }
    if (is_closing) return end("window_end", "deadline");
    if (is_idle) return end("idle", "");
    if (warning && target_ready_) show_banner(*warning, BannerTone::warning);
    bool is_old = false;
    {
        std::lock_guard const lock{banner_mutex_};
        is_old = banner_ != nullptr && now >= banner_until_;
    }
    if (is_old) dismiss_banner();
}

Deadline Session::next_wake() const
{
    auto wake = Deadline::max();
    if (!authenticated_) wake = std::min(wake, auth_deadline_);
    if (!feed()) wake = std::min(wake, entry_deadline_);
    if (recording_) wake = std::min(wake, feed()->next_check());
    {
        std::lock_guard const lock{banner_mutex_};
        if (banner_) wake = std::min(wake, banner_until_);
    }
    std::lock_guard const lock{mutex_};
    wake = std::min(wake, deadline_);
    if (!warnings_.empty())
        wake = std::min(wake, deadline_ - std::chrono::minutes{warnings_.front()});
    if (target_ready_ && settings_.idle_s > 0)
        wake = std::min(wake, last_activity_ + std::chrono::seconds{settings_.idle_s});
    return wake;
}

void Session::sleep()
{
    int policy = -1;
    if (std::unique_lock const lock{policy_mutex_, std::try_to_lock}; lock) policy = policy_.fd();
    std::vector<pollfd> waiting{{wake_.get(), POLLIN, 0}, {policy, POLLIN, 0}};
    if (recording_) waiting.push_back({feed()->fd(), POLLIN, 0});
    auto const wake = next_wake();
    int timeout = -1;
    if (wake != Deadline::max()) {
        auto const left =
            std::chrono::ceil<std::chrono::milliseconds>(wake - std::chrono::steady_clock::now());
        timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    }
    // Frames come from the other threads, and one may begin to wait while this one sleeps.
    if (recording_ && (timeout < 0 || timeout > feed_look_ms)) timeout = feed_look_ms;
    ::poll(waiting.data(), waiting.size(), timeout);
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
}

void Session::run()
{
    while (!over_) {
        if (recording_) feed()->turn();
        turn_policy();
        if (!over_) check_limits(std::chrono::steady_clock::now());
        if (!over_) sleep();
    }
    close();
}

// The end --------------------------------------------------------------------------------------

void Session::abort()
{
    std::lock_guard const lock{mutex_};
    if (session_) abort_session(session_);
}

void Session::close()
{
    Ending ending;
    std::function<void()> at_end;
    {
        std::lock_guard const lock{mutex_};
        ending = *ending_;
        at_end = at_end_;
    }
    if (at_end) at_end();
    if (!ending.text.empty() && feed()) {
        show_banner(ending.text, BannerTone::alert);
        painter_.flush(farewell_limit);
    }
    // The record first: the last words are part of it.
    if (feed()) feed()->finish(ending.reason, record_limit);
    // The code goes out on the vendor's thread, which the abort wakes.
    cut_code_ = ending.code;
    abort();
    {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, goodbye_limit, [&] { return front_ended_; });
    }
    ::shutdown(vendor_.get(), SHUT_RDWR);
    if (target_) ::shutdown(target_.get(), SHUT_RDWR);
    // Unless another thread still waits for an answer: the closing socket says enough.
    if (std::unique_lock const lock{policy_mutex_, std::try_to_lock}; lock) {
        if (!authenticated_ && !login_.empty())
            (void)policy_.tell_incomplete(
                login_, step_, ending.why.empty() ? "the client left" : printable(ending.why, 200)
            );
        (void)policy_.tell_ended(ending.reason, bytes_in_, bytes_out_);
    }
    log(LogLevel::info,
        settings_.connection + ": " + ending.reason + (ending.why.empty() ? "" : ": ") +
            printable(ending.why));
}

// The banner -----------------------------------------------------------------------------------

void Session::show_banner(std::string_view words, BannerTone tone)
{
    if (!target_ready_ || words.empty()) return;
    if (auto* const to = feed()) (void)to->put(feed::Kind::event, shown_event(words));
    painter_.paint([this, text = std::string{words}, tone](rdpContext* front) {
        auto const width = freerdp_settings_get_uint32(front->settings, FreeRDP_DesktopWidth);
        auto const height = freerdp_settings_get_uint32(front->settings, FreeRDP_DesktopHeight);
        auto banner =
            draw_banner(text, tone, language_, static_cast<int>(width), static_cast<int>(height));
        auto const shown = std::make_shared<Banner const>(std::move(banner));
        {
            std::lock_guard const lock{banner_mutex_};
            banner_ = shown;
            banner_until_ = std::chrono::steady_clock::now() + banner_limit;
        }
        if (banner_call_) banner_call_(shown.get());
        if (drawing_ != feed::Kind::graphics_message) send_banner(front, *shown);
        wake();
    });
}

bool Session::banner_shown() const
{
    std::lock_guard const lock{banner_mutex_};
    return banner_ != nullptr;
}

bool Session::banner_covers(int x, int y) const
{
    std::lock_guard const lock{banner_mutex_};
    return banner_ && banner_->covers(x, y);
}

void Session::redraw_banner(rdpContext* front, int left, int top, int right, int bottom)
{
    std::shared_ptr<Banner const> shown;
    {
        std::lock_guard const lock{banner_mutex_};
        shown = banner_;
    }
    if (!shown) return;
    auto const& place = shown->place;
    bool const beside = right < place.x || left >= place.x + place.width || bottom < place.y ||
                        top >= place.y + place.height;
    if (!beside) send_banner(front, *shown);
}

void Session::dismiss_banner()
{
    std::shared_ptr<Banner const> shown;
    {
        std::lock_guard const lock{banner_mutex_};
        shown.swap(banner_);
    }
    if (!shown) return;
    // Only the target knows what is there.
    painter_.paint([this, place = shown->place](rdpContext*) {
        if (banner_call_) banner_call_(nullptr);
        rdpContext* target = nullptr;
        {
            std::lock_guard const lock{mutex_};
            if (session_) target = target_context(session_);
        }
        RECTANGLE_16 area{};
        area.left = static_cast<UINT16>(place.x);
        area.top = static_cast<UINT16>(place.y);
        area.right = static_cast<UINT16>(place.x + place.width - 1);
        area.bottom = static_cast<UINT16>(place.y + place.height - 1);
        if (target && freerdp_is_active_state(target))
            (void)target->update->RefreshRect(target, 1, &area);
    });
}

} // namespace ecluse::rdp
