#pragma once

#include "admin-web/server/browsers.h"
#include "admin-web/server/tls_stream.h"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <memory>

namespace ecluse::web {

/// A WebSocket of a page that reads its lists again when something changed. The page says nothing on
/// it; whoever does is cut off.
class LivePage {
public:
    /// Messages not yet taken by a slow page; beyond, it is closed and comes back.
    static constexpr std::size_t queue_max = 16;

    virtual ~LivePage() = default;
    [[nodiscard]] virtual std::shared_ptr<Browsers::Listener> listener() = 0;
    /// `place`: kept as long as the page lives.
    virtual void start(
        std::unique_ptr<TlsStream> stream,
        boost::beast::http::request_header<> const& request,
        std::shared_ptr<void> place
    ) = 0;
};
[[nodiscard]] std::shared_ptr<LivePage> make_live_page();

} // namespace ecluse::web
