#pragma once

#include "common/fd.h"
#include "common/result.h"

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// policyd's side of the recorder's socket. While it is not `ready`, nobody gets a session; when it
/// stops answering, everybody's ends (design invariant 2).
class RecorderLink {
public:
    static constexpr std::chrono::milliseconds ping_period{300};
    static constexpr std::chrono::milliseconds silence_max{1000};
    static constexpr std::chrono::milliseconds retry_period{300};

    RecorderLink();
    ~RecorderLink();
    /// Connects now and again until it works.
    void start(Context& context);
    void stop();

    /// Connected, greeted, answering, and with room for new sessions.
    [[nodiscard]] bool ready() const;
    [[nodiscard]] std::string state() const; // "ok", "warn", "refuse", "end", "absent"
    [[nodiscard]] std::int64_t free_bytes() const;

    /// A durable header and an intake, or why not. Called once, on the loop's thread.
    using Created = std::function<void(Result<Fd>)>;
    void create(std::string const& session, boost::json::object header, Created done);

    struct Opened {
        std::vector<std::string> names;
        std::vector<Fd> files; // same order, read-only
    };
    using Read = std::function<void(Result<Opened>)>;
    /// A recording's files, for replay and export.
    void open(std::string const& session, Read done);
    /// Copies of what is durable of a live session go to `socket` from now on (docs/requests.md
    /// §4), until it closes, the session ends or `unwatch`; the end is told to Watches.
    using Watched = std::function<void(Result<>)>;
    void watch(std::string const& session, std::string const& watch, Fd socket, Watched done);
    void unwatch(std::string const& watch);
    /// Stores the evidence key's signature beside the seal.
    void countersign(
        std::string const& session, std::string const& signature, std::string const& certificate
    );
    /// Destroys a recording's content (docs/formats/recording.md, Purge). Answers with the SHA-256
    /// of the certificate that now lies beside what is left: an earlier one when there was one.
    using Purged = std::function<void(Result<std::string>)>;
    void purge(std::string const& certificate, std::string const& signature, Purged done);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace ecluse::policyd
