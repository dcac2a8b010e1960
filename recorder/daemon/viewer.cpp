#include "recorder/daemon/viewer.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace ecluse::recorder {
namespace {

std::string last_frame(std::string_view why)
{
    std::string frame;
    append_frame(frame, FrameKind::end, 0, 0, "{\"reason\":\"" + std::string{why} + "\"}");
    return frame;
}

} // namespace

bool is_to_watch(FrameKind kind)
{
    switch (kind) {
    case FrameKind::output:
    case FrameKind::resize:
    case FrameKind::bytes_down:
    case FrameKind::video:
        return true;
    case FrameKind::input:
    case FrameKind::hidden_input:
    case FrameKind::event:
    case FrameKind::bytes_up:
    case FrameKind::key:
    case FrameKind::end:
        return false;
    }
    return false;
}

std::string frames_to_watch(std::string_view frames)
{
    FrameDecoder decoder;
    std::string shown;
    // They were decoded once already: a batch holds whole frames.
    if (auto const decoded = decoder.feed(frames))
        for (auto const& frame : *decoded)
            if (is_to_watch(frame.kind)) shown.append(frame.encoded);
    return shown;
}

Viewer::Viewer(Loop& loop, Fd socket, std::function<void(std::string const& why)> gone)
    : loop_{loop}, socket_{std::move(socket)}, gone_{std::move(gone)}
{
    listen();
}

/// A viewer says nothing; only its end is heard.
void Viewer::listen()
{
    reading_ = loop_.on_readable(socket_.get(), [this] {
        std::array<char, 64> unasked;
        auto const got = ::recv(socket_.get(), unasked.data(), unasked.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (why_.empty()) why_ = "left";
        close();
    });
}

void Viewer::begin(std::string before)
{
    begun_ = true;
    if (!before.empty()) {
        waiting_bytes_ += before.size();
        waiting_.push_front(std::make_shared<std::string const>(std::move(before)));
    }
    flush();
}

void Viewer::add(Chunk const& frames)
{
    if (!why_.empty() || frames->empty()) return;
    if (waiting_bytes_ + frames->size() > waiting_bytes_max) return finish("viewer_slow");
    queue(frames);
    if (begun_) flush();
}

void Viewer::queue(Chunk chunk)
{
    waiting_bytes_ += chunk->size();
    waiting_.push_back(std::move(chunk));
}

/// How much of the first chunk completes the frame whose beginning has left; 0 between two frames.
std::size_t Viewer::rest_of_frame() const
{
    if (sent_ == 0) return 0;
    std::string_view const chunk{*waiting_.front()};
    FrameDecoder decoder;
    std::size_t end = 0;
    if (auto const frames = decoder.feed(chunk))
        for (auto const& frame : *frames) {
            if (end >= sent_) break;
            end += frame.encoded.size();
        }
    return end > sent_ ? end - sent_ : 0;
}

void Viewer::finish(std::string_view why)
{
    if (!why_.empty() || !socket_) return;
    why_ = why;
    auto const rest = rest_of_frame();
    auto last = rest > 0 ? waiting_.front()->substr(sent_, rest) : std::string{};
    // A session that ended: what was seen of it to its end. Access that ended: not a byte more.
    bool const all = why == "ended" && begun_;
    if (!all) {
        waiting_.clear();
        waiting_bytes_ = sent_ = 0;
        last += last_frame(why);
    } else {
        last = last_frame(why);
    }
    queue(std::make_shared<std::string const>(std::move(last)));
    closing_ = loop_.after(goodbye_max, [this] { close(); });
    flush();
}

void Viewer::flush()
{
    while (socket_ && !waiting_.empty()) {
        auto const& chunk = *waiting_.front();
        auto const sent = ::send(
            socket_.get(), chunk.data() + sent_, chunk.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL
        );
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) {
            if (!writing_) writing_ = loop_.on_writable(socket_.get(), [this] { flush(); });
            return;
        }
        if (sent < 0) {
            if (why_.empty()) why_ = "left";
            return close();
        }
        sent_ += static_cast<std::size_t>(sent);
        waiting_bytes_ -= static_cast<std::size_t>(sent);
        if (sent_ < chunk.size()) continue;
        waiting_.pop_front();
        sent_ = 0;
    }
    writing_.cancel();
    if (!why_.empty()) close();
}

void Viewer::close()
{
    if (!socket_) return;
    reading_.cancel();
    writing_.cancel();
    closing_.cancel();
    socket_.reset();
    waiting_.clear();
    // Later: whoever is told destroys this object, in whose functions we stand.
    loop_.post([gone = gone_, why = why_] { gone(why); });
}

} // namespace ecluse::recorder
