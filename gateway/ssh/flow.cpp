#include "gateway/ssh/flow.h"

#include <algorithm>

namespace ecluse::ssh {
namespace {

/// libssh opens a window of 1.25 MiB (2 MiB from 0.11 on) and accepts more from a peer that ignores
/// it: beyond this it is not honest, and memory must not grow.
constexpr std::size_t held_max = 4 * 1024 * 1024;
/// A client may announce a window of 4 GiB; what one write may add to the session's output buffer.
constexpr std::size_t write_max = 256 * 1024;
/// Four packets of OpenSSH, what one turn of the loop reads. libssh fills a packet to the peer's
/// maximum less ten bytes, so a packet that is handed on alone becomes two, the second of ten
/// bytes; four together become five, and leave in two writes to the socket.
constexpr std::size_t gather_max = 128 * 1024;
/// What is smaller is somebody's key or a program's line, and leaves at once.
constexpr std::size_t gather_min = 8 * 1024;

} // namespace

void Flow::from(ssh_channel source, bool source_stderr)
{
    source_ = source;
    source_stderr_ = source_stderr;
}

void Flow::to(ssh_channel destination, bool destination_stderr)
{
    destination_ = destination;
    destination_stderr_ = destination_stderr;
}

void Flow::detach()
{
    source_ = nullptr;
    destination_ = nullptr;
    queue_.clear();
    written_ = 0;
    held_ = 0;
}

bool Flow::can_write() const
{
    if (!destination_ || broken_ || ssh_channel_window_size(destination_) == 0 || !gate_())
        return false;
    // The window alone does not bound memory: a peer with a huge one that stops reading would fill
    // the session's output buffer.
    auto* const session = ssh_channel_get_session(destination_);
    return session && (ssh_get_status(session) & SSH_WRITE_PENDING) == 0;
}

std::size_t Flow::deliver(std::string_view bytes)
{
    auto const room =
        std::min<std::size_t>({bytes.size(), ssh_channel_window_size(destination_), write_max});
    if (room == 0) return 0;
    auto const length = static_cast<std::uint32_t>(room);
    int const written = destination_stderr_
                            ? ssh_channel_write_stderr(destination_, bytes.data(), length)
                            : ssh_channel_write(destination_, bytes.data(), length);
    if (written < 0) {
        // A channel that the peer closed takes nothing more; the close itself is handled elsewhere.
        broken_ = true;
        return 0;
    }
    refused_ = written == 0;
    return static_cast<std::size_t>(written);
}

void Flow::take(std::string_view bytes, bool gather)
{
    bytes_ += bytes.size();
    auto const out = tap_(bytes);
    // INVARIANT: the tap has recorded `out`; it leaves only when the recorder has taken it.
    std::size_t const delivered = queue_.empty() && !gather && can_write() ? deliver(out) : 0;
    queue_.append(out.substr(delivered));
}

std::size_t Flow::room() const
{
    // What is queued counts against the window: the queue must not outgrow what may leave.
    auto const most = std::min<std::size_t>(ssh_channel_window_size(destination_), gather_max);
    return most - std::min(most, queue_.size() - written_);
}

void Flow::settle()
{
    busy_ = false;
    if (late_.empty()) return;
    queue_ += late_;
    late_.clear();
}

std::size_t Flow::on_data(std::string_view bytes)
{
    if (stopped_) return bytes.size();
    held_ = bytes.size();
    if (held_ > held_max) {
        broken_ = true;
        return 0;
    }
    if (busy_ || !can_write()) return 0;
    auto const part = bytes.substr(0, room());
    if (part.empty()) return 0;
    busy_ = true;
    // More may follow at once; if not, the turn ends and `pump` sends what there is.
    take(part, part.size() >= gather_min);
    if (queue_.size() - written_ >= gather_max && can_write()) write_queue();
    held_ = bytes.size() - part.size();
    settle();
    return part.size();
}

void Flow::write_queue()
{
    auto const delivered = deliver(std::string_view{queue_}.substr(written_));
    written_ += delivered;
    if (written_ < queue_.size()) return;
    queue_.clear();
    written_ = 0;
    if (queue_.capacity() > write_max) queue_.shrink_to_fit();
}

bool Flow::pump()
{
    if (busy_ || drained() || !can_write()) return false;
    busy_ = true;
    bool moved = false;
    if (!queue_.empty()) {
        auto const before = written_;
        write_queue();
        moved = queue_.empty() || written_ != before;
    }
    if (queue_.empty() && held_ > 0 && !stopped_ && source_ && can_write()) {
        // Everything at once: reading in pieces would reopen the receive window each time without
        // counting what is left, and the buffer would grow without bound (libssh 0.10).
        scratch_.resize(held_);
        int const got = ssh_channel_read_nonblocking(
            source_, scratch_.data(), static_cast<std::uint32_t>(scratch_.size()), source_stderr_
        );
        int const left = ssh_channel_poll(source_, source_stderr_);
        held_ = left > 0 ? static_cast<std::size_t>(left) : 0;
        if (got > 0) {
            moved = true;
            take(std::string_view{scratch_}.substr(0, static_cast<std::size_t>(got)), false);
        }
        if (scratch_.capacity() > write_max) std::string{}.swap(scratch_);
    }
    settle();
    return moved;
}

} // namespace ecluse::ssh
