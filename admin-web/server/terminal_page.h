#pragma once

#include "admin-web/server/tls_stream.h"
#include "common/fd.h"

#include <boost/beast/http/message.hpp>

#include <memory>

namespace ecluse::web {

/// A WebSocket on which a technician works in a terminal: each binary message is a packet of
/// `terminal` (docs/requests.md §3ter) and each packet a message, passed as they are. One of each
/// direction is held: who does not read stops who writes. `place`: kept as long as the page lives.
void serve_terminal_page(
    std::unique_ptr<TlsStream> stream,
    boost::beast::http::request_header<> const& request,
    Fd terminal,
    std::shared_ptr<void> place
);

} // namespace ecluse::web
