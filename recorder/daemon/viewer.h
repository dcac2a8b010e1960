#pragma once

#include "common/fd.h"
#include "common/loop.h"
#include "recorder/format/frame.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ecluse::recorder {

/// What somebody who watches is given: pictures, text, sizes; never what was typed, hidden or not,
/// nor what a clipboard held.
[[nodiscard]] bool is_to_watch(FrameKind kind);
[[nodiscard]] std::string frames_to_watch(std::string_view frames);

/// One person who watches a recording while it is made: copies of frames that are on disk, through
/// a bounded queue. Whoever reads too slowly is dropped, with the reason as the last frame.
class Viewer {
public:
    /// A large desktop's ten seconds of change fit. Whoever is further behind does not watch.
    static constexpr std::size_t waiting_bytes_max = 12UL * 1024 * 1024;
    /// What it takes at most, once it has its last frame, before it is closed all the same.
    static constexpr std::chrono::milliseconds goodbye_max{3000};

    /// `gone`: once, later, however it ended: "left", "slow", or what `finish` was told.
    Viewer(Loop& loop, Fd socket, std::function<void(std::string const& why)> gone);

    /// What was before this moment comes first; what is added meanwhile waits behind it.
    void begin(std::string before);
    void add(std::shared_ptr<std::string const> const& frames);
    /// Drops what waits, but for a frame that has left in part, says why and closes.
    void finish(std::string_view why);
    [[nodiscard]] bool closed() const { return !socket_; }
    [[nodiscard]] bool begun() const { return begun_; }

private:
    using Chunk = std::shared_ptr<std::string const>;

    void flush();
    void listen();
    void close();
    void queue(Chunk chunk);
    [[nodiscard]] std::size_t rest_of_frame() const;

    Loop& loop_;
    Fd socket_;
    std::function<void(std::string const&)> gone_;
    std::deque<Chunk> waiting_;
    std::size_t sent_ = 0; // of the first chunk
    std::size_t waiting_bytes_ = 0;
    bool begun_ = false;
    std::string why_;
    Loop::Watch reading_, writing_, closing_;
};

} // namespace ecluse::recorder
