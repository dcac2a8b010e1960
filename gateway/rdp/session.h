#pragma once

#include "common/time.h"
#include "gateway/rdp/encoder_seat.h"
#include "gateway/rdp/feed_link.h"
#include "gateway/rdp/freerdp_compat.h"
#include "gateway/rdp/painter.h"
#include "gateway/rdp/policy_link.h"
#include "gateway/rdp/screen/banner.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::rdp {

/// One vendor connection from its first byte to its end, as all threads see it: FreeRDP's own two
/// (the vendor's and the target's) report here and draw and read; the main thread (`run`) keeps
/// deadlines, hears policyd and the encoder, and ends both sides whatever the others wait for.
class Session {
public:
    Session(Fd vendor, PolicyLink policy, Settings settings, EncoderSeat seat);
    ~Session();

    /// Until the end, and the sockets are closed.
    void run();

    // Any thread -----------------------------------------------------------------------------

    Settings const& settings() const { return settings_; }
    [[nodiscard]] Language language() const { return language_; }
    void set_language(Language language) { language_ = language; }
    /// The first one counts. `text`: for the vendor; empty: the catalogue's sentence for `reason`.
    void end(std::string_view reason, std::string_view why, std::string text = {});
    /// The person was told no, in words; the client is told that the connection was denied.
    void end_refused(std::string_view why);
    [[nodiscard]] bool is_over() const { return over_; }
    /// Waits, at most `limit`, for the end.
    bool wait_over(std::chrono::milliseconds limit);
    /// What the person sends waits: an escort must watch, and none does. Set with the grant, while
    /// nothing else of policyd's is read, and by its orders afterwards.
    void set_paused(bool paused) { paused_ = paused; }
    [[nodiscard]] bool is_paused() const { return paused_; }
    void note_activity();
    void count(bool up, std::uint64_t bytes) { (up ? bytes_in_ : bytes_out_) += bytes; }
    /// To policyd and into the recording.
    void tell(std::string_view event);
    /// Called once, by the main thread, when the session ends and before its recording does: for
    /// what is only known then, by tell_last(). Set before the desktop is shown.
    void at_end(std::function<void()> call);
    /// Empty: not told, not recorded.
    void tell_last(std::string_view told, std::string_view recorded);
    /// nullptr before the grant.
    [[nodiscard]] FeedLink* feed() const { return feed_; }
    /// Into the recording; false: the session ends, and the thing may not go on.
    bool record(feed::Kind kind, std::string_view payload);
    /// The same for what draws: the recording also says in which way, when it is another one.
    bool record_drawing(feed::Kind kind, std::string_view payload);
    /// One question to policyd at a time; `ask` is a call on the link.
    template <class Ask> auto with_policy(Ask ask)
    {
        auto answer = [&] {
            std::lock_guard const lock{policy_mutex_};
            return ask(policy_);
        }();
        wake();
        if (!answer) end("policyd_lost", answer.error().what);
        return answer;
    }

    // The vendor's side (its thread) ------------------------------------------------------------

    void on_front(proxyData* session);
    /// The session's structures go away after this.
    void on_front_end();
    /// Its end may reach the target's thread first.
    [[nodiscard]] bool vendor_has_left() const;
    /// What to tell the vendor's client, 0: nothing yet.
    [[nodiscard]] std::uint32_t cut_code() const { return cut_code_; }
    /// A name that was typed, whose factors may never come.
    void on_progress(std::string_view login, std::string_view step);
    void on_authenticated(Person const& person);

    // The target's side (its thread) ------------------------------------------------------------

    /// Starts the encoder; the deadlines run from here.
    Result<> begin_recording(Grant& grant, std::uint32_t layout, std::string_view layout_name);
    /// Until something of the session is on disk. The encoder and the target's login take their
    /// time side by side; before this nothing passes between vendor and target.
    Result<> await_recording();
    void on_target_ready();
    [[nodiscard]] std::string const& asset_name() const { return asset_name_; }

    // What is laid over the desktop -------------------------------------------------------------

    void show_banner(std::string_view text, BannerTone tone);
    void dismiss_banner();
    /// Called by the painter with every banner that is shown, and with nullptr when it is
    /// dismissed: for the graphics pipeline, over which bitmaps do not lie. Set before the desktop
    /// is shown.
    void on_banner(std::function<void(Banner const*)> call) { banner_call_ = std::move(call); }
    /// Drawn again when the target draws under it; by the target's thread, after its update.
    void redraw_banner(rdpContext* front, int left, int top, int right, int bottom);
    [[nodiscard]] bool banner_shown() const;
    [[nodiscard]] bool banner_covers(int x, int y) const;

private:
    struct Ending {
        std::string reason;
        std::string text;
        std::string why;
        std::uint32_t code; // for the vendor's client, 0: none
    };
    void end_with(Ending ending);

    void wake();
    void turn_policy();
    void on_push(Push const& push);
    void check_limits(Deadline now);
    void set_deadline(std::string const& until, std::int64_t left_ms, Deadline now);
    [[nodiscard]] Deadline next_wake() const;
    void sleep();
    void close();
    void abort();

    Settings settings_;
    Fd vendor_; // a second descriptor, to close the connection whoever holds the first
    Fd target_;
    Fd wake_;
    EncoderSeat seat_;
    std::mutex policy_mutex_;
    PolicyLink policy_;
    Painter painter_;
    std::unique_ptr<FeedLink> feed_owner_;
    std::atomic<FeedLink*> feed_ = nullptr;
    std::atomic<bool> paused_ = false;
    std::atomic<bool> recording_ = false; // acknowledgements are judged
    std::atomic<Language> language_ = Language::french;

    mutable std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    proxyData* session_ = nullptr;
    std::optional<Ending> ending_;
    bool front_ended_ = false;
    Deadline deadline_ = Deadline::max();
    UtcTime until_{};
    std::vector<std::int64_t> warnings_; // minutes still to be warned of, largest first
    Deadline last_activity_;
    std::string asset_name_;
    std::string start_text_;
    std::function<void()> at_end_;
    std::string login_; // typed, not proved
    std::string step_;

    mutable std::mutex banner_mutex_;
    std::shared_ptr<Banner const> banner_;
    Deadline banner_until_ = Deadline::max();
    std::function<void(Banner const*)> banner_call_;

    std::atomic<bool> over_ = false;
    std::atomic<bool> authenticated_ = false;
    std::atomic<bool> target_ready_ = false;
    std::atomic<feed::Kind> drawing_ = feed::Kind::desktop; // the last way; at first none
    std::atomic<std::uint32_t> cut_code_ = 0;
    std::atomic<std::uint64_t> bytes_in_ = 0;
    std::atomic<std::uint64_t> bytes_out_ = 0;
    Deadline auth_deadline_;
    Deadline entry_deadline_;
};

} // namespace ecluse::rdp
