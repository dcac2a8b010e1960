#include "gateway/rdp/painter.h"

namespace ecluse::rdp {

Painter::~Painter()
{
    {
        std::lock_guard const lock{mutex_};
        stop_ = true;
        jobs_.clear();
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Painter::begin(rdpContext* front)
{
    std::lock_guard const lock{mutex_};
    front_ = front;
    if (!thread_.joinable()) thread_ = std::thread{[this] { serve(); }};
}

void Painter::end()
{
    std::lock_guard const drawing{drawing_};
    std::lock_guard const lock{mutex_};
    front_ = nullptr;
    jobs_.clear();
    changed_.notify_all();
}

void Painter::paint(Job job)
{
    {
        std::lock_guard const lock{mutex_};
        if (!front_ || jobs_.size() >= jobs_max) return;
        jobs_.push_back(std::move(job));
    }
    changed_.notify_all();
}

bool Painter::flush(std::chrono::milliseconds limit)
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return jobs_.empty() && !busy_; });
}

void Painter::serve()
{
    for (;;) {
        Job job;
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [&] { return stop_ || !jobs_.empty(); });
            if (stop_) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
            busy_ = true;
        }
        {
            std::lock_guard const drawing{drawing_};
            rdpContext* front = nullptr;
            {
                std::lock_guard const lock{mutex_};
                front = front_;
            }
            if (front && freerdp_is_active_state(front)) job(front);
        }
        {
            std::lock_guard const lock{mutex_};
            busy_ = false;
        }
        changed_.notify_all();
    }
}

} // namespace ecluse::rdp
