#include "admin-web/server/live_page.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <deque>
#include <optional>

namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace ecluse::web {
namespace {

using Code = boost::system::error_code;

/// Our own (RFC 6455 §7.4.2): the session is over, and the message before said why.
constexpr std::uint16_t close_ended = 4001;
constexpr std::chrono::seconds ping_every{60}, handshake_max{10};

class Page : public LivePage, public std::enable_shared_from_this<Page> {
public:
    std::shared_ptr<Browsers::Listener> listener() override
    {
        // Dies with the page, so that nobody is told who is gone.
        auto const weak = weak_from_this();
        auto const made = std::make_shared<Browsers::Listener>();
        made->send = [weak](std::string text) {
            if (auto const self = weak.lock()) self->send(std::move(text));
        };
        made->ended = [weak] {
            if (auto const self = weak.lock()) self->end(close_ended);
        };
        made->lost = [weak] {
            if (auto const self = weak.lock()) self->end(websocket::close_code::try_again_later);
        };
        listener_ = made;
        return made;
    }

    void start(
        std::unique_ptr<TlsStream> stream,
        beast::http::request_header<> const& request,
        std::shared_ptr<void> place
    ) override
    {
        place_ = std::move(place);
        socket_.emplace(std::move(*stream));
        websocket::stream_base::timeout limits{};
        limits.handshake_timeout = handshake_max;
        limits.idle_timeout = ping_every * 2;
        limits.keep_alive_pings = true;
        socket_->set_option(limits);
        socket_->read_message_max(1);
        socket_->text(true);
        beast::http::request<beast::http::empty_body> const asked{request};
        socket_->async_accept(asked, [self = shared_from_this()](Code code) {
            if (code) return self->forget();
            self->accepted_ = true;
            self->read();
            self->write();
            if (self->closing_) self->close();
        });
    }

private:
    void send(std::string text)
    {
        if (waiting_.size() >= queue_max) return end(websocket::close_code::try_again_later);
        waiting_.push_back(std::move(text));
        write();
    }

    void write()
    {
        if (!accepted_ || writing_ || waiting_.empty()) return;
        writing_ = true;
        socket_->async_write(
            boost::asio::buffer(waiting_.front()),
            [self = shared_from_this()](Code code, std::size_t) {
                self->writing_ = false;
                if (code) return self->forget();
                self->waiting_.pop_front();
                if (self->closing_ && self->waiting_.empty()) return self->close();
                self->write();
            }
        );
    }

    void end(std::uint16_t why)
    {
        if (closing_) return;
        closing_ = why;
        if (accepted_ && !writing_ && waiting_.empty()) close();
    }

    void close()
    {
        if (closed_ || !waiting_.empty()) return;
        closed_ = true;
        socket_->async_close(
            websocket::close_reason{*closing_},
            [self = shared_from_this()](Code) { self->forget(); }
        );
    }

    void read()
    {
        socket_->async_read(buffer_, [self = shared_from_this()](Code code, std::size_t) {
            // Any message is one too many; control frames are Beast's business.
            if (code) return self->forget();
            self->waiting_.clear();
            self->end(websocket::close_code::policy_error);
        });
    }

    void forget()
    {
        listener_.reset();
        place_.reset();
    }

    std::optional<websocket::stream<TlsStream>> socket_;
    beast::flat_buffer buffer_;
    std::shared_ptr<Browsers::Listener> listener_;
    std::shared_ptr<void> place_;
    std::deque<std::string> waiting_;
    std::optional<std::uint16_t> closing_;
    bool accepted_ = false, writing_ = false, closed_ = false;
};

} // namespace

std::shared_ptr<LivePage> make_live_page()
{
    return std::make_shared<Page>();
}

} // namespace ecluse::web
