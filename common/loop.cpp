#include "common/loop.h"

#include "common/result.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <csignal>
#include <fcntl.h>

namespace asio = boost::asio;

namespace ecluse {

struct Loop::Impl {
    explicit Impl(std::size_t threads) : pool{threads} {}

    asio::io_context context{1};
    // A daemon with nothing to watch for a moment is not finished.
    asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
    asio::signal_set signals{context};
    asio::thread_pool pool;
};

struct Loop::Watch::State {
    virtual ~State() = default;
    virtual void cancel() = 0;
    bool alive = true;
};

namespace {

/// Its own copy of the descriptor: one may be watched for reading and for writing at once, and the
/// caller keeps the original.
int copy_of(int fd)
{
    int const copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    ECLUSE_ASSERT(copy >= 0);
    return copy;
}

struct DescriptorWatch final : Loop::Watch::State, std::enable_shared_from_this<DescriptorWatch> {
    DescriptorWatch(
        asio::io_context& context,
        int fd,
        asio::posix::stream_descriptor::wait_type what,
        Loop::Handler run
    )
        : descriptor{context, copy_of(fd)}, kind{what}, handler{std::move(run)}
    {
    }

    void arm()
    {
        descriptor.async_wait(kind, [self = shared_from_this()](boost::system::error_code ec) {
            if (ec || !self->alive) return;
            // A copy: the handler may drop the watch, and with it itself.
            auto const run = self->handler;
            run();
            if (self->alive) self->arm();
        });
    }

    void cancel() override
    {
        if (!alive) return;
        alive = false;
        handler = nullptr;
        descriptor.close();
    }

    asio::posix::stream_descriptor descriptor;
    asio::posix::stream_descriptor::wait_type kind;
    Loop::Handler handler;
};

struct TimerWatch final : Loop::Watch::State, std::enable_shared_from_this<TimerWatch> {
    TimerWatch(
        asio::io_context& context, std::chrono::milliseconds wait, bool again, Loop::Handler run
    )
        : timer{context}, period{wait}, repeats{again}, handler{std::move(run)}
    {
    }

    void arm()
    {
        timer.expires_after(period);
        timer.async_wait([self = shared_from_this()](boost::system::error_code ec) {
            if (ec || !self->alive) return;
            auto const run = self->handler;
            if (!self->repeats) self->alive = false;
            run();
            if (self->alive) self->arm();
        });
    }

    void cancel() override
    {
        alive = false;
        handler = nullptr;
        timer.cancel();
    }

    asio::steady_timer timer;
    std::chrono::milliseconds period;
    bool repeats;
    Loop::Handler handler;
};

} // namespace

Loop::Watch& Loop::Watch::operator=(Watch&& other) noexcept
{
    if (this != &other) {
        cancel();
        state_ = std::move(other.state_);
    }
    return *this;
}

Loop::Watch::~Watch()
{
    cancel();
}

void Loop::Watch::cancel()
{
    if (state_) state_->cancel();
    state_.reset();
}

Loop::Loop(std::size_t pool_threads) : impl_{std::make_unique<Impl>(pool_threads)} {}

Loop::~Loop()
{
    impl_->pool.join();
    impl_->context.stop();
}

Loop::Watch Loop::on_readable(int fd, Handler handler)
{
    auto state = std::make_shared<DescriptorWatch>(
        impl_->context, fd, asio::posix::stream_descriptor::wait_read, std::move(handler)
    );
    state->arm();
    return Watch{std::move(state)};
}

Loop::Watch Loop::on_writable(int fd, Handler handler)
{
    auto state = std::make_shared<DescriptorWatch>(
        impl_->context, fd, asio::posix::stream_descriptor::wait_write, std::move(handler)
    );
    state->arm();
    return Watch{std::move(state)};
}

Loop::Watch Loop::after(std::chrono::milliseconds delay, Handler handler)
{
    auto state = std::make_shared<TimerWatch>(impl_->context, delay, false, std::move(handler));
    state->arm();
    return Watch{std::move(state)};
}

Loop::Watch Loop::every(std::chrono::milliseconds period, Handler handler)
{
    auto state = std::make_shared<TimerWatch>(impl_->context, period, true, std::move(handler));
    state->arm();
    return Watch{std::move(state)};
}

void Loop::post(Handler handler)
{
    asio::post(impl_->context, std::move(handler));
}

void Loop::in_pool(Handler work, Handler done)
{
    asio::post(impl_->pool, [this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        // What the job captured dies with `done`, on the loop's thread.
        asio::post(impl_->context, std::move(done));
    });
}

void Loop::on_terminate(Handler handler)
{
    impl_->signals.add(SIGTERM);
    impl_->signals.add(SIGINT);
    impl_->signals.async_wait([handler = std::move(handler)](boost::system::error_code ec, int) {
        if (!ec) handler();
    });
}

void Loop::run()
{
    impl_->context.run();
}

void Loop::stop()
{
    impl_->context.stop();
}

} // namespace ecluse
