#include "policies/policyd/tickets.h"

#include "common/bytes.h"
#include "common/result.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

/// Five bits each: no I, O, 0 or 1, which read alike. No character that an .rdp file or a URL would
/// have to escape.
constexpr std::string_view letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
static_assert(letters.size() == 32);

std::string random_letters(std::size_t count)
{
    auto bytes = random_bytes(count);
    std::string text;
    text.reserve(count); // no earlier copy stays behind
    for (char const c : bytes)
        text += letters[static_cast<unsigned char>(c) & 31U];
    wipe(bytes);
    return text;
}

bool has_shape(std::string_view text)
{
    return text.size() == Tickets::characters &&
           text.find_first_not_of(letters) == std::string_view::npos;
}

} // namespace

std::string_view to_code(TicketRefusal refusal)
{
    switch (refusal) {
    case TicketRefusal::unknown:
        return "unknown";
    case TicketRefusal::expired:
        return "expired";
    case TicketRefusal::wrong_secret:
        return "wrong_secret";
    case TicketRefusal::wrong_address:
        return "wrong_address";
    case TicketRefusal::wrong_login:
        return "wrong_login";
    }
    assertion_failed("TicketRefusal", __FILE__, __LINE__);
}

void Tickets::forget_expired(Deadline now)
{
    std::erase_if(alive_, [&](auto const& one) { return one.second.until <= now; });
}

std::optional<Secret> Tickets::mint(TicketUse use, Deadline now, Deadline until)
{
    forget_expired(now);
    auto const mine = std::count_if(alive_.begin(), alive_.end(), [&](auto const& one) {
        return one.second.use.person == use.person;
    });
    if (static_cast<std::size_t>(mine) >= per_person_max || alive_.size() >= alive_max)
        return std::nullopt;
    auto const name = random_letters(public_characters);
    auto secret = random_letters(secret_characters);
    auto const [place, is_new] =
        alive_.try_emplace(name, Alive{std::move(use), sha256(secret), until});
    ECLUSE_ASSERT(is_new); // 80 bits do not meet
    auto text = name + secret;
    wipe(secret);
    return Secret{text};
}

std::variant<TicketUse, TicketRefusal> Tickets::redeem(
    std::string_view text, std::string_view address, Deadline now, std::string_view login_sha256
)
{
    if (!has_shape(text)) return TicketRefusal::unknown;
    auto const found = alive_.find(text.substr(0, public_characters));
    if (found == alive_.end()) return TicketRefusal::unknown;
    auto const ticket = std::move(found->second);
    alive_.erase(found);
    // The secret first: who does not hold it learns nothing from how the others are refused.
    bool const right =
        equal_in_constant_time(sha256(text.substr(public_characters)), ticket.secret_sha256);
    if (!right) return TicketRefusal::wrong_secret;
    if (now >= ticket.until) return TicketRefusal::expired;
    if (ticket.use.address != address) return TicketRefusal::wrong_address;
    if (ticket.use.login_sha256 != login_sha256) return TicketRefusal::wrong_login;
    return ticket.use;
}

std::string Tickets::public_part(std::string_view text)
{
    return has_shape(text) ? std::string{text.substr(0, public_characters)} : std::string{};
}

} // namespace ecluse::policyd
