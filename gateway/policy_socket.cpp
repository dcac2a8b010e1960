#include "gateway/policy_socket.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/secret.h"

namespace ecluse::gateway {
namespace {

/// Password hashing takes its turn in policyd's pool; longer means that policyd is not well.
constexpr std::chrono::seconds answer_limit{20};
/// Pushes that may wait while we wait for an answer.
constexpr std::size_t kept_max = 64;

} // namespace

Result<json::object> answer_body(std::string_view text)
{
    auto object = ECLUSE_TRY(parse_object(text));
    auto const* const ok = object.if_contains("ok");
    if (!ok || !ok->is_bool()) return Error{Errc::malformed, "answer without ok"};
    if (!ok->get_bool()) return Error{Errc::refused, "policyd refused the request"};
    object.erase("re");
    object.erase("ok");
    return object;
}

std::int64_t answered_id(json::object const& object)
{
    auto const* const re = object.if_contains("re");
    return re && re->is_int64() ? re->get_int64() : 0;
}

Result<PolicySocket> PolicySocket::open(Fd socket)
{
    ECLUSE_TRY(set_nonblocking(socket.get(), true));
    return PolicySocket{PacketSocket{std::move(socket)}};
}

Result<PolicySocket::Id> PolicySocket::ask(json::object& request)
{
    request["id"] = ++last_id_;
    ECLUSE_TRY(socket_.send(request));
    return last_id_;
}

Result<PolicySocket::Id> PolicySocket::ask_secretly(json::object& request)
{
    request["id"] = ++last_id_;
    auto text = json::serialize(request);
    auto const sent = socket_.send(std::string_view{text});
    wipe(text);
    if (!sent) return sent.error();
    return last_id_;
}

Result<> PolicySocket::tell_event(std::string_view event)
{
    std::string text = "{\"do\":\"event\",\"id\":" + std::to_string(++last_id_) + ",";
    text.append(event.substr(1));
    return socket_.send(std::string_view{text});
}

Result<>
PolicySocket::tell_ended(std::string_view reason, std::uint64_t bytes_in, std::uint64_t bytes_out)
{
    json::object request{
        {"do", "ended"}, {"reason", reason}, {"bytes_in", bytes_in}, {"bytes_out", bytes_out}};
    ECLUSE_TRY(ask(request));
    return {};
}

Result<Packet> PolicySocket::await(Id id)
{
    auto const deadline = std::chrono::steady_clock::now() + answer_limit;
    for (;;) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        auto packet = ECLUSE_TRY(socket_.receive(left));
        if (!packet) return Error{Errc::io, "policyd closed"};
        auto const object = ECLUSE_TRY(parse_object(packet->json));
        if (answered_id(object) == id) return std::move(*packet);
        if (kept_.size() >= kept_max)
            return Error{Errc::too_large, "too many packets from policyd"};
        kept_.push_back(std::move(*packet));
    }
}

Result<std::optional<Packet>> PolicySocket::take()
{
    if (!kept_.empty()) {
        auto packet = std::move(kept_.front());
        kept_.pop_front();
        return packet;
    }
    auto packet = socket_.receive();
    if (!packet) {
        if (packet.error().code == Errc::unavailable) return std::optional<Packet>{};
        return std::move(packet).error();
    }
    if (!*packet) return Error{Errc::io, "policyd closed"};
    return packet;
}

} // namespace ecluse::gateway
