#include "gateway/terminal/orders.h"

#include "common/json.h"

namespace ecluse::terminal {
namespace {

/// policyd wrote it before this process was started.
constexpr std::chrono::seconds orders_limit{10};
constexpr std::size_t login_bytes_max = 256, word_bytes_max = 128, keys_max = 8;

} // namespace

Result<Orders> receive_orders(PacketSocket const& policy)
{
    auto packet = ECLUSE_TRY(policy.receive(orders_limit));
    if (!packet) return Error{Errc::io, "policyd closed"};
    auto const object = parse_object(packet->json);
    wipe(packet->json);
    if (!object) return object.error();
    Fields fields{*object};
    Orders orders;
    orders.login = fields.text("login", login_bytes_max);
    auto word = fields.text("word", word_bytes_max);
    orders.word = Secret{word};
    orders.host_keys = fields.texts("host_keys", keys_max, 128);
    ECLUSE_TRY(fields.finish());
    return orders;
}

} // namespace ecluse::terminal
