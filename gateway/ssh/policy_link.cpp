#include "gateway/ssh/policy_link.h"

#include "common/bytes.h"
#include "common/json.h"

namespace ecluse::ssh {
namespace {

/// Escaped at worst eightfold, still within what a request may hold.
constexpr std::size_t command_chars_max = 4000;

/// What one call of `receive` takes, so that a flood cannot hold the loop.
constexpr std::size_t packets_per_turn = 32;

} // namespace

Result<PolicyLink> PolicyLink::open(Fd socket)
{
    return PolicyLink{ECLUSE_TRY(gateway::PolicySocket::open(std::move(socket)))};
}

Result<PolicyLink::Hello> PolicyLink::hello()
{
    json::object request{{"do", "worker.hello"}, {"protocol", "ssh"}};
    auto const id = ECLUSE_TRY(socket_.ask(request));
    auto packet = ECLUSE_TRY(socket_.await(id));
    auto const body = ECLUSE_TRY(gateway::answer_body(packet.json));
    Hello hello;
    hello.settings = ECLUSE_TRY(read_settings(body));
    hello.host_keys = std::move(packet.descriptors);
    if (hello.host_keys.empty()) return Error{Errc::malformed, "no host key from policyd"};
    return hello;
}

Result<bool> PolicyLink::is_acceptable(std::string const& login, std::string const& key)
{
    json::object request{{"do", "auth.probe"}, {"login", login}, {"key", key}};
    auto const id = ECLUSE_TRY(socket_.ask(request));
    auto const packet = ECLUSE_TRY(socket_.await(id));
    auto const body = ECLUSE_TRY(gateway::answer_body(packet.json));
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
    auto const id = ECLUSE_TRY(socket_.ask_secretly(request));
    auto const packet = ECLUSE_TRY(socket_.await(id));
    auto const body = ECLUSE_TRY(gateway::answer_body(packet.json));
    return gateway::read_auth_outcome(body);
}

Result<>
PolicyLink::tell_incomplete(std::string_view login, std::string_view step, std::string_view why)
{
    json::object request{{"do", "auth.incomplete"}, {"login", login}, {"step", step}, {"why", why}};
    ECLUSE_TRY(socket_.ask(request));
    return {};
}

Result<PolicyLink::Id> PolicyLink::ask_menu()
{
    json::object request{{"do", "menu"}};
    auto const id = ECLUSE_TRY(socket_.ask(request));
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
    auto const id = ECLUSE_TRY(socket_.ask(request));
    asked_[id] = Asked::open;
    return id;
}

Result<PolicyLink::Id>
PolicyLink::tell_target_failed(std::string_view code, std::string_view detail)
{
    json::object request{{"do", "target.failed"}, {"code", code}, {"detail", detail}};
    auto const id = ECLUSE_TRY(socket_.ask(request));
    asked_[id] = Asked::target_failed;
    return id;
}

Result<> PolicyLink::tell_event(std::string_view event)
{
    return socket_.tell_event(event);
}

Result<>
PolicyLink::tell_ended(std::string_view reason, std::uint64_t bytes_in, std::uint64_t bytes_out)
{
    return socket_.tell_ended(reason, bytes_in, bytes_out);
}

Result<PolicyLink::Message> PolicyLink::read(Packet packet)
{
    auto const object = ECLUSE_TRY(parse_object(packet.json));
    if (object.contains("push")) return Message{ECLUSE_TRY(gateway::read_push(object))};
    auto const id = gateway::answered_id(object);
    auto const found = asked_.find(id);
    if (found == asked_.end()) return Error{Errc::malformed, "answer to a question never asked"};
    auto const asked = found->second;
    asked_.erase(found);
    auto const body = ECLUSE_TRY(gateway::answer_body(packet.json));
    if (asked == Asked::menu) return Message{Answer{id, ECLUSE_TRY(gateway::read_menu(body))}};
    if (auto const* const refusal = body.if_contains("refusal");
        refusal && refusal->is_object() && body.if_contains("granted") && asked == Asked::open) {
        if (body.at("granted") != json::value(false) || body.size() != 2)
            return Error{Errc::malformed, "refusal with a grant"};
        return Message{Answer{id, ECLUSE_TRY(gateway::read_refusal(refusal->get_object()))}};
    }
    if (asked == Asked::target_failed) {
        auto const* const refusal = body.if_contains("refusal");
        if (!refusal || !refusal->is_object()) return Error{Errc::malformed, "no refusal"};
        return Message{Answer{id, ECLUSE_TRY(gateway::read_refusal(refusal->get_object()))}};
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
    for (std::size_t i = 0; i < packets_per_turn; ++i) {
        auto packet = ECLUSE_TRY(socket_.take());
        if (!packet) break;
        messages.push_back(ECLUSE_TRY(read(std::move(*packet))));
    }
    return messages;
}

} // namespace ecluse::ssh
