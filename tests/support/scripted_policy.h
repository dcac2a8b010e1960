#pragma once

#include "common/fd.h"
#include "common/packet.h"

#include <boost/json.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// policyd as the gateway sees it, for scenario tests: it stands where a process ends, speaks
/// docs/requests.md on listen.sock, and writes down what it is told.
namespace ecluse::test {

/// What the recorder's intake received.
struct RecordedFrame {
    char kind;
    unsigned channel;
    std::string payload;
};

class ScriptedPolicy {
public:
    /// What it answers; change it before the connection that shall see it.
    struct Script {
        std::string login = "alice";
        std::string key; // "ssh-ed25519 AAAA…", acceptable
        std::string password = "correct horse";
        std::string code = "123456";
        std::int64_t attempts_max = 6;
        std::int64_t auth_timeout_s = 30;
        std::int64_t first_channel_s = 60;
        std::int64_t idle_s = 600;
        std::int64_t channels_max = 10;
        std::int64_t rekey_bytes = 0;
        std::int64_t left_ms = 3'600'000;
        bool paused = false;
        std::int64_t stall_ms = 900;
        std::int64_t wait_s = 0;
        std::int64_t exec_budget_bytes = 8 * 1024 * 1024;
        std::int64_t windows = 1; // in the menu
        std::int64_t waits = 0;   // how often `open` is told to wait
        std::vector<std::string> functions{"shell", "exec", "file_up", "file_down"};
        std::vector<std::string> target_keys;
        std::string target_user;
        std::string target_password; // empty: agent
        std::string refuse;          // a code: `open` is refused with it
        std::string answer_address = "127.0.0.0/8\n::1/128\n";
        bool acknowledge = true;
        std::string version_string = "Ecluse";
        std::string kex = "curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group16-"
                          "sha512,diffie-hellman-group18-sha512";
        // RDP: the door's certificate and key are the host keys above.
        std::string ticket = "PUBLIC0123456789SECRETSECRETSECRETSECRETSECRET00";
        std::string target_security = "tls";
        std::string ciphers = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@"
                              "openssh.com,aes256-ctr,aes128-ctr";
    };
    /// A connected socket to the target, and to an agent with its key.
    using Dial = std::function<Fd()>;

    ScriptedPolicy(
        std::string const& socket_path, std::vector<std::string> host_keys, Dial target, Dial agent
    );
    ~ScriptedPolicy();
    ScriptedPolicy(ScriptedPolicy const&) = delete;
    ScriptedPolicy& operator=(ScriptedPolicy const&) = delete;

    void change(std::function<void(Script&)> const& with);
    /// Requests received so far, in order, from all connections.
    [[nodiscard]] std::vector<boost::json::object> requests(std::string_view named) const;
    /// Waits for the n-th request of this name.
    [[nodiscard]] bool wait_for(
        std::string_view named,
        std::size_t count = 1,
        std::chrono::seconds limit = std::chrono::seconds{10}
    ) const;
    /// Events of this type.
    [[nodiscard]] std::vector<boost::json::object> events(std::string_view type) const;
    /// Sends a push to every live worker.
    void push(boost::json::object const& packet);
    void push_sources(std::string const& ranges);
    /// Closes every worker's socket, as policyd's death would.
    void drop_workers();
    void drop_listener();
    [[nodiscard]] std::vector<RecordedFrame> frames() const;
    [[nodiscard]] std::string recorded(char kind) const;
    [[nodiscard]] bool wait_for_frame(
        char kind,
        std::string_view containing,
        std::chrono::seconds limit = std::chrono::seconds{10}
    ) const;
    void forget();
    /// Where intakes come from, instead of a drain of our own: the real recorder.
    void use_intake(Dial intake);

private:
    struct Connection;
    struct Intake;
    void serve_listener();
    void serve_worker(std::shared_ptr<Connection> connection);
    Fd next_intake();
    [[nodiscard]] Fd drained_intake();
    void serve_intake(std::shared_ptr<Intake> intake);
    [[nodiscard]] boost::json::object answer(
        Connection& connection, boost::json::object const& request, std::vector<Fd>& descriptors
    );
    void note(boost::json::object const& request);

    std::vector<std::string> host_keys_;
    Dial target_;
    Dial agent_;
    Dial intake_;
    Fd listener_;
    PacketSocket door_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    Script script_;
    std::vector<boost::json::object> requests_;
    std::vector<RecordedFrame> frames_;
    std::vector<std::shared_ptr<Connection>> connections_;
    std::vector<std::thread> threads_;
    std::atomic<bool> stop_{false};
};

} // namespace ecluse::test
