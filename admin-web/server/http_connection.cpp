#include "admin-web/server/http_connection.h"

#include "admin-web/server/http_head.h"
#include "admin-web/server/live_page.h"
#include "admin-web/server/problem.h"
#include "admin-web/server/terminal_page.h"
#include "admin-web/server/tls_stream.h"
#include "admin-web/server/watch_page.h"
#include "common/log.h"
#include "common/secret.h"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <array>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace ecluse::web {
namespace {

using Code = boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t linger_bytes_max = 256 * 1024;
constexpr std::size_t megabyte = 1024 * 1024;

std::string text_of(http::request<http::string_body> const& request, http::field name)
{
    auto const found = request.find(name);
    return found == request.end() ? std::string{} : std::string{found->value()};
}

std::string text_of(http::request<http::string_body> const& request, char const* name)
{
    auto const found = request.find(name);
    return found == request.end() ? std::string{} : std::string{found->value()};
}

/// A header that decides something must be there once: whoever reads the other one is fooled.
bool is_ambiguous(http::request<http::string_body> const& request)
{
    for (auto const name :
         {http::field::host,
          http::field::origin,
          http::field::cookie,
          http::field::authorization,
          http::field::content_type,
          http::field::content_length})
        if (request.count(name) > 1) return true;
    return request.count("X-Ecluse-Token") > 1 || request.count("X-Forwarded-For") > 1;
}

/// Letters of a host and a port: what is compared with Origin must not hold anything else.
bool is_host(std::string_view host)
{
    return !host.empty() && host.size() <= 260 && std::all_of(host.begin(), host.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ||
               c == ':' || c == '[' || c == ']';
    });
}

std::optional<Refused> refused_by(Code code)
{
    if (code == http::error::header_limit || code == http::error::buffer_overflow)
        return Refused::headers_too_large;
    if (code == http::error::body_limit) return Refused::too_large;
    if (code.category() == http::make_error_code(http::error::bad_method).category() &&
        code != http::error::end_of_stream && code != http::error::partial_message)
        return Refused::malformed;
    return std::nullopt;
}

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(
        HttpServer& server,
        TlsStream::Socket socket,
        Ssl ssl,
        SourceAddress const& peer,
        std::shared_ptr<void> place
    )
        : server_{server}, peer_{peer}, place_{std::move(place)}, timer_{socket.get_executor()},
          stream_{std::make_unique<TlsStream>(std::move(socket), std::move(ssl))}
    {
    }

    void start()
    {
        limit(server_.times().handshake);
        stream_->async_handshake([self = shared_from_this()](Code code, std::size_t) {
            if (!code) self->wait_for_request();
        });
    }

private:
    /// From now on this phase must end in time: the socket's operations then fail, and whoever
    /// waits on them sees `late_`.
    void limit(std::chrono::milliseconds time)
    {
        late_ = false;
        timer_.expires_after(time);
        timer_.async_wait([weak = weak_from_this()](Code code) {
            auto const self = weak.lock();
            if (code || !self || !self->stream_) return;
            if (self->timer_.expiry() > std::chrono::steady_clock::now()) return;
            self->late_ = true;
            Code ignored;
            self->stream_->socket().cancel(ignored);
        });
    }

    void wait_for_request()
    {
        if (buffer_.size() > 0 || stream_->has_pending()) return read_header();
        limit(server_.times().idle);
        stream_->socket().async_wait(
            TlsStream::Socket::wait_read,
            [self = shared_from_this()](Code code) {
                if (!code) self->read_header();
            }
        );
    }

    void read_header()
    {
        parser_.emplace();
        parser_->header_limit(header_bytes_max);
        parser_->body_limit(body_bytes_max);
        limit(server_.times().header);
        http::async_read_header(
            *stream_,
            buffer_,
            *parser_,
            [self = shared_from_this()](Code code, std::size_t) {
                if (code) return self->failed(code);
                self->read_body();
            }
        );
    }

    void read_body()
    {
        auto const& request = parser_->get();
        // One way to say how long a body is: two would let a proxy before us read another request.
        if (request.find(http::field::transfer_encoding) != request.end() ||
            request.find(http::field::expect) != request.end() || is_ambiguous(request) ||
            request.version() != 11 || !is_host(text_of(request, http::field::host)))
            return refuse(Refused::malformed);
        if (beast::websocket::is_upgrade(request)) return upgrade();
        if (parser_->is_done()) return handle();
        limit(server_.times().body);
        http::async_read(
            *stream_,
            buffer_,
            *parser_,
            [self = shared_from_this()](Code code, std::size_t) {
                if (code) return self->failed(code);
                self->handle();
            }
        );
    }

    void failed(Code code)
    {
        if (late_) return refuse(Refused::too_slow);
        if (auto const why = refused_by(code)) return refuse(*why);
        // The other side went away: nobody is there to be told.
    }

    void refuse(Refused why)
    {
        auto response = problem(why, server_.site().told().language);
        response.close = true;
        respond(std::move(response));
    }

    std::optional<HttpRequest> take_request()
    {
        auto& from = parser_->get();
        auto const client = server_.site().client_of(peer_, text_of(from, "X-Forwarded-For"));
        if (!client) return std::nullopt;
        auto const& told = server_.site().told();
        if (told.declared_only && !server_.site().is_declared(*client)) return std::nullopt;
        HttpRequest request;
        request.method = std::string{from.method_string()};
        request.target = std::string{from.target()};
        request.host = text_of(from, http::field::host);
        request.origin = text_of(from, http::field::origin);
        request.fetch_site = text_of(from, "Sec-Fetch-Site");
        request.cookie = text_of(from, http::field::cookie);
        request.token = text_of(from, "X-Ecluse-Token");
        request.authorization = text_of(from, http::field::authorization);
        request.content_type = text_of(from, http::field::content_type);
        request.accept_encoding = text_of(from, http::field::accept_encoding);
        request.accept_language = text_of(from, http::field::accept_language);
        request.if_none_match = text_of(from, http::field::if_none_match);
        request.passive = !text_of(from, "X-Ecluse-Passive").empty();
        request.address = client->to_string();
        request.body = std::move(from.body());
        return request;
    }

    void handle()
    {
        is_head_ = parser_->get().method() == http::verb::head;
        keep_alive_ = parser_->get().keep_alive() && ++served_ < requests_per_connection_max;
        auto request = take_request();
        // Behind a proxy an undeclared address is seen this late.
        if (!request) return;
        // policyd has its own limit for an answer; a browser that goes away meanwhile is noticed
        // when it is answered.
        timer_.cancel();
        server_.site().handle(
            std::move(*request),
            [self = shared_from_this()](HttpResponse response) {
                self->respond(std::move(response));
            }
        );
    }

    void respond(HttpResponse response)
    {
        if (!stream_) return;
        auto const held = std::make_shared<HttpResponse>(std::move(response));
        bool const keep_alive = keep_alive_ && !held->close;
        auto const head = std::make_shared<std::string>(head_of(*held, keep_alive, server_.date()));
        auto const content = is_head_ || held->status == 304 ? std::string_view{} : held->content();
        auto const extra = static_cast<long>(content.size() / megabyte);
        limit(server_.times().write * (1 + extra));
        std::array<asio::const_buffer, 2> const buffers{
            asio::buffer(std::as_const(*head)), asio::buffer(content.data(), content.size())};
        asio::async_write(
            *stream_,
            buffers,
            [self = shared_from_this(), held, head, keep_alive](Code code, std::size_t) {
                wipe(*head); // it may hold a session's token
                if (code) return;
                if (keep_alive) return self->wait_for_request();
                self->say_goodbye();
            }
        );
    }

    /// Closing at once with bytes of the browser unread would take the answer away from it.
    void say_goodbye()
    {
        stream_->say_goodbye();
        Code ignored;
        stream_->socket().shutdown(TlsStream::Socket::shutdown_send, ignored);
        limit(server_.times().linger);
        drained_ = 0;
        drain();
    }

    void drain()
    {
        stream_->socket().async_read_some(
            asio::buffer(drain_),
            [self = shared_from_this()](Code code, std::size_t got) {
                self->drained_ += got;
                if (!code && self->drained_ < linger_bytes_max) self->drain();
            }
        );
    }

    void upgrade()
    {
        auto request = take_request();
        if (!request) return;
        timer_.cancel();
        keep_alive_ = false;
        auto const self = shared_from_this();
        Respond const refused = [self](HttpResponse response) {
            response.close = true;
            self->respond(std::move(response));
        };
        auto const asked = server_.site().asked_by_socket(*request);
        if (asked == "session.watch") return attach(*request, refused, serve_watch_page);
        if (asked == "terminal.open") return attach(*request, refused, serve_terminal_page);
        auto const page = make_live_page();
        server_.site().listen(
            *request,
            page->listener(),
            [self, page] {
                if (!self->stream_) return;
                // The page holds the connection's place until it ends.
                page->start(std::move(self->stream_), self->parser_->get().base(), self);
            },
            refused
        );
    }

    template <class Serve>
    void attach(HttpRequest const& request, Respond const& refused, Serve serve)
    {
        server_.site().attach(
            request,
            [self = shared_from_this(), serve](Fd other) {
                if (!self->stream_) return;
                serve(
                    std::move(self->stream_), self->parser_->get().base(), std::move(other), self
                );
            },
            refused
        );
    }

    HttpServer& server_;
    SourceAddress peer_;
    std::shared_ptr<void> place_;
    asio::steady_timer timer_;
    std::unique_ptr<TlsStream> stream_; // the live page's, once it is one
    beast::flat_buffer buffer_{header_bytes_max + body_bytes_max + 1024};
    std::optional<Parser> parser_;
    std::array<char, 1024> drain_{};
    std::size_t served_ = 0, drained_ = 0;
    bool late_ = false, keep_alive_ = false, is_head_ = false;
};

} // namespace

void serve_connection(
    HttpServer& server,
    TlsStream::Socket socket,
    SourceAddress const& peer,
    std::shared_ptr<void> place
)
{
    auto ssl = new_tls(server.site().told().tls.get(), socket.native_handle());
    if (!ssl) return;
    std::make_shared<Connection>(server, std::move(socket), std::move(ssl), peer, std::move(place))
        ->start();
}

} // namespace ecluse::web
