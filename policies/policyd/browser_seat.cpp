#include "policies/policyd/browser_seat.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"

namespace ecluse::policyd {
namespace {

constexpr std::size_t word_bytes = 32;

} // namespace

Result<>
BrowserSeat::say_orders(std::string const& login, std::vector<std::string> const& host_keys)
{
    auto random = random_bytes(word_bytes);
    auto word = to_hex(random);
    wipe(random);
    word_sha256_ = sha256(word);
    json::object const orders{
        {"login", login},
        {"word", word},
        {"host_keys", json::array(host_keys.begin(), host_keys.end())}};
    wipe(word);
    auto text = json::serialize(orders);
    ECLUSE_TRY(set_nonblocking(terminal_.fd(), true));
    auto sent = terminal_.send(std::string_view{text});
    wipe(text);
    return sent;
}

std::optional<Accepted> BrowserSeat::log_in(std::string_view login, Secret const& word)
{
    auto const expected = std::exchange(word_sha256_, {});
    bool const right = !expected.empty() && equal_in_constant_time(sha256(word.reveal()), expected);
    if (!right || login != person_.login) return std::nullopt;
    return person_;
}

void BrowserSeat::say(json::object const& notice) const
{
    if (auto const sent = terminal_.send(notice); !sent)
        log(LogLevel::debug, "terminal of " + person_.login + ": " + sent.error().what);
}

} // namespace ecluse::policyd
