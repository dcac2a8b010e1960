#pragma once

#include "common/secret.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

/// Proof of work before a login or an enrolment, against robots (CLAUSIER:O-5.3): no picture, no
/// third party. The server keeps nothing about a challenge until it is solved.
namespace ecluse::web {

class Challenges {
public:
    using Seconds = std::chrono::seconds;
    static constexpr unsigned bits_at_rest = 17;
    /// Some seconds of a small computer's work: more would shut people out.
    static constexpr unsigned bits_max = 22;
    static constexpr Seconds life{120};
    /// Solved and not expired; beyond, a new solution is refused rather than one accepted twice.
    static constexpr std::size_t used_max = 50'000;
    /// Addresses whose failures are counted.
    static constexpr std::size_t failures_max = 10'000;
    static constexpr Seconds failures_forgotten_after{3600};

    /// The key is the process's own: a restart voids what is out.
    explicit Challenges(Secret key);

    struct Challenge {
        std::string text;
        unsigned bits;
    };
    /// `now` counts from any fixed moment and never goes back.
    [[nodiscard]] Challenge
    make(std::string_view request, std::string const& address, Seconds now) const;
    /// True once, for this request and address, in time, when the work was done.
    [[nodiscard]] bool accept(
        std::string_view text,
        std::string_view solution,
        std::string_view request,
        std::string const& address,
        Seconds now
    );
    /// The next challenge of this address is harder.
    void failed(std::string const& address, Seconds now);
    void succeeded(std::string const& address);

private:
    struct Count {
        unsigned failures = 0;
        Seconds last{0};
    };
    [[nodiscard]] std::string mark(std::string_view text, std::string_view address) const;
    void forget(Seconds now);

    Secret key_;
    std::map<std::string, Seconds, std::less<>> used_; // nonce → expiry
    std::map<std::string, Count, std::less<>> failures_;
};

/// How many zero bits a digest begins with.
[[nodiscard]] unsigned leading_zero_bits(std::string_view digest);

} // namespace ecluse::web
