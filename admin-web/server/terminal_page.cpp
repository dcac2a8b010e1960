#include "admin-web/server/terminal_page.h"

#include <boost/asio/local/seq_packet_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <array>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace ecluse::web {
namespace {

using Code = boost::system::error_code;
using Terminal = asio::local::seq_packet_protocol::socket;

constexpr std::chrono::seconds ping_every{15}, handshake_max{10};
/// A page's frame; ecluse-terminal judges what is in it.
constexpr std::size_t message_bytes_max = 1 + 4096;

class Page : public std::enable_shared_from_this<Page> {
public:
    Page(std::unique_ptr<TlsStream> stream, Fd terminal, std::shared_ptr<void> place)
        : terminal_{stream->get_executor()}, socket_{std::move(*stream)}, place_{std::move(place)}
    {
        Code code;
        terminal_.assign({}, terminal.get(), code);
        if (!code) (void)terminal.release();
    }

    void start(beast::http::request_header<> const& request)
    {
        websocket::stream_base::timeout limits{};
        limits.handshake_timeout = handshake_max;
        limits.idle_timeout = ping_every * 2;
        limits.keep_alive_pings = true;
        socket_.set_option(limits);
        socket_.read_message_max(message_bytes_max);
        socket_.binary(true);
        beast::http::request<beast::http::empty_body> const asked{request};
        socket_.async_accept(asked, [self = shared_from_this()](Code code) {
            if (code) return self->forget();
            self->read_page();
            self->read_terminal();
        });
    }

private:
    void read_terminal()
    {
        terminal_.async_receive(
            asio::buffer(packet_),
            flags_,
            [self = shared_from_this()](Code code, std::size_t size) {
                // It left without reading all that we sent: said once, before its last frames.
                if (code == asio::error::connection_reset) return self->read_terminal();
                // Only one that has left sends nothing.
                if (code || size == 0) return self->close(websocket::close_code::normal);
                self->socket_.async_write(
                    asio::buffer(self->packet_.data(), size),
                    [self](Code failed, std::size_t) {
                        if (failed) return self->forget();
                        self->read_terminal();
                    }
                );
            }
        );
    }

    void read_page()
    {
        message_.clear();
        socket_.async_read(message_, [self = shared_from_this()](Code code, std::size_t size) {
            if (code) return self->forget();
            // A text, or nothing at all, is none of our page's.
            if (!self->socket_.got_binary() || size == 0)
                return self->close(websocket::close_code::policy_error);
            self->terminal_.async_send(self->message_.data(), 0, [self](Code failed, std::size_t) {
                // It has left: its last frames may still be on their way to the page, and then its
                // end closes.
                if (failed) return;
                self->read_page();
            });
        });
    }

    void close(websocket::close_code why)
    {
        if (std::exchange(closing_, true)) return;
        socket_.async_close(websocket::close_reason{why}, [self = shared_from_this()](Code) {
            self->forget();
        });
    }

    /// ecluse-terminal sees its other end close: the session ends as when an ssh client vanishes.
    void forget()
    {
        Code ignored;
        terminal_.close(ignored);
        place_.reset();
    }

    Terminal terminal_;
    websocket::stream<TlsStream> socket_;
    beast::flat_buffer message_;
    std::array<char, 64 * 1024> packet_{};
    asio::socket_base::message_flags flags_ = 0;
    std::shared_ptr<void> place_;
    bool closing_ = false;
};

} // namespace

void serve_terminal_page(
    std::unique_ptr<TlsStream> stream,
    beast::http::request_header<> const& request,
    Fd terminal,
    std::shared_ptr<void> place
)
{
    std::make_shared<Page>(std::move(stream), std::move(terminal), std::move(place))
        ->start(request);
}

} // namespace ecluse::web
