#pragma once

#include "common/address.h"
#include "common/packet.h"
#include "gateway/listen/drops.h"
#include "gateway/listen/options.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace ecluse::listen {

/// One door: accepts connections of declared addresses, gives each to a worker of its own, and
/// speaks no protocol. Starts workers for browsers too, when policyd says so. Lives as long as its
/// policyd socket.
class Listener {
public:
    Listener(Options options, Fd socket, PacketSocket policy);

    /// Greets policyd and reads the declared ranges.
    Result<> greet();
    /// Until policyd leaves; always an error then.
    Result<> run();
    [[nodiscard]] std::uint16_t port() const;

private:
    Result<> on_policy();
    Result<> read_sources(Fd const& file);
    Result<> read_limits(std::string const& answer);
    void on_connection();
    Result<> start_worker(Fd vendor, SourceAddress const& from, std::uint16_t from_port);
    /// policyd's order: a worker whose vendor is ecluse-terminal, for a browser at `address`.
    Result<> start_for_browser(std::string const& address, std::vector<Fd> descriptors);
    Result<> run_worker(SourceAddress const& from, int vendor, int policy);
    [[nodiscard]] std::optional<DropReason> refusal(SourceAddress const& from) const;
    void reap();
    void tell_drops();

    Options options_;
    Fd socket_;
    PacketSocket policy_;
    Fd children_; // SIGCHLD
    Fd null_;
    std::vector<AddressRange> ranges_;
    std::int64_t per_source_max_ = 0;
    std::int64_t connections_max_ = 0;
    bool answer_undeclared_ = false;
    std::map<pid_t, SourceAddress> workers_;
    std::set<pid_t> terminals_;
    std::map<SourceAddress, std::int64_t> per_source_;
    Drops drops_;
    std::int64_t last_id_ = 0;
};

} // namespace ecluse::listen
