#pragma once

#include "admin-web/server/tls.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>

/// TLS straight on the socket, as Beast's streams want it. Asio's own TLS stream keeps four buffers
/// of a record's size for each connection, also for one that waits all day; this keeps none.
namespace ecluse::web {

class TlsStream {
public:
    using Socket = boost::asio::ip::tcp::socket;
    using executor_type = Socket::executor_type;

    TlsStream(Socket socket, Ssl ssl) : socket_{std::move(socket)}, ssl_{std::move(ssl)} {}

    [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
    [[nodiscard]] Socket& socket() { return socket_; }
    [[nodiscard]] bool has_pending() const { return ::SSL_has_pending(ssl_.get()) == 1; }
    /// The alert that says goodbye, if the socket takes it now.
    void say_goodbye()
    {
        ::ERR_clear_error();
        if (::SSL_is_init_finished(ssl_.get()) == 1) (void)::SSL_shutdown(ssl_.get());
        ::ERR_clear_error();
    }

    template <class Token> auto async_handshake(Token&& token)
    {
        return start(Handshake{}, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_read_some(Buffers const& buffers, Token&& token)
    {
        boost::asio::mutable_buffer first;
        for (auto at = boost::asio::buffer_sequence_begin(buffers);
             at != boost::asio::buffer_sequence_end(buffers) && first.size() == 0;
             ++at)
            first = *at;
        return start(Read{first}, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(Buffers const& buffers, Token&& token)
    {
        // Head and body leave in one record. A retry may come with the same bytes elsewhere
        // (SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER).
        auto block = std::make_unique<Block>();
        auto const size = boost::asio::buffer_copy(boost::asio::buffer(*block), buffers);
        return start(Write{std::move(block), size}, std::forward<Token>(token));
    }

private:
    using Code = boost::system::error_code;
    using Block = std::array<char, 16 * 1024>; // a TLS record
    struct Handshake {
        int operator()(SSL* ssl, std::size_t&) { return ::SSL_do_handshake(ssl); }
    };
    struct Read {
        boost::asio::mutable_buffer into;
        int operator()(SSL* ssl, std::size_t& done)
        {
            if (into.size() == 0) return 1;
            return ::SSL_read_ex(ssl, into.data(), into.size(), &done);
        }
    };
    struct Write {
        std::unique_ptr<Block> from;
        std::size_t size;
        int operator()(SSL* ssl, std::size_t& done)
        {
            if (size == 0) return 1;
            return ::SSL_write_ex(ssl, from->data(), size, &done);
        }
    };

    template <class Step> struct Operation {
        TlsStream& stream;
        Step step;
        bool waited = false, finished = false;
        Code result{};
        std::size_t bytes = 0;

        template <class Self> void operator()(Self& self, Code code = {})
        {
            if (finished) return self.complete(result, bytes);
            if (code) return self.complete(code, 0);
            ::ERR_clear_error();
            auto* const ssl = stream.ssl_.get();
            int const said = step(ssl, bytes);
            int const why = said == 1 ? SSL_ERROR_NONE : ::SSL_get_error(ssl, said);
            if (why == SSL_ERROR_WANT_READ) return wait(self, Socket::wait_read);
            if (why == SSL_ERROR_WANT_WRITE) return wait(self, Socket::wait_write);
            if (why == SSL_ERROR_ZERO_RETURN) result = boost::asio::error::eof;
            else if (why != SSL_ERROR_NONE) result = boost::asio::error::connection_reset;
            if (waited) return self.complete(result, bytes);
            // Never inside the call that started it.
            finished = true;
            boost::asio::post(stream.get_executor(), std::move(self));
        }
        template <class Self> void wait(Self& self, Socket::wait_type what)
        {
            waited = true;
            stream.socket_.async_wait(what, std::move(self));
        }
    };

    template <class Step, class Token> auto start(Step step, Token&& token)
    {
        return boost::asio::async_compose<Token, void(Code, std::size_t)>(
            Operation<Step>{*this, std::move(step)}, token, socket_
        );
    }

    Socket socket_;
    Ssl ssl_;
};

// What Beast's WebSocket does to the stream below it when it ends.
inline void beast_close_socket(TlsStream& stream)
{
    boost::system::error_code ignored;
    stream.socket().close(ignored);
}
inline void
teardown(boost::beast::role_type, TlsStream& stream, boost::system::error_code& code)
{
    stream.say_goodbye();
    stream.socket().shutdown(TlsStream::Socket::shutdown_send, code);
    code = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type role, TlsStream& stream, Handler&& handler)
{
    boost::system::error_code code;
    teardown(role, stream, code);
    boost::asio::post(
        stream.get_executor(),
        [handler = std::forward<Handler>(handler), code]() mutable { handler(code); }
    );
}

} // namespace ecluse::web
