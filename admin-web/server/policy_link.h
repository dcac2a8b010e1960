#pragma once

#include "common/packet.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

/// A connection to policyd: requests with answers, and what it pushes.
namespace ecluse::web {

class PolicyLink : public std::enable_shared_from_this<PolicyLink> {
public:
    struct Reply {
        boost::json::object fields;
        std::vector<Fd> files;
    };
    /// An error means that policyd went away or did not answer in time.
    using Done = std::function<void(Result<Reply>)>;
    /// Under work at the same time; policyd allows 32.
    static constexpr std::size_t waiting_max = 30;
    static constexpr std::size_t line_max = 64; // more wait here, in line
    static constexpr std::chrono::seconds answer_max{30};

    struct Hooks {
        std::function<void(Reply)> pushed;
        std::function<void()> closed; // once
    };
    [[nodiscard]] static Result<std::shared_ptr<PolicyLink>>
    connect(boost::asio::io_context& context, std::string const& path, Hooks hooks);
    PolicyLink(boost::asio::io_context& context, PacketSocket socket, Hooks hooks);
    ~PolicyLink();

    void ask(std::string_view request, boost::json::object fields, Done done);
    /// No answer is expected.
    void tell(std::string_view notice, boost::json::object fields);
    void close();
    [[nodiscard]] bool open() const { return open_; }
    [[nodiscard]] bool idle() const { return waiting_.empty() && line_.empty(); }

private:
    struct Asked {
        std::string text;
        Done done;
    };
    void start();
    void wait();
    void read();
    void take(Packet packet);
    void send(std::string text, std::int64_t id, Done done);
    void send_next();
    void watch_time();

    boost::asio::posix::stream_descriptor descriptor_; // a copy, for waiting
    PacketSocket socket_;
    boost::asio::steady_timer timer_;
    Hooks hooks_;
    struct Waiting {
        Done done;
        std::chrono::steady_clock::time_point until;
    };
    std::map<std::int64_t, Waiting> waiting_;
    std::deque<Asked> line_;
    std::int64_t last_id_ = 0;
    bool open_ = true;
};

} // namespace ecluse::web
