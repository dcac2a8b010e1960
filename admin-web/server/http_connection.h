#pragma once

#include "admin-web/server/http_server.h"

#include <string>

namespace ecluse::web {

/// Serves one accepted connection until it ends; tells `server.left(address)` then.
void serve_connection(
    HttpServer& server, boost::asio::ip::tcp::socket socket, SourceAddress const& peer
);

} // namespace ecluse::web
