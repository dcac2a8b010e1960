#include "policies/ctl/target_certificate.h"

#include "common/fd.h"
#include "common/time.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

namespace ecluse::ctl {
namespace {

/// For each step of it: name, connection, negotiation, handshake.
constexpr std::chrono::seconds step_limit{5};

struct Free {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* tls) const { SSL_free(tls); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
template <class T> using Owned = std::unique_ptr<T, Free>;

/// TPKT, X.224 connection request, and the wish for TLS or NLA [MS-RDPBCGR 2.2.1.1].
constexpr char request[] = "\x03\x00\x00\x13"
                           "\x0e\xe0\x00\x00\x00\x00\x00"
                           "\x01\x00\x08\x00\x03\x00\x00\x00";
static_assert(sizeof request - 1 == negotiation_bytes);

Result<> wait_for(int fd, short what, Deadline until)
{
    auto const left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd waiting{fd, what, 0};
    if (left.count() > 0 && ::poll(&waiting, 1, static_cast<int>(left.count())) > 0) return {};
    return Error{Errc::timed_out, "no answer in time"};
}

Result<Fd> connect_to(addrinfo const& place)
{
    Fd fd{::socket(place.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) return os_error("socket");
    if (::connect(fd.get(), place.ai_addr, place.ai_addrlen) != 0 && errno != EINPROGRESS)
        return os_error("connect");
    ECLUSE_TRY(wait_for(fd.get(), POLLOUT, std::chrono::steady_clock::now() + step_limit));
    int fault = 0;
    socklen_t size = sizeof fault;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &fault, &size) != 0 || fault != 0) {
        errno = fault;
        return os_error("connect");
    }
    return fd;
}

Result<Fd> connect_to(std::string const& host, std::uint16_t port)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* raw = nullptr;
    if (int const failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw);
        failed != 0)
        return Error{Errc::unavailable, ::gai_strerror(failed)};
    Owned<addrinfo> const list{raw};
    Result<Fd> last = Error{Errc::unavailable, "no address"};
    for (auto const* place = list.get(); place && !last; place = place->ai_next)
        last = connect_to(*place);
    return last;
}

Result<> negotiate(int fd)
{
    if (::send(fd, request, negotiation_bytes, MSG_NOSIGNAL) !=
        static_cast<ssize_t>(negotiation_bytes))
        return os_error("send");
    auto const until = std::chrono::steady_clock::now() + step_limit;
    std::string answer;
    while (answer.size() < negotiation_bytes) {
        ECLUSE_TRY(wait_for(fd, POLLIN, until));
        char bytes[negotiation_bytes];
        auto const count = ::recv(fd, bytes, negotiation_bytes - answer.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (count < 0) return os_error("receive");
        if (count == 0) break;
        answer.append(bytes, static_cast<std::size_t>(count));
    }
    return check_negotiation(answer);
}

Result<> shake_hands(SSL* tls, int fd)
{
    auto const until = std::chrono::steady_clock::now() + step_limit;
    for (;;) {
        int const done = SSL_connect(tls);
        if (done == 1) return {};
        auto const why = SSL_get_error(tls, done);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            return Error{Errc::unavailable, "TLS handshake"};
        ECLUSE_TRY(wait_for(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until));
    }
}

Result<std::string> to_pem(X509* certificate)
{
    Owned<BIO> const out{BIO_new(BIO_s_mem())};
    if (!certificate || !out || PEM_write_bio_X509(out.get(), certificate) != 1)
        return Error{Errc::unavailable, "no certificate"};
    char* data = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &data);
    return std::string{data, static_cast<std::size_t>(size)};
}

Result<std::string> fetch(std::string const& host, std::uint16_t port)
{
    auto const fd = ECLUSE_TRY(connect_to(host, port));
    ECLUSE_TRY(negotiate(fd.get()));
    Owned<SSL_CTX> const context{SSL_CTX_new(TLS_client_method())};
    if (!context) return Error{Errc::unavailable, "TLS"};
    // The same floor as for sessions: what could not be used later is not pinned now.
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    Owned<SSL> const tls{SSL_new(context.get())};
    if (!tls || SSL_set_fd(tls.get(), fd.get()) != 1) return Error{Errc::unavailable, "TLS"};
    ECLUSE_TRY(shake_hands(tls.get(), fd.get()));
    Owned<X509> const certificate{SSL_get1_peer_certificate(tls.get())};
    return to_pem(certificate.get());
}

} // namespace

Result<> check_negotiation(std::string_view answer)
{
    auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(answer[at]); };
    if (answer.size() < negotiation_bytes || byte(0) != 3 || byte(2) != 0 ||
        byte(3) != negotiation_bytes || byte(4) != negotiation_bytes - 5 || byte(5) != 0xd0)
        return Error{Errc::malformed, "not RDP, or RDP without TLS"};
    if (byte(11) == 3) return Error{Errc::refused, "refused, reason " + std::to_string(byte(15))};
    bool const chosen = byte(11) == 2 && byte(13) == 8 && byte(14) == 0 &&
                        (byte(15) == 1 || byte(15) == 2) && byte(16) == 0 && byte(17) == 0 &&
                        byte(18) == 0;
    if (!chosen) return Error{Errc::malformed, "neither TLS nor NLA"};
    return {};
}

Result<std::string> fetch_target_certificate(std::string const& host, std::uint16_t port)
{
    auto pem = fetch(host, port);
    if (!pem) return pem.error().within("fetch certificate");
    return pem;
}

} // namespace ecluse::ctl
