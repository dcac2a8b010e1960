#pragma once

#include "gateway/ssh/channel.h"
#include "gateway/ssh/channel_host.h"
#include "gateway/ssh/front.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ecluse::ssh {

/// One vendor connection from its first byte to its end: one thread, one loop that never waits for
/// anybody in particular, so that the window's end, an order of policyd and a silent recorder are
/// honoured whatever the client and the target do.
class Session final : private ChannelHost, private Front::Listener {
public:
    Session(Fd vendor, PolicyLink policy, PolicyLink::Hello hello);
    ~Session();

    /// Until the end. The exit status of the process.
    int run();

private:
    struct Ending {
        std::string reason;
        std::string text; // for the vendor, may be empty
        std::string why;  // for the log
    };

    // ChannelHost
    PolicyLink& policy() override { return policy_; }
    Settings const& settings() const override { return settings_; }
    Person const& person() const override { return *front_.authentication().person(); }
    Login const& login() const override { return front_.authentication().login(); }
    TargetLeg& target() override { return target_; }
    RecordSink* sink() override { return sink_.get(); }
    Grant const* grant() const override { return grant_ ? &*grant_ : nullptr; }
    bool is_paused() const override { return paused_; }
    Result<> on_grant(Grant grant) override;
    std::string take_greeting() override;
    void note_activity() override;
    void count(bool up, std::uint64_t bytes) override;
    void tell(std::uint16_t channel, std::string_view event) override;
    void on_forward(std::string_view what, std::string_view detail) override;
    void end(std::string_view reason, std::string_view why) override;
    // Front::Listener
    ssh_channel on_channel() override;

    void turn(Deadline now);
    bool turn_front();
    bool turn_target(Deadline now);
    bool turn_channels(Deadline now);
    void turn_policy();
    void on_push(Push const& push);
    void on_target_failed(Refusal const& refusal);
    void check_limits(Deadline now);
    void check_warnings(Deadline now);
    void set_deadline(std::string const& until, std::int64_t left_ms, Deadline now);
    [[nodiscard]] Deadline next_wake(Deadline now) const;
    void sleep(Deadline now);
    [[nodiscard]] bool may_read_front();
    void close();
    [[nodiscard]] Language language() const;

    Settings settings_;
    std::vector<Fd> host_keys_;
    PolicyLink policy_;
    mutable Front front_;
    TargetLeg target_;
    std::unique_ptr<RecordSink> sink_;
    std::optional<Grant> grant_;
    std::vector<std::unique_ptr<Channel>> channels_;
    std::uint16_t next_channel_ = 1;

    Deadline auth_deadline_;
    Deadline channel_deadline_ = Deadline::max(); // the first channel must come until then
    UtcTime until_{};
    Deadline deadline_ = Deadline::max();
    Deadline last_activity_;
    std::vector<std::int64_t> warnings_; // minutes still to be warned of, largest first
    std::optional<Ending> ending_;
    bool paused_ = false;
    bool greeted_ = false;
    bool target_announced_ = false;
    PolicyLink::Id failure_asked_ = 0;
    Deadline target_left_at_ = Deadline::max();
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
    std::uint64_t forwards_refused_ = 0;
    /// Events told in the current second: beyond the bound the session is a flood.
    int events_in_second_ = 0;
    Deadline second_{};
    /// Bytes read from the vendor when its unread answers began to pile up.
    std::optional<std::uint64_t> stuck_since_;
    bool moved_ = false;
    /// Something of policyd or the recorder woke us; when they were last looked at.
    bool others_woke_ = true;
    Deadline others_seen_{};
};

} // namespace ecluse::ssh
