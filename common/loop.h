#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace ecluse {

/// One thread that waits for descriptors, timers and finished work. Everything our daemons decide
/// happens in its handlers, one at a time.
class Loop {
public:
    using Handler = std::function<void()>;

    /// Destroying it cancels: the handler does not run afterwards.
    class Watch {
    public:
        struct State;
        Watch() = default;
        explicit Watch(std::shared_ptr<State> state) : state_{std::move(state)} {}
        Watch(Watch&&) noexcept = default;
        Watch& operator=(Watch&& other) noexcept;
        ~Watch();
        void cancel();
        [[nodiscard]] explicit operator bool() const { return static_cast<bool>(state_); }

    private:
        std::shared_ptr<State> state_;
    };

    /// `pool_threads` bounds how many blocking jobs run at once; more wait in line.
    explicit Loop(std::size_t pool_threads = 2);
    ~Loop();
    Loop(Loop const&) = delete;
    Loop& operator=(Loop const&) = delete;

    /// Runs `handler` each time the descriptor is readable (or closed). The descriptor stays the
    /// caller's and must outlive the watch.
    [[nodiscard]] Watch on_readable(int fd, Handler handler);
    [[nodiscard]] Watch on_writable(int fd, Handler handler);
    [[nodiscard]] Watch after(std::chrono::milliseconds delay, Handler handler);
    [[nodiscard]] Watch every(std::chrono::milliseconds period, Handler handler);
    /// On the loop's thread, later. Callable from any thread.
    void post(Handler handler);
    /// `work` runs in the pool, then `done` on the loop's thread.
    void in_pool(Handler work, Handler done);
    /// SIGTERM and SIGINT, as an ordinary event.
    void on_terminate(Handler handler);

    void run();
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace ecluse
