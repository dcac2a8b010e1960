#pragma once

#include "common/fd.h"

#include <chrono>
#include <string>

namespace ecluse::timestamp {

/// An authority that somebody else has connected to.
struct Authority {
    Fd socket;
    std::string host, path;
    bool tls = false;
    std::string tls_authorities; // PEM; for TLS only
    std::chrono::seconds timeout{10};
};

/// One HTTP POST of a request, by OpenSSL's own client: an answer of bounded size, or why not.
[[nodiscard]] Result<std::string> exchange(Authority const& authority, std::string const& query);

} // namespace ecluse::timestamp
