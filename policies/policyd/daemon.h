#pragma once

#include "common/loop.h"
#include "policies/config/config.h"
#include "policies/journal/journal.h"
#include "policies/policyd/authentication.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/context.h"
#include "policies/policyd/dropped.h"
#include "policies/policyd/event_log.h"
#include "policies/policyd/host_keys.h"
#include "policies/policyd/listeners.h"
#include "policies/policyd/live.h"
#include "policies/policyd/paths.h"
#include "policies/policyd/peers.h"
#include "policies/policyd/purge.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/reviews.h"
#include "policies/policyd/role.h"
#include "policies/policyd/role_terms.h"
#include "policies/policyd/sources.h"
#include "policies/policyd/terminals.h"
#include "policies/policyd/tickets.h"
#include "policies/policyd/timestamps.h"
#include "policies/policyd/watches.h"
#include "policies/policyd/web_doors.h"
#include "policies/policyd/windows.h"
#include "policies/policyd/witnesses.h"
#include "policies/store/database.h"
#include "policies/vault/evidence_key.h"
#include "policies/vault/vault.h"

#include <string>
#include <vector>

namespace ecluse::policyd {

/// What main has opened before there is a loop.
struct Opened {
    std::string root;
    Config config;
    Vault vault;
    Database& database; // the journal points at it too: it stays where main put it
    EvidenceKey evidence;
    Journal journal;
    std::vector<NewHostKey> host_keys; // made before the sockets
    Fd listen_socket, operator_socket, portal_socket, console_socket;
    unsigned web_uid; // who may connect to the last two
    std::string confinement;
};

/// policyd between its start and its end: everything alive, and the clock that drives it.
class Daemon {
public:
    explicit Daemon(Opened& opened);
    /// Writes down what an earlier life left, applies what the clock did meanwhile.
    Result<> prepare();
    /// Until SIGTERM.
    void run();

private:
    void accept_listener();
    void accept_operator();
    void accept_web(Fd const& listener, RequestTable const& table, char const* door);
    void tick();
    void note_jump(std::chrono::milliseconds moved);
    void checkpoint();
    void terminate();

    Opened& opened_;
    // Before the loop: they hold no watch of it. What holds one comes after, and ends first.
    Peers peers_;
    Clock clock_;
    Live live_;
    Watches watches_;
    Windows windows_;
    Sources sources_;
    Dropped dropped_;
    Loop loop_;
    Authentication authentication_;
    Tickets tickets_;
    Terminals terminals_;
    Listeners listeners_;
    RecorderLink recorder_;
    EventLog events_;
    Purge purge_;
    Reviews reviews_;
    RoleTerms role_terms_;
    WebDoors web_;
    Witnesses witnesses_;
    Timestamps timestamps_;
    Context context_;
    // What they answer with may hold watches and programs of its own (searches.h).
    RequestTable operator_table_, portal_table_, console_table_;
    Loop::Watch listen_watch_, operator_watch_, portal_watch_, console_watch_, ticking_,
        checkpointing_, stopping_, watchdog_;
    bool terminating_ = false;
};

} // namespace ecluse::policyd
