#include "gateway/ssh/policy_link.h"

#include "common/bytes.h"
#include "common/json.h"

namespace ecluse::ssh {
namespace {

/// Escaped at worst eightfold, still within what a request may hold.
constexpr std::size_t command_chars_max = 4000;

/// Password hashing takes its turn in policyd's pool; longer means that policyd is not well.
constexpr std::chrono::seconds answer_limit{20};
/// Pushes that may wait while we wait for an answer.
constexpr std::size_t kept_max = 64;
/// What one call of `receive` takes, so that a flood cannot hold the loop.
constexpr std::size_t packets_per_turn = 32;

Result<json::object> body_of(std::string_view text)
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

} // namespace

Result<PolicyLink> PolicyLink::open(Fd socket)
{
    ECLUSE_TRY(set_nonblocking(socket.get(), true));
    return PolicyLink{PacketSocket{std::move(socket)}};
}

Result<PolicyLink::Id> PolicyLink::ask(json::object& request)
{
    request["id"] = ++last_id_;
    ECLUSE_TRY(socket_.send(request));
    return last_id_;
}

Result<Packet> PolicyLink::await(Id id)
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

Result<PolicyLink::Hello> PolicyLink::hello()
{
    json::object request{{"do", "worker.hello"}, {"protocol", "ssh"}};
    auto const id = ECLUSE_TRY(ask(request));
    auto packet = ECLUSE_TRY(await(id));
    auto const body = ECLUSE_TRY(body_of(packet.json));
    Hello hello;
    hello.settings = ECLUSE_TRY(read_settings(body));
    hello.host_keys = std::move(packet.descriptors);
    if (hello.host_keys.empty()) return Error{Errc::malformed, "no host key from policyd"};
    return hello;
}

Result<bool> PolicyLink::is_acceptable(std::string const& login, std::string const& key)
{
    json::object request{{"do", "auth.probe"}, {"login", login}, {"key", key}};
    auto const id = ECLUSE_TRY(ask(request));
    auto const packet = ECLUSE_TRY(await(id));
    auto const body = ECLUSE_TRY(body_of(packet.json));
    Fields fields{body};
    bool const acceptable = fields.flag("acceptable");
    ECLUSE_TRY(fields.finish());
    return acceptable;
}

Result<AuthOutcome> PolicyLink::finish(Proof const& proof)
{
    json::object request{{"do", "auth.finish"}, {"login", proof.login}};
    if (!proof.key.empty())
        request["key"] = proof.key;
    else
        request["password"] = proof.password.reveal();
    request["code"] = proof.code.reveal();
    request["id"] = ++last_id_;
    auto text = json::serialize(request);
    auto const sent = socket_.send(std::string_view{text});
    wipe(text);
    if (!sent) return sent.error();
    auto const packet = ECLUSE_TRY(await(last_id_));
    auto const body = ECLUSE_TRY(body_of(packet.json));
    return read_auth_outcome(body);
}

Result<>
PolicyLink::tell_incomplete(std::string_view login, std::string_view step, std::string_view why)
{
    json::object request{{"do", "auth.incomplete"}, {"login", login}, {"step", step}, {"why", why}};
    ECLUSE_TRY(ask(request));
    return {};
}

Result<PolicyLink::Id> PolicyLink::ask_menu()
{
    json::object request{{"do", "menu"}};
    auto const id = ECLUSE_TRY(ask(request));
    asked_[id] = Asked::menu;
    return id;
}

Result<PolicyLink::Id> PolicyLink::ask_open(OpenRequest const& open)
{
    json::object request{
        {"do", "open"}, {"channel", open.channel}, {"kind", to_text(open.kind)}, {"pty", open.pty}};
    if (!open.window.empty()) request["window"] = open.window;
    if (!open.asset.empty()) request["asset"] = open.asset;
    if (!open.account.empty()) request["account"] = open.account;
    // To be read by people: the whole command, whatever its bytes, goes to the recording.
    if (!open.command.empty()) request["command"] = printable(open.command, command_chars_max);
    auto const id = ECLUSE_TRY(ask(request));
    asked_[id] = Asked::open;
    return id;
}

Result<PolicyLink::Id>
PolicyLink::tell_target_failed(std::string_view code, std::string_view detail)
{
    json::object request{{"do", "target.failed"}, {"code", code}, {"detail", detail}};
    auto const id = ECLUSE_TRY(ask(request));
    asked_[id] = Asked::target_failed;
    return id;
}

Result<> PolicyLink::tell_event(std::string_view event)
{
    std::string text = "{\"do\":\"event\",\"id\":" + std::to_string(++last_id_) + ",";
    text.append(event.substr(1));
    return socket_.send(std::string_view{text});
}

Result<>
PolicyLink::tell_ended(std::string_view reason, std::uint64_t bytes_in, std::uint64_t bytes_out)
{
    json::object request{
        {"do", "ended"}, {"reason", reason}, {"bytes_in", bytes_in}, {"bytes_out", bytes_out}};
    ECLUSE_TRY(ask(request));
    return {};
}

Result<PolicyLink::Message> PolicyLink::read(Packet packet)
{
    auto const object = ECLUSE_TRY(parse_object(packet.json));
    if (object.contains("push")) return Message{ECLUSE_TRY(read_push(object))};
    auto const id = answered_id(object);
    auto const found = asked_.find(id);
    if (found == asked_.end()) return Error{Errc::malformed, "answer to a question never asked"};
    auto const asked = found->second;
    asked_.erase(found);
    auto const body = ECLUSE_TRY(body_of(packet.json));
    if (asked == Asked::menu) return Message{Answer{id, ECLUSE_TRY(read_menu(body))}};
    if (auto const* const refusal = body.if_contains("refusal");
        refusal && refusal->is_object() && body.if_contains("granted") && asked == Asked::open) {
        if (body.at("granted") != json::value(false) || body.size() != 2)
            return Error{Errc::malformed, "refusal with a grant"};
        return Message{Answer{id, ECLUSE_TRY(read_refusal(refusal->get_object()))}};
    }
    if (asked == Asked::target_failed) {
        auto const* const refusal = body.if_contains("refusal");
        if (!refusal || !refusal->is_object()) return Error{Errc::malformed, "no refusal"};
        return Message{Answer{id, ECLUSE_TRY(read_refusal(refusal->get_object()))}};
    }
    json::object grant = body;
    // The only road to a target: an explicit true.
    if (auto const* const granted = grant.if_contains("granted");
        !granted || *granted != json::value(true))
        return Error{Errc::malformed, "neither granted nor refused"};
    grant.erase("granted");
    return Message{Answer{id, ECLUSE_TRY(read_grant(grant, std::move(packet.descriptors)))}};
}

Result<std::vector<PolicyLink::Message>> PolicyLink::receive()
{
    std::vector<Message> messages;
    while (!kept_.empty()) {
        messages.push_back(ECLUSE_TRY(read(std::move(kept_.front()))));
        kept_.pop_front();
    }
    for (std::size_t i = 0; i < packets_per_turn; ++i) {
        auto packet = socket_.receive();
        if (!packet) {
            if (packet.error().code == Errc::unavailable) break;
            return std::move(packet).error();
        }
        if (!*packet) return Error{Errc::io, "policyd closed"};
        messages.push_back(ECLUSE_TRY(read(std::move(**packet))));
    }
    return messages;
}

} // namespace ecluse::ssh
