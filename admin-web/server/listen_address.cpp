#include "admin-web/server/listen_address.h"

#include "common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ecluse::web {
namespace {

constexpr int backlog = 512;

} // namespace

Result<Fd> listen_on(std::string const& address, std::uint16_t port)
{
    sockaddr_storage where{};
    socklen_t size = 0;
    auto& four = reinterpret_cast<sockaddr_in&>(where);
    auto& six = reinterpret_cast<sockaddr_in6&>(where);
    if (::inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        size = sizeof four;
    } else if (::inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        size = sizeof six;
    } else {
        return Error{Errc::malformed, "--address: not an address"};
    }
    Fd socket{::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    int const on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return os_error("create socket");
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&where), size) != 0)
        return os_error("bind " + address + " port " + std::to_string(port));
    if (::listen(socket.get(), backlog) != 0) return os_error("listen");
    return socket;
}

Result<Bound> bound_of(int listener)
{
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (::getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size) != 0)
        return os_error("read own address");
    auto const port = own.ss_family == AF_INET6
                          ? reinterpret_cast<sockaddr_in6 const&>(own).sin6_port
                          : reinterpret_cast<sockaddr_in const&>(own).sin_port;
    auto const address = SourceAddress::from_socket(own);
    // An address with a zone is of one wire, and cannot be written in a certificate either.
    if (!address) return Bound{"-", ntohs(port), true};
    auto const range = ECLUSE_TRY(AddressRange::parse(address->to_string()));
    auto const text = address->to_string();
    bool const wildcard = text == "0.0.0.0" || text == "::";
    return Bound{text, ntohs(port), !wildcard && range.is_private()};
}

} // namespace ecluse::web
