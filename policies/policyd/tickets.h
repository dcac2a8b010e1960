#pragma once

#include "common/secret.h"
#include "common/time.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ecluse::policyd {

/// What a ticket stands for: one opening of one account of one target, by one person, from one
/// address, in one window. Ids, but for the account.
struct TicketUse {
    std::string person, address, window, asset, account;
    std::string factors;           // proved when it was asked for: "password+totp"
    std::string login_sha256 = {}; // of a browser: the login that asked, and none but it may use it
};

enum class TicketRefusal {
    unknown, // never minted, used already, of before a restart, or not even a ticket's shape
    expired,
    wrong_secret,
    wrong_address,
    wrong_login,
};
/// "expired": what the journal has.
[[nodiscard]] std::string_view to_code(TicketRefusal refusal);

/// The tickets alive now, by which whoever cannot prove both factors where he enters gets in with
/// them: an RDP client that only sends a name and a password (docs/requests.md §3bis), a page that
/// opens a WebSocket (§3ter). In memory only, and only the digest of each secret: a restart of
/// policyd voids them all, and no backup holds one.
class Tickets {
public:
    /// 16 of the 48 characters name the ticket; the other 32 are 160 bits of chance.
    static constexpr std::size_t public_characters = 16;
    static constexpr std::size_t secret_characters = 32;
    static constexpr std::size_t characters = public_characters + secret_characters;
    /// A person opens one desktop at a time, and may have spoilt a file or two.
    static constexpr std::size_t per_person_max = 3;
    /// Far more people than work at once; a bound on memory all the same.
    static constexpr std::size_t alive_max = 1000;

    /// The text for the .rdp file, or nothing when this person, or everybody together, has too many
    /// alive already.
    [[nodiscard]] std::optional<Secret> mint(TicketUse use, Deadline now, Deadline until);
    /// One use, whatever the outcome: a ticket named here is gone. Takes as long for a wrong secret
    /// as for the right one.
    /// `login_sha256`: of the browser that presents it; empty at the RDP door.
    [[nodiscard]] std::variant<TicketUse, TicketRefusal> redeem(
        std::string_view text,
        std::string_view address,
        Deadline now,
        std::string_view login_sha256 = {}
    );
    /// The part that may be written down; "" for what has not a ticket's shape.
    [[nodiscard]] static std::string public_part(std::string_view text);
    [[nodiscard]] std::size_t count() const { return alive_.size(); }

private:
    struct Alive {
        TicketUse use;
        std::string secret_sha256;
        Deadline until;
    };
    void forget_expired(Deadline now);

    std::map<std::string, Alive, std::less<>> alive_; // by public part
};

} // namespace ecluse::policyd
