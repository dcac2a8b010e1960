#include "recorder/encode/outlet.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace ecluse::encode {
namespace {

constexpr std::size_t number_bytes = 8;
/// Frames of one moment share a mark; a stall is judged in hundreds of milliseconds.
constexpr std::chrono::milliseconds mark_period{20};

} // namespace

std::uint64_t Outlet::add(FrameKind kind, std::uint64_t mono_us, std::string_view payload)
{
    if (!has_bytes()) {
        waiting_.clear();
        sent_ = 0;
    }
    append_frame(waiting_, kind, 0, mono_us, payload);
    return ++written_;
}

void Outlet::mark_offered()
{
    if (offered_ == written_) return;
    auto const now = std::chrono::steady_clock::now();
    if (marks_.empty() || now - marks_.back().since > mark_period)
        marks_.push_back({offered_ + 1, now});
    offered_ = written_;
}

void Outlet::excuse(std::chrono::milliseconds time)
{
    auto const now = std::chrono::steady_clock::now();
    for (auto& mark : marks_)
        mark.since = std::min(now, mark.since + time);
}

Result<> Outlet::flush()
{
    mark_offered();
    while (has_bytes()) {
        auto const sent = ::send(
            intake_.get(),
            waiting_.data() + sent_,
            waiting_.size() - sent_,
            MSG_DONTWAIT | MSG_NOSIGNAL
        );
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) break;
        if (sent < 0) return os_error("intake");
        sent_ += static_cast<std::size_t>(sent);
    }
    constexpr std::size_t kept_capacity = 256 * 1024;
    if (!has_bytes()) {
        waiting_.clear();
        sent_ = 0;
        if (waiting_.capacity() > kept_capacity) std::string{}.swap(waiting_);
    } else if (sent_ > waiting_bytes_max) {
        waiting_.erase(0, sent_);
        sent_ = 0;
    }
    return {};
}

Result<Outlet::Answer> Outlet::read()
{
    std::array<char, 64 * number_bytes> buffer;
    for (;;) {
        auto const got = ::recv(intake_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return Answer{on_disk_, false};
        if (got < 0) return os_error("intake");
        if (got == 0) return Answer{on_disk_, true};
        numbers_.append(buffer.data(), static_cast<std::size_t>(got));
        while (numbers_.size() >= number_bytes) {
            std::uint64_t number = 0;
            for (std::size_t i = 0; i < number_bytes; ++i)
                number = number << 8 | static_cast<unsigned char>(numbers_[i]);
            numbers_.erase(0, number_bytes);
            if (number < on_disk_ || number > written_)
                return Error{Errc::malformed, "intake: a number that cannot be"};
            on_disk_ = number;
        }
        // The mark of a moment leaves when the next moment's first frame is on disk.
        while (marks_.size() > 1 && marks_[1].frame <= on_disk_ + 1)
            marks_.pop_front();
        if (on_disk_ == offered_) marks_.clear();
    }
}

std::chrono::milliseconds Outlet::oldest_wait(Moment now) const
{
    if (marks_.empty()) return std::chrono::milliseconds{0};
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - marks_.front().since);
}

} // namespace ecluse::encode
