#include "admin-web/server/watch_page.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <array>

namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace ecluse::web {
namespace {

using Code = boost::system::error_code;
using Source = boost::asio::local::stream_protocol::socket;

constexpr std::chrono::seconds ping_every{15}, handshake_max{10};

class Page : public std::enable_shared_from_this<Page> {
public:
    Page(std::unique_ptr<TlsStream> stream, Fd from, std::shared_ptr<void> place)
        : source_{stream->get_executor()}, socket_{std::move(*stream)}, place_{std::move(place)}
    {
        Code code;
        source_.assign({}, from.get(), code);
        if (!code) (void)from.release();
    }

    void start(beast::http::request_header<> const& request)
    {
        websocket::stream_base::timeout limits{};
        limits.handshake_timeout = handshake_max;
        limits.idle_timeout = ping_every * 2;
        limits.keep_alive_pings = true;
        socket_.set_option(limits);
        socket_.read_message_max(1);
        socket_.binary(true);
        beast::http::request<beast::http::empty_body> const asked{request};
        socket_.async_accept(asked, [self = shared_from_this()](Code code) {
            if (code) return self->forget();
            self->listen();
            self->pass();
        });
    }

private:
    void pass()
    {
        source_.async_read_some(
            boost::asio::buffer(piece_),
            [self = shared_from_this()](Code code, std::size_t size) {
                if (code) return self->close(websocket::close_code::normal);
                self->write(size);
            }
        );
    }

    void write(std::size_t size)
    {
        socket_.async_write(
            boost::asio::buffer(piece_.data(), size),
            [self = shared_from_this()](Code code, std::size_t) {
                if (code) return self->forget();
                self->pass();
            }
        );
    }

    void listen()
    {
        socket_.async_read(buffer_, [self = shared_from_this()](Code code, std::size_t) {
            // Any message is one too many; control frames are Beast's business.
            if (code) return self->forget();
            self->close(websocket::close_code::policy_error);
        });
    }

    void close(websocket::close_code why)
    {
        if (std::exchange(closing_, true)) return;
        socket_.async_close(websocket::close_reason{why}, [self = shared_from_this()](Code) {
            self->forget();
        });
    }

    /// The recorder sees its other end close.
    void forget()
    {
        Code ignored;
        source_.close(ignored);
        place_.reset();
    }

    Source source_;
    websocket::stream<TlsStream> socket_;
    beast::flat_buffer buffer_;
    std::array<char, 64 * 1024> piece_{};
    std::shared_ptr<void> place_;
    bool closing_ = false;
};

} // namespace

void serve_watch_page(
    std::unique_ptr<TlsStream> stream,
    beast::http::request_header<> const& request,
    Fd from,
    std::shared_ptr<void> place
)
{
    std::make_shared<Page>(std::move(stream), std::move(from), std::move(place))->start(request);
}

} // namespace ecluse::web
