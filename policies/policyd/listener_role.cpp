#include "policies/policyd/listener_role.h"

#include "common/address.h"
#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "policies/config/config.h"
#include "policies/policyd/context.h"
#include "policies/policyd/door.h"
#include "policies/policyd/dropped.h"
#include "policies/policyd/listeners.h"
#include "policies/policyd/peers.h"
#include "policies/policyd/violations.h"
#include "policies/policyd/web_doors.h"
#include "policies/policyd/worker_role.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ecluse::policyd {
namespace {

constexpr std::int64_t port_max = 65535;

struct VendorPeer {
    SourceAddress address;
    std::uint16_t port;
};

/// What the kernel says about the vendor's socket; the listener's word is only for its log.
Result<VendorPeer> peer_of(int socket)
{
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
        return os_error("read peer");
    auto const address = ECLUSE_TRY(SourceAddress::from_socket(peer));
    auto const port = peer.ss_family == AF_INET6
                          ? reinterpret_cast<sockaddr_in6 const&>(peer).sin6_port
                          : reinterpret_cast<sockaddr_in const&>(peer).sin_port;
    return VendorPeer{address, ntohs(port)};
}

} // namespace

void ListenerRole::start(Context& context, PacketSocket socket)
{
    auto role = std::make_shared<ListenerRole>(context);
    auto* const self = role.get();
    role->connection_ = std::make_shared<Connection>(
        context.loop,
        std::move(socket),
        Connection::Hooks{
            .table = &self->table_,
            .handle = [](RequestRow const& row, Request request, Answer answer
                      ) { Connection::run_row(row, Caller{}, std::move(request), answer); },
            .language = nullptr,
            .violated = [self](std::string const& why
                        ) { journal_violation(self->context_, "listen", "", why); },
            .closed = [self] { self->context_.peers.drop(self); }}
    );
    role->connection_->start();
    context.peers.keep(std::move(role));
}

ListenerRole::ListenerRole(Context& context) : context_{context}
{
    auto const greeted = [this] { return door_.has_value(); };
    table_.add(
        "listen.hello",
        {.handler = [this](auto&, Request& r, auto&) { return hello(r); }, .once = true}
    );
    table_.add(
        "listen.connection",
        {.handler = [this](auto&, Request& r, auto&) { return connection(r); },
         .answered = false,
         .allowed = greeted}
    );
    table_.add(
        "listen.dropped",
        {.handler = [this](auto&, Request& r, auto&) { return dropped(r); },
         .answered = false,
         .allowed = greeted}
    );
    on_sources_ = [this] { push_sources(); };
}

ListenerRole::~ListenerRole()
{
    context_.sources.remove_listener(&on_sources_);
    context_.listeners.remove(this);
}

void ListenerRole::push_start(std::string const& address, std::vector<Fd> descriptors)
{
    connection_->push({{"push", "start"}, {"address", address}}, std::move(descriptors));
}

Reply ListenerRole::hello(Request& request)
{
    Fields fields{request.fields};
    auto const door = parse_protocol(fields.text("door", 16));
    auto const address = fields.text("address", 64);
    auto const port = fields.number("port", 0, port_max);
    if (!door) fields.fault("door", "unknown");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto list = ECLUSE_TRY(context_.sources.list());
    log(LogLevel::info,
        "listener for " + std::string{to_code(*door)} + " on " + printable(address) + " port " +
            std::to_string(port));
    door_ = door;
    context_.web.note_listener(std::string{to_code(*door)}, {address, port});
    context_.sources.add_listener(&on_sources_);
    context_.listeners.add(*door_, this);
    auto const& limits = limits_of(context_.config, *door_);
    std::vector<Fd> descriptors;
    descriptors.push_back(std::move(list));
    return {
        json::object{
            {"per_source_max", limits.per_source_max},
            {"connections_max", limits.connections_max},
            {"answer_undeclared", limits.answer_undeclared}},
        std::move(descriptors)};
}

void ListenerRole::push_sources()
{
    auto list = context_.sources.list();
    // A listener with an old list would let removed addresses in: better none.
    if (!list) return connection_->close();
    std::vector<Fd> descriptors;
    descriptors.push_back(std::move(*list));
    connection_->push({{"push", "sources"}}, std::move(descriptors));
}

Reply ListenerRole::connection(Request& request)
{
    Fields fields{request.fields};
    auto const told = fields.text("address", 64);
    (void)fields.number("port", 0, port_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (request.descriptors.size() != 2)
        return Reply::violation("listen.connection: two descriptors belong here");
    auto const peer = peer_of(request.descriptors[0].get());
    // Gone already: nobody is there to be refused.
    if (!peer) return Reply::later();
    auto const address = peer->address.to_string();
    bool const declared = context_.sources.declared(address);
    if (!declared && !limits_of(context_.config, *door_).answer_undeclared) {
        context_.dropped.add(std::string{to_code(*door_)}, address, "undeclared", 1);
        return Reply::later();
    }
    WorkerRole::start(
        context_,
        PacketSocket{std::move(request.descriptors[1])},
        {.protocol = *door_, .address = address, .port = peer->port}
    );
    return Reply::later();
}

Reply ListenerRole::dropped(Request& request)
{
    Fields fields{request.fields};
    auto const address = fields.text("address", 64);
    auto const reason = fields.text("reason", 32);
    auto const count = fields.number("count", 1, 1'000'000'000);
    (void)fields.text("since", 32);
    if (reason != "undeclared" && reason != "source_cap" && reason != "total_cap")
        fields.fault("reason", "unknown");
    auto const parsed = SourceAddress::parse(address);
    if (!parsed) fields.fault("address", "not an address");
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    context_.dropped.add(std::string{to_code(*door_)}, parsed->to_string(), reason, count);
    return Reply::later();
}

} // namespace ecluse::policyd
