#pragma once

#include "common/packet.h"
#include "policies/core/decide.h"
#include "policies/policyd/connection.h"
#include "policies/policyd/sources.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// A listener's connection: gives it the declared ranges, and takes over the connections that it
/// accepted. It is not believed: each address is read from the vendor's socket and judged again.
class ListenerRole {
public:
    static void start(Context& context, PacketSocket socket);

    explicit ListenerRole(Context& context);

    /// Starts a worker for a browser (listeners.h).
    void push_start(std::string const& address, std::vector<Fd> descriptors);

private:
    Reply hello(Request& request);
    Reply connection(Request& request);
    Reply dropped(Request& request);
    void push_sources();

    Context& context_;
    RequestTable table_;
    std::shared_ptr<Connection> connection_;
    Sources::Listener on_sources_;
    std::optional<Protocol> door_; // once greeted

public:
    ~ListenerRole();
};

} // namespace ecluse::policyd
