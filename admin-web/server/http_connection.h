#pragma once

#include "admin-web/server/http_server.h"

#include <memory>

namespace ecluse::web {

/// Serves one accepted connection, or the page that it becomes, until it ends; keeps `place` until
/// then.
void serve_connection(
    HttpServer& server,
    boost::asio::ip::tcp::socket socket,
    SourceAddress const& peer,
    std::shared_ptr<void> place
);

} // namespace ecluse::web
