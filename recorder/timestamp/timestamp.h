#pragma once

#include "common/result.h"
#include "common/time.h"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

/// RFC 3161: what is asked of a timestamp authority, and what is believed of its answer. By
/// OpenSSL; no network here (docs/decisions/0024-timestamps-by-a-helper-on-one-socket.md).
namespace ecluse::timestamp {

/// An authority's answer with its certificates is some kilobytes.
constexpr std::size_t answer_bytes_max = 32 * 1024;
/// Further from our clock than this, one of the two lies.
constexpr std::chrono::minutes time_difference_max{5};

struct Query {
    std::string der;
    std::string digest; // 32 bytes, SHA-256
};
/// `policy` is a dotted object identifier, or empty: the authority's own.
[[nodiscard]] Result<Query> make_query(std::string_view digest, std::string const& policy);

enum class Fault {
    unavailable,  // no connection, no answer in time, not HTTP, not TLS that we trust
    refused,      // it answers that it will not
    malformed,    // not an answer of RFC 3161
    untrusted,    // signature, certificate or its purpose
    wrong_digest, // of something else
    wrong_nonce,  // an old answer
    wrong_policy, // not the policy that was asked for
    wrong_time,   // far from our clock
};
[[nodiscard]] std::string_view code(Fault fault);
[[nodiscard]] Result<Fault> parse_fault(std::string_view code);

struct Token {
    std::string der; // PKCS#7, as `openssl ts -verify -token_in` reads it
    UtcTime at;
};
struct Refused {
    Fault fault;
    std::string why;
};
using Outcome = std::variant<Token, Refused>;

/// Whether `answer` is a token for this query, by an authority below `authorities` (PEM).
[[nodiscard]] Outcome check_answer(
    Query const& query, std::string_view answer, std::string const& authorities, UtcTime now
);
/// A token that was kept: of this digest, by an authority that was good when it signed.
[[nodiscard]] Outcome
check_token(std::string_view token, std::string_view digest, std::string const& authorities);

} // namespace ecluse::timestamp
