#include "admin-web/server/policy_link.h"

#include "common/json.h"
#include "common/log.h"
#include "common/secret.h"

#include <boost/asio/post.hpp>

#include <fcntl.h>

namespace asio = boost::asio;

namespace ecluse::web {
namespace {

Error gone()
{
    return Error{Errc::unavailable, "policyd went away"};
}

} // namespace

Result<std::shared_ptr<PolicyLink>>
PolicyLink::connect(asio::io_context& context, std::string const& path, Hooks hooks)
{
    auto socket = ECLUSE_TRY(PacketSocket::connect(path));
    ECLUSE_TRY(set_nonblocking(socket.fd(), true));
    auto link = std::make_shared<PolicyLink>(context, std::move(socket), std::move(hooks));
    link->start();
    return link;
}

PolicyLink::PolicyLink(asio::io_context& context, PacketSocket socket, Hooks hooks)
    : descriptor_{context}, socket_{std::move(socket)}, timer_{context}, hooks_{std::move(hooks)}
{
    // Asio closes what it watches, and the socket closes itself: each has its own descriptor.
    if (int const copy = ::fcntl(socket_.fd(), F_DUPFD_CLOEXEC, 0); copy >= 0)
        descriptor_.assign(copy);
    open_ = descriptor_.is_open();
}

PolicyLink::~PolicyLink() = default;

void PolicyLink::start()
{
    wait();
    watch_time();
}

void PolicyLink::wait()
{
    if (!open_) return;
    descriptor_.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [self = shared_from_this()](boost::system::error_code code) {
            if (code || !self->open_) return;
            self->read();
            self->wait();
        }
    );
}

void PolicyLink::read()
{
    while (open_) {
        auto packet = socket_.receive();
        if (!packet && packet.error().code == Errc::unavailable) return;
        if (!packet || !*packet) return close();
        take(std::move(**packet));
    }
}

void PolicyLink::take(Packet packet)
{
    auto parsed = parse_object(packet.json);
    wipe(packet.json); // it may hold a session's token
    if (!parsed) return close();
    Reply reply{std::move(*parsed), std::move(packet.descriptors)};
    auto const* const number = reply.fields.if_contains("re");
    if (!number) {
        if (hooks_.pushed) hooks_.pushed(std::move(reply));
        return;
    }
    auto const found = number->is_int64() ? waiting_.find(number->get_int64()) : waiting_.end();
    if (found == waiting_.end()) return;
    auto const done = std::move(found->second.done);
    waiting_.erase(found);
    send_next();
    done(std::move(reply));
}

void PolicyLink::ask(std::string_view request, json::object fields, Done done)
{
    if (!done) done = [](Result<Reply> const&) {};
    if (!open_) return done(gone());
    fields["do"] = request;
    fields["id"] = ++last_id_;
    send(json::serialize(fields), last_id_, std::move(done));
}

void PolicyLink::tell(std::string_view notice, json::object fields)
{
    fields["do"] = notice;
    // A peer that does not read loses notices, never requests.
    if (open_) (void)socket_.send(fields);
}

void PolicyLink::send(std::string text, std::int64_t id, Done done)
{
    if (text.size() > packet_bytes_max)
        return done(Error{Errc::too_large, "request larger than a packet"});
    if (waiting_.size() >= waiting_max) {
        if (line_.size() >= line_max) return done(Error{Errc::unavailable, "too many requests"});
        line_.push_back({std::move(text), std::move(done)});
        // Ids must increase on the wire, so whoever waits gets its number when it leaves.
        --last_id_;
        return;
    }
    auto const sent = socket_.send(text);
    wipe(text);
    if (!sent) {
        done(gone());
        return close();
    }
    waiting_[id] = {std::move(done), std::chrono::steady_clock::now() + answer_max};
}

void PolicyLink::send_next()
{
    if (line_.empty() || !open_) return;
    auto next = std::move(line_.front());
    line_.pop_front();
    auto fields = parse_object(next.text);
    wipe(next.text);
    if (!fields) return next.done(gone());
    (*fields)["id"] = ++last_id_;
    send(json::serialize(*fields), last_id_, std::move(next.done));
}

void PolicyLink::watch_time()
{
    timer_.expires_after(std::chrono::seconds{1});
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code code) {
        auto const self = weak.lock();
        if (code || !self || !self->open_) return;
        auto const now = std::chrono::steady_clock::now();
        for (auto const& [id, one] : self->waiting_)
            if (one.until <= now) {
                log(LogLevel::warning, "policyd does not answer");
                return self->close();
            }
        self->watch_time();
    });
}

void PolicyLink::close()
{
    if (!open_) return;
    open_ = false;
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    timer_.cancel();
    socket_ = PacketSocket{};
    // Later: whoever closes may be deep inside an answer of the same link.
    asio::post(timer_.get_executor(), [self = shared_from_this()] {
        auto const waiting = std::exchange(self->waiting_, {});
        auto const line = std::exchange(self->line_, {});
        for (auto const& [id, one] : waiting)
            one.done(gone());
        for (auto const& one : line)
            one.done(gone());
        self->hooks_.pushed = nullptr;
        if (auto const closed = std::exchange(self->hooks_.closed, nullptr)) closed();
    });
}

} // namespace ecluse::web
