#pragma once

#include "admin-web/server/tls_stream.h"
#include "common/fd.h"

#include <boost/beast/http/message.hpp>

#include <memory>

namespace ecluse::web {

/// A WebSocket on which a page watches a live session: what comes from `from` (docs/requests.md
/// §4.3) goes on as it is, as binary messages, no faster than the page takes it; the recorder, at
/// the other end, drops whoever is too slow. The page says nothing; whoever does is cut off.
/// `place`: kept as long as the page lives.
void serve_watch_page(
    std::unique_ptr<TlsStream> stream,
    boost::beast::http::request_header<> const& request,
    Fd from,
    std::shared_ptr<void> place
);

} // namespace ecluse::web
