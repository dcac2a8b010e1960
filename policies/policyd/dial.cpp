#include "policies/policyd/dial.h"

#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <vector>

namespace ecluse::policyd {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

/// A name with more addresses than this is not one machine.
constexpr std::size_t addresses_max = 4;

std::vector<Address> resolve(std::string const& host, std::uint16_t port, int flags)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    std::vector<Address> found;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return found;
    for (auto const* one = list; one && found.size() < addresses_max; one = one->ai_next) {
        Address address;
        std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
        address.size = one->ai_addrlen;
        found.push_back(address);
    }
    ::freeaddrinfo(list);
    return found;
}

} // namespace

struct Dial::Place {
    std::vector<Address> addresses;
    std::size_t next = 0;
};

std::shared_ptr<Dial> Dial::start(
    Loop& loop, std::string host, std::uint16_t port, std::chrono::milliseconds limit, Done done
)
{
    auto dial = std::make_shared<Dial>(loop, std::move(done));
    dial->self_ = dial;
    dial->place_ = std::make_shared<Place>();
    dial->limit_ = loop.after(limit, [dial = dial.get()] {
        dial->finish(Error{Errc::timed_out, "dial: no answer in time"});
    });
    auto const begin = [weak = dial->self_] {
        if (auto const alive = weak.lock(); alive && alive->done_) alive->connect_next();
    };
    dial->place_->addresses = resolve(host, port, AI_NUMERICHOST);
    if (!dial->place_->addresses.empty()) {
        loop.post(begin);
        return dial;
    }
    // A name: the resolver blocks, and its answer may come after we gave up.
    auto const place = std::make_shared<Place>();
    loop.in_pool(
        [place, host = std::move(host), port] { place->addresses = resolve(host, port, 0); },
        [place, weak = dial->self_, begin] {
            if (auto const alive = weak.lock()) alive->place_ = place;
            begin();
        }
    );
    return dial;
}

void Dial::connect_next()
{
    ready_.cancel();
    if (place_->next == place_->addresses.size())
        return finish(Error{Errc::unavailable, "dial: no address answers"});
    auto const& address = place_->addresses[place_->next++];
    socket_ =
        Fd{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket_) return connect_next();
    int const yes = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    auto const* const to = reinterpret_cast<sockaddr const*>(&address.storage);
    if (::connect(socket_.get(), to, address.size) != 0 && errno != EINPROGRESS)
        return connect_next();
    ready_ = loop_.on_writable(socket_.get(), [this] { writable(); });
}

void Dial::writable()
{
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return connect_next();
    finish(std::move(socket_));
}

void Dial::finish(Result<Fd> result)
{
    ready_.cancel();
    limit_.cancel();
    // The callee may drop the handle, and with it this.
    auto const alive = self_.lock();
    if (auto const done = std::exchange(done_, nullptr)) done(std::move(result));
}

} // namespace ecluse::policyd
