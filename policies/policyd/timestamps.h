#pragma once

#include "common/loop.h"
#include "common/result.h"
#include "common/time.h"
#include "policies/config/http_url.h"

#include <boost/json/object.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace ecluse::policyd {

struct Context;
class Dial;

/// Tokens of a timestamp authority for every seal and for the journal's head of every day
/// (RFC 3161). The queue is in the database; one is asked for at a time, by ecluse-timestamp, on a
/// socket that policyd dialled (docs/decisions/0024). An authority that is down or lies changes
/// nothing for sessions: the queue waits, and says so.
class Timestamps {
public:
    Timestamps();
    ~Timestamps();
    void start(Context& context);

    /// Nothing where no authority is configured. In the transaction that knows the seal.
    Result<> queue_seal(std::string const& session, std::string const& seal_sha256, UtcMillis at);
    [[nodiscard]] boost::json::object status() const;

private:
    struct Job;
    [[nodiscard]] bool configured() const { return url_.has_value(); }
    Result<> queue_head(UtcMillis at);
    void tick();
    void checkpoint_of_the_day();
    void ask_next();
    void ask(std::shared_ptr<Job> const& job);
    void obtained(Job const& job);
    void failed(Job const& job);

    Context* context_ = nullptr;
    std::optional<HttpUrl> url_;
    std::shared_ptr<Dial> dial_;
    Loop::Watch ticking_, daily_;
    bool asking_ = false, waiting_ = false, told_away_ = false;
    Deadline next_try_{};
    std::chrono::seconds pause_{0};
    std::string code_, why_; // of the last failure since the last token
};

} // namespace ecluse::policyd
