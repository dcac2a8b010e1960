#pragma once

#include "common/loop.h"
#include "recorder/daemon/client.h"
#include "recorder/daemon/disk.h"
#include "recorder/daemon/live.h"
#include "recorder/daemon/options.h"
#include "recorder/daemon/store.h"

#include <boost/json/fwd.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ecluse {
class Fields;
}

namespace ecluse::recorder {

/// Serves policyd, one connection at a time (docs/requests.md §4), and keeps the live recordings.
class Server {
public:
    Server(Loop& loop, Options const& options, Store store);

    /// Seals what an earlier life left open, then listens.
    Result<> start(Fd listener);

private:
    struct Row;

    // Connection
    void accept();
    void received(Packet packet);
    void drop_client(std::string const& why);
    void send(boost::json::object const& object, std::vector<Fd> descriptors = {});
    void answer_error(std::int64_t id, Error const& error);

    // Requests
    static Row const rows[];
    void hello(std::int64_t id, Fields& fields);
    void create(std::int64_t id, Fields& fields);
    void open(std::int64_t id, Fields& fields);
    void countersign(std::int64_t id, Fields& fields);
    void ping(std::int64_t id, Fields& fields);
    void list(std::int64_t id, Fields& fields);
    void purge(std::int64_t id, Fields& fields);
    void watch(std::int64_t id, Fields& fields);
    void unwatch(std::int64_t id, Fields& fields);

    // Recordings
    void recover_all();
    /// Without an id, the connection that asked is gone.
    void begin(std::optional<std::int64_t> id, std::unique_ptr<recording::RecordingWriter> writer);
    void recording_failed(std::string const& session, std::string const& why);
    void recording_ended(
        std::string const& session, std::optional<recording::SealSummary> const& summary
    );

    void viewer_gone(std::string const& watch, std::string const& why);
    void tick();
    void watch_disk();
    void terminate();
    void stop_when_idle();

    Loop& loop_;
    Options const& options_;
    Store store_;
    Disk disk_;
    PlainBudget budget_;
    Fd listener_;
    Loop::Watch accepting_;
    std::unique_ptr<Client> client_;
    /// Counts connections: an answer computed for one never goes to the next.
    std::uint64_t connection_ = 0;
    std::int64_t last_id_ = 0;
    bool greeted_ = false;
    std::vector<recording::Recipient> recipients_;
    std::map<std::string, std::shared_ptr<LiveRecording>, std::less<>> live_;
    std::set<std::string, std::less<>> creating_;
    std::map<std::string, std::shared_ptr<Viewer>, std::less<>> viewers_;
    Fd passed_; // with the request under way
    Loop::Watch ticking_;
    Loop::Watch disk_watch_;
    Deadline disk_end_since_{};
    bool terminating_ = false;
};

} // namespace ecluse::recorder
