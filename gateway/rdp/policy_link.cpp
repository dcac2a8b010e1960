#include "gateway/rdp/policy_link.h"

#include "common/json.h"

namespace ecluse::rdp {
namespace {

/// A certificate with its chain, and a key, in PEM.
constexpr std::size_t pem_bytes_max = 256UL * 1024;
/// What one call of `take_pushes` takes, so that a flood cannot hold the loop.
constexpr std::size_t pushes_per_turn = 32;

} // namespace

Result<PolicyLink> PolicyLink::open(Fd socket)
{
    return PolicyLink{ECLUSE_TRY(gateway::PolicySocket::open(std::move(socket)))};
}

Result<json::object> PolicyLink::answer_to(gateway::PolicySocket::Id id)
{
    auto const packet = ECLUSE_TRY(socket_.await(id));
    return gateway::answer_body(packet.json);
}

Result<PolicyLink::Hello> PolicyLink::hello()
{
    json::object request{{"do", "worker.hello"}, {"protocol", "rdp"}};
    auto const id = ECLUSE_TRY(socket_.ask(request));
    auto const packet = ECLUSE_TRY(socket_.await(id));
    Hello hello;
    hello.settings = ECLUSE_TRY(read_settings(ECLUSE_TRY(gateway::answer_body(packet.json))));
    if (packet.descriptors.size() != 2)
        return Error{Errc::malformed, "hello: no certificate and key"};
    hello.certificate = ECLUSE_TRY(read_all(packet.descriptors[0].get(), pem_bytes_max));
    auto key = ECLUSE_TRY(read_all(packet.descriptors[1].get(), pem_bytes_max));
    hello.key = Secret{key};
    return hello;
}

Result<TicketOutcome> PolicyLink::redeem(Secret const& ticket)
{
    json::object request{{"do", "ticket.redeem"}, {"ticket", ticket.reveal()}};
    auto const id = ECLUSE_TRY(socket_.ask_secretly(request));
    return read_ticket_outcome(ECLUSE_TRY(answer_to(id)));
}

Result<AuthOutcome>
PolicyLink::finish(std::string const& login, Secret const& password, Secret const& code)
{
    json::object request{
        {"do", "auth.finish"},
        {"login", login},
        {"password", password.reveal()},
        {"code", code.reveal()}};
    auto const id = ECLUSE_TRY(socket_.ask_secretly(request));
    return gateway::read_auth_outcome(ECLUSE_TRY(answer_to(id)));
}

Result<Menu> PolicyLink::menu()
{
    json::object request{{"do", "menu"}};
    auto const id = ECLUSE_TRY(socket_.ask(request));
    return gateway::read_menu(ECLUSE_TRY(answer_to(id)));
}

Result<Opened> PolicyLink::ask_open(OpenRequest const& open)
{
    json::object request{
        {"do", "open"}, {"channel", 0}, {"asset", open.asset}, {"kind", "desktop"}};
    if (!open.account.empty()) request["account"] = open.account;
    if (!open.window.empty()) request["window"] = open.window;
    auto const id = ECLUSE_TRY(socket_.ask(request));
    auto packet = ECLUSE_TRY(socket_.await(id));
    auto body = ECLUSE_TRY(gateway::answer_body(packet.json));
    auto const* const granted = body.if_contains("granted");
    if (granted && *granted == json::value(false)) {
        auto const* const refusal = body.if_contains("refusal");
        if (!refusal || !refusal->is_object() || body.size() != 2)
            return Error{Errc::malformed, "refusal without a reason, or with a grant"};
        return Opened{ECLUSE_TRY(gateway::read_refusal(refusal->get_object()))};
    }
    // The only road to a target: an explicit true.
    if (!granted || *granted != json::value(true))
        return Error{Errc::malformed, "neither granted nor refused"};
    body.erase("granted");
    return Opened{ECLUSE_TRY(read_grant(body, std::move(packet.descriptors)))};
}

Result<Refusal> PolicyLink::tell_target_failed(std::string_view code, std::string_view detail)
{
    json::object request{{"do", "target.failed"}, {"code", code}, {"detail", detail}};
    auto const id = ECLUSE_TRY(socket_.ask(request));
    auto const body = ECLUSE_TRY(answer_to(id));
    auto const* const refusal = body.if_contains("refusal");
    if (!refusal || !refusal->is_object()) return Error{Errc::malformed, "no refusal"};
    return gateway::read_refusal(refusal->get_object());
}

Result<>
PolicyLink::tell_incomplete(std::string_view login, std::string_view step, std::string_view why)
{
    json::object request{{"do", "auth.incomplete"}, {"login", login}, {"step", step}, {"why", why}};
    ECLUSE_TRY(socket_.ask(request));
    return {};
}

Result<std::vector<Push>> PolicyLink::take_pushes()
{
    std::vector<Push> pushes;
    for (std::size_t i = 0; i < pushes_per_turn; ++i) {
        auto const packet = ECLUSE_TRY(socket_.take());
        if (!packet) break;
        auto const object = ECLUSE_TRY(parse_object(packet->json));
        if (!object.contains("push"))
            return Error{Errc::malformed, "answer to a question never asked"};
        pushes.push_back(ECLUSE_TRY(gateway::read_push(object)));
    }
    return pushes;
}

} // namespace ecluse::rdp
