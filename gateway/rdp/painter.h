#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <freerdp/freerdp.h>
#include <functional>
#include <mutex>
#include <thread>

namespace ecluse::rdp {

/// Draws on the vendor's screen from a thread of its own, because a vendor who does not read must
/// not hold the thread that keeps the deadlines.
class Painter {
public:
    using Job = std::function<void(rdpContext* front)>;

    Painter() = default;
    ~Painter();
    Painter(Painter const&) = delete;
    Painter& operator=(Painter const&) = delete;

    /// From now on `front` may be drawn on.
    void begin(rdpContext* front);
    /// After a job that is under way; jobs that come later do nothing.
    void end();
    void paint(Job job);
    /// Until everything asked for is drawn; false: not in time.
    bool flush(std::chrono::milliseconds limit);

private:
    void serve();

    /// More than a few jobs wait only for a vendor who does not read.
    static constexpr std::size_t jobs_max = 16;

    std::mutex drawing_; // held while a job runs
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    rdpContext* front_ = nullptr;
    bool busy_ = false;
    bool stop_ = false;
    std::thread thread_;
};

} // namespace ecluse::rdp
