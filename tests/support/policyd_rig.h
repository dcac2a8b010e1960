#pragma once

#include "common/fd.h"
#include "common/json.h"
#include "common/packet.h"
#include "common/time.h"
#include "policies/vault/ssh_key.h"
#include "policies/vault/vault.h"
#include "tests/support/identity.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The real ecluse-policyd in a folder of its own, and the roles that talk to it. Rows are written
/// through the store before it starts: afterwards the database is its alone.
namespace ecluse {
class Database;
}

namespace ecluse::test {

using namespace std::chrono_literals;

/// A listening TCP socket on loopback: the target that policyd dials.
class TcpTarget {
public:
    TcpTarget();
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// The connection that policyd made, within the limit; an empty Fd when none came.
    [[nodiscard]] Fd accept(std::chrono::milliseconds limit);
    void stop_listening() { fd_.reset(); }

private:
    std::uint16_t port_ = 0; // before fd_, whose making sets it
    Fd fd_;
};

/// One technician of one vendor, one target, one window around now: everything in order. A test
/// spoils what it needs before policyd starts.
struct World {
    std::string password = "Pierre-qui-roule-7";
    std::string totp_secret;
    std::vector<std::string> recovery; // as typed
    std::string ssh_key;               // the technician's, "ssh-ed25519 AAAA…"
    std::string target_key;            // the account's public blob
    UtcTime opens, closes;
};

/// The other end of a role's socket.
class Peer {
public:
    explicit Peer(PacketSocket socket) : socket_{std::move(socket)} {}

    /// The answer to this request; pushes met on the way are kept.
    json::object ask(json::object request, std::vector<int> const& descriptors = {});
    /// A notice, or a request whose answer the test takes later.
    std::int64_t tell(json::object request, std::vector<int> const& descriptors = {});
    json::object answer_to(std::int64_t id, std::chrono::milliseconds limit = 10s);
    std::optional<json::object> push(std::string_view name, std::chrono::milliseconds limit = 10s);
    /// Whether policyd closed this socket within the limit.
    bool closed(std::chrono::milliseconds limit = 10s);
    void close() { socket_ = PacketSocket{}; }

    std::vector<Fd> descriptors; // of the last answer or push

private:
    std::optional<json::object> next(std::chrono::milliseconds limit);

    PacketSocket socket_;
    std::int64_t id_ = 0;
    std::deque<std::pair<json::object, std::vector<Fd>>> pushes_;
    bool closed_ = false;
};

class PolicydRig {
public:
    /// Makes the folder, keys and rows.
    PolicydRig();
    ~PolicydRig();
    PolicydRig(PolicydRig const&) = delete;
    PolicydRig& operator=(PolicydRig const&) = delete;

    /// Rows of the test's own; policyd must not run.
    void with_database(std::function<void(Database&)> const& work);
    void sql(std::string const& statement);
    void write(std::string const& path, std::string const& text, unsigned mode = 0600);

    void start(std::vector<std::string> environment = {});
    void signal(int number) const;
    /// The exit status, or minus the signal.
    int wait();
    /// Standard error so far.
    [[nodiscard]] std::string log() const;

    /// Waits for a line of its log; for what no answer tells.
    void wait_for_log(std::string_view text, std::chrono::milliseconds limit = 15s) const;
    /// Before policyd starts: the target is a desktop (its account in the domain CHU), the window
    /// grants desktop and clipboard_in, and the listener and the workers are of the RDP door.
    void make_desktop();
    static constexpr char const* desktop_password = "Trois-chats-gris-9";
    static constexpr char const* desktop_pin =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    /// A listener that has said hello.
    [[nodiscard]] Peer& listener();
    /// A new vendor connection from `from` (a loopback address), and the worker that serves it.
    [[nodiscard]] Peer worker(std::string const& from = "127.0.0.1");
    /// A worker greeted and logged in with password and a fresh recovery code.
    [[nodiscard]] Peer logged_in(std::string const& from = "127.0.0.1");
    [[nodiscard]] json::object login_request(std::string const& login = "jmartin");

    /// Events of this type in the journal's database, once policyd has stopped.
    [[nodiscard]] std::vector<json::object> journal(std::string const& type);

    [[nodiscard]] std::string const& root() const { return folder_.path(); }
    World world;
    std::string door = "ssh";
    TcpTarget target;

private:
    void seed();

    TemporaryFolder folder_;
    std::unique_ptr<Vault> vault_;
    std::unique_ptr<Peer> listener_;
    int pid_ = -1;
    std::size_t codes_used_ = 0;
};

} // namespace ecluse::test
