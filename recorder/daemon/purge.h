#pragma once

#include "common/time.h"
#include "recorder/daemon/store.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ecluse::recorder {

/// Whatever policyd says, nothing younger than this is destroyed here: a taken policyd cannot make
/// last week's sessions disappear (notes on trust, CLAUSIER:O-6.5).
constexpr std::chrono::days purge_age_min{30};

/// Destroys the content and the keys of a sealed recording whose certificate, signed by the key
/// that its header names, says that its term has passed; certificate, header, chain, seal and
/// signatures stay. The certificate is durable before anything goes, so that a crash in between
/// leaves an explained hole. Asked again, it finishes what is left to do. Answers with the SHA-256
/// of the certificate that is stored. Blocks.
[[nodiscard]] Result<std::string>
purge(Store const& store, std::string_view certificate, std::string_view signature, UtcTime now);

} // namespace ecluse::recorder
