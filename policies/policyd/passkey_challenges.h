#pragma once

#include "common/time.h"

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace ecluse::policyd {

/// What a browser was asked to have signed by a passkey: each once, for a few minutes, at the place
/// and for the purpose it was given out for. In memory only: a restart asks again.
class PasskeyChallenges {
public:
    enum class Purpose { login, sign, create };
    struct Asked {
        Purpose purpose;
        std::string person; // empty: a login, when nobody is known yet
        std::string address;
        std::string origin;
        friend bool operator==(Asked const&, Asked const&) = default;
    };
    static constexpr std::chrono::minutes life{5};
    /// Beyond it the oldest is forgotten: whoever floods delays others by one press of a button.
    static constexpr std::size_t count_max = 4096;

    /// 32 random bytes.
    [[nodiscard]] std::string issue(Asked asked, Deadline now);
    /// True once, when it was given out for exactly this and not too long ago.
    [[nodiscard]] bool take(std::string_view challenge, Asked const& asked, Deadline now);

private:
    struct Issued {
        Asked asked;
        Deadline until;
    };
    std::map<std::string, Issued, std::less<>> issued_;
};

} // namespace ecluse::policyd
