#pragma once

#include "common/text.h"
#include "common/time.h"
#include "policies/core/decide.h"
#include "policies/policyd/reply.h"

#include <boost/json/fwd.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// Why a session ends and what its user reads: an end reason of docs/requests.md §3.1, the code and
/// the sentence. `by` and `comment` go into the session's row.
struct Ending {
    std::string reason; // "window_end", "closed_by_hospital", "cut", "revoked", …
    std::string code;   // shown; may be empty
    TextKey text;
    std::vector<std::pair<std::string, std::string>> holes = {};
    std::string by = {};      // person id; empty: the system
    std::string comment = {}; // the reason given by that person
};

/// What a session's journal, header and report call the portal's own terminal.
constexpr char const* client_browser = "browser";

/// One session on a target, from its grant to the end of its worker.
struct LiveSession {
    std::string id, connection, window, person, vendor, asset, account, source_address;
    std::string asset_name, person_name;
    std::string client; // empty: a program of the vendor's; else `client_browser`
    Protocol protocol = Protocol::ssh;
    Language language = Language::french;
    std::string notice; // for its user alone, below the first line; empty: none
    UtcMillis started{};
    UtcTime until{};
    Deadline deadline{};
    bool watched_only = false; // its window wants an escort who watches
    bool paused = false;       // and none does: what the vendor sends waits
    bool ending = false;
    std::string end_reason, end_by, end_comment;
    Deadline kill_at{}; // ending: when we close the worker's connection ourselves
};

/// How a live session reaches its worker. Implemented by the worker's connection.
class LiveWorker {
public:
    virtual ~LiveWorker() = default;
    virtual void push_end(Ending const& ending, Language language) = 0;
    virtual void push_extended(LiveSession const& session) = 0;
    virtual void push_message(std::string_view text) = 0;
    /// Somebody of the hospital begins to watch, or nobody does any more.
    virtual void push_watched(bool watched) = 0;
    /// What the vendor sends waits from now on, or no longer.
    virtual void push_paused(bool paused, std::string_view text) = 0;
    virtual void hang_up() = 0;
};

/// The sessions running now. Everything here acts on them at once (the worker has the order within
/// the same turn of the loop, and loses its connection one second later); the rows and the journal
/// entry that explain the act are the caller's, written BEFORE calling. Each function returns how
/// many sessions it touched.
class Live {
public:
    /// A worker that has not ended this long after the order is cut off.
    static constexpr std::chrono::milliseconds grace{1000};

    explicit Live(std::function<Deadline()> monotonic) : monotonic_{std::move(monotonic)} {}

    std::size_t cut(std::string_view session, Ending const& ending);
    std::size_t close_window(std::string_view window, Ending const& ending);
    std::size_t extend(std::string_view session, UtcTime until, Deadline deadline);
    std::size_t revoke_person(std::string_view person, Ending const& ending);
    std::size_t revoke_vendor(std::string_view vendor, Ending const& ending);
    /// Ends sessions whose address `still_declared` no longer accepts (vendor id, address text).
    std::size_t revoke_source(
        std::function<bool(std::string_view, std::string_view)> const& still_declared,
        Ending const& ending
    );
    std::size_t revoke_asset(std::string_view asset, Ending const& ending);
    std::size_t end_all(Ending const& ending);
    std::size_t message(std::string_view session, std::string_view text);
    void watched(std::string_view session, bool watched);
    void pause(std::string_view session, bool paused, std::string_view text);

    [[nodiscard]] std::size_t count() const { return sessions_.size(); }
    [[nodiscard]] std::size_t count_on_asset(std::string_view asset) const;
    [[nodiscard]] std::vector<LiveSession> list() const;
    [[nodiscard]] LiveSession const* find(std::string_view session) const;

    void add(LiveSession session, LiveWorker& worker);
    void remove(std::string_view session);
    /// Ends what is past its deadline and hangs up on workers that did not obey.
    void tick(Ending const& window_end);

private:
    struct Entry {
        LiveSession session;
        LiveWorker* worker;
    };
    std::size_t
    end_where(std::function<bool(LiveSession const&)> const& which, Ending const& ending);

    std::map<std::string, Entry, std::less<>> sessions_;
    std::function<Deadline()> monotonic_;
};

} // namespace ecluse::policyd
