#include "recorder/daemon/client.h"

#include "common/json.h"

#include <poll.h>

namespace ecluse::recorder {

Client::Client(
    Loop& loop,
    PacketSocket socket,
    std::function<void(Packet)> received,
    std::function<void(std::string const& why)> closed
)
    : loop_{loop}, socket_{std::move(socket)}, received_{std::move(received)}, closed_{
                                                                                   std::move(closed
                                                                                   )}
{
    reading_ = loop_.on_readable(socket_.fd(), [this] { read(); });
}

bool Client::hung_up() const
{
    pollfd watched{socket_.fd(), POLLRDHUP, 0};
    return is_closed_ ||
           (::poll(&watched, 1, 0) > 0 && (watched.revents & (POLLRDHUP | POLLHUP)) != 0);
}

void Client::read()
{
    auto packet = socket_.receive();
    if (!packet) {
        if (packet.error().code != Errc::unavailable) close(packet.error().what);
        return;
    }
    if (!*packet) {
        close("closed by policyd");
        return;
    }
    received_(**std::move(packet));
}

void Client::send(json::object const& object, std::vector<Fd> descriptors)
{
    if (is_closed_) return;
    if (queue_.size() >= queued_max) {
        close("policyd does not read");
        return;
    }
    queue_.push_back({json::serialize(object), std::move(descriptors)});
    if (!writing_) flush();
}

void Client::flush()
{
    while (!queue_.empty()) {
        auto const& next = queue_.front();
        std::vector<int> numbers;
        for (auto const& fd : next.descriptors)
            numbers.push_back(fd.get());
        auto const sent = socket_.send(next.json, numbers);
        if (!sent && sent.error().code == Errc::unavailable) {
            if (!writing_) writing_ = loop_.on_writable(socket_.fd(), [this] { flush(); });
            return;
        }
        if (!sent) {
            close(sent.error().what);
            return;
        }
        queue_.pop_front();
    }
    writing_.cancel();
}

void Client::close(std::string const& why)
{
    if (is_closed_) return;
    is_closed_ = true;
    reading_.cancel();
    writing_.cancel();
    // Later: whoever is told destroys this object, in whose functions we stand.
    loop_.post([closed = closed_, why] { closed(why); });
}

} // namespace ecluse::recorder
