#include "recorder/export/film.h"

#include "common/bytes.h"
#include "common/fd.h"
#include "common/json.h"
#include "recorder/export/frames.h"
#include "recorder/export/terminal.h"
#include "recorder/format/mp4.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace ecluse::recording {
namespace {

constexpr std::size_t title_bytes_max = 400;
/// A line feed also returns.
constexpr std::string_view newline_mode = "\x1b[20h";

/// The program that draws, with its two ends.
class Painter {
public:
    [[nodiscard]] static Result<Painter> start(std::string const& program)
    {
        std::array<int, 2> in{}, out{};
        if (::pipe2(in.data(), O_CLOEXEC) != 0) return os_error("pipe");
        Fd theirs_in{in[0]}, ours_in{in[1]};
        if (::pipe2(out.data(), O_CLOEXEC) != 0) return os_error("pipe");
        Fd ours_out{out[0]}, theirs_out{out[1]};
        posix_spawn_file_actions_t actions;
        if (posix_spawn_file_actions_init(&actions) != 0) return os_error("start " + program);
        posix_spawn_file_actions_adddup2(&actions, theirs_in.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, theirs_out.get(), STDOUT_FILENO);
        char name[] = "ecluse-film";
        char* arguments[] = {name, nullptr};
        char* environment[] = {nullptr};
        pid_t pid = -1;
        int const failed =
            posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environment);
        posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) {
            errno = failed;
            return os_error("start " + program);
        }
        return Painter{pid, std::move(ours_in), std::move(ours_out)};
    }
    Painter(Painter&& other) noexcept
        : in{std::move(other.in)}, out{std::move(other.out)}, pid_{std::exchange(other.pid_, -1)}
    {
    }
    Painter& operator=(Painter&&) = delete;
    ~Painter()
    {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        (void)leave();
    }

    /// Its exit status; it has closed its output, or is killed.
    int leave()
    {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    Fd in, out;

private:
    Painter(pid_t pid, Fd in_end, Fd out_end)
        : in{std::move(in_end)}, out{std::move(out_end)}, pid_{pid}
    {
    }
    pid_t pid_;
};

struct Shape {
    TerminalSize size;
    bool is_terminal = false; // or a command's output, whose lines end without a return
};

/// The largest terminal of the recording: the film has one size.
Result<Shape> shape_of(Recording const& recording, ContentKey const& key, Outline const& plan)
{
    Shape shape{plan.size};
    ECLUSE_TRY(recording.for_each_frame(key, [&](FrameView const& frame) -> Result<bool> {
        if (frame.kind != FrameKind::resize || frame.channel != plan.terminal) return true;
        auto const now = ECLUSE_TRY(parse_terminal_size(frame.payload));
        shape.is_terminal = true;
        shape.size = {
            std::max(shape.size.columns, now.columns), std::max(shape.size.rows, now.rows)};
        return true;
    }));
    return shape;
}

std::string title(Header const& header)
{
    auto line = header.session;
    auto const facts = parse_object(header.facts);
    if (!facts) return line;
    for (auto const& [object, field] : {std::pair{"person", "login"}, {"target", "name"}}) {
        auto const* const part = facts->if_contains(object);
        if (!part || !part->is_object()) continue;
        auto const* const value = part->get_object().if_contains(field);
        if (value && value->is_string())
            line += "  " + printable(std::string{value->get_string()}, 100);
    }
    return line.substr(0, title_bytes_max);
}

/// Everything that the terminal showed, in the words of ecluse-film (docs/requests.md §4.2).
Result<> tell(
    Recording const& recording,
    ContentKey const& key,
    Outline const& plan,
    int to,
    Progress const& progress
)
{
    auto const shape = ECLUSE_TRY(shape_of(recording, key, plan));
    std::string bytes;
    auto const send = [&](FrameKind kind, std::uint64_t at_us, std::string_view payload) {
        bytes.clear();
        append_frame(bytes, kind, 0, at_us, payload);
        return write_all(to, bytes);
    };
    ECLUSE_TRY(send(
        FrameKind::event,
        0,
        json::serialize(json::object{
            {"columns", shape.size.columns},
            {"rows", shape.size.rows},
            {"title", title(recording.header())},
            {"started_ms", plan.started_ms / 1000 * 1000}})
    ));
    ECLUSE_TRY(send(FrameKind::resize, 0, to_text(plan.size)));
    if (!shape.is_terminal) ECLUSE_TRY(send(FrameKind::output, 0, newline_mode));
    Timeline timeline{plan.first_us};
    TerminalFilter filter;
    std::uint64_t last_us = 0;
    ECLUSE_TRY(recording.for_each_frame(key, [&](FrameView const& frame) -> Result<bool> {
        last_us = timeline.microseconds(frame);
        progress(last_us);
        if (frame.channel != plan.terminal) return true;
        if (frame.kind == FrameKind::resize) ECLUSE_TRY(send(frame.kind, last_us, frame.payload));
        if (frame.kind != FrameKind::output) return true;
        if (auto const shown = filter.feed(frame.payload); !shown.empty())
            ECLUSE_TRY(send(frame.kind, last_us, shown));
        return true;
    }));
    return send(FrameKind::end, last_us, "{}");
}

/// The samples of a film kept in memory until its index, which stands before them, is known.
class Samples {
public:
    [[nodiscard]] static Result<Samples> open()
    {
        Fd kept{::memfd_create("film", MFD_CLOEXEC)};
        if (!kept) return os_error("memory for the film");
        return Samples{std::move(kept)};
    }
    Result<> read(int from)
    {
        std::array<char, 65536> buffer;
        for (;;) {
            auto const got = ::read(from, buffer.data(), buffer.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return os_error("read the film");
            if (got == 0) return {};
            auto const read =
                ECLUSE_TRY(reader_.feed({buffer.data(), static_cast<std::size_t>(got)}));
            for (auto const& sample : read.samples) {
                places_.push_back(
                    {sample.at_ms,
                     sample.duration_ms,
                     static_cast<std::uint32_t>(sample.bytes.size()),
                     sample.key}
                );
                ECLUSE_TRY(write_all(kept_.get(), sample.bytes));
            }
        }
    }
    Result<> write(Write const& to) const
    {
        if (places_.empty()) return Error{Errc::io, "film: no picture came"};
        ECLUSE_TRY(to(mp4::indexed_beginning(reader_.track(), places_)));
        std::array<char, 65536> buffer;
        for (off_t at = 0;;) {
            auto const got = ::pread(kept_.get(), buffer.data(), buffer.size(), at);
            if (got < 0) return os_error("read the film");
            if (got == 0) return {};
            ECLUSE_TRY(to({buffer.data(), static_cast<std::size_t>(got)}));
            at += got;
        }
    }

private:
    explicit Samples(Fd kept) : kept_{std::move(kept)} {}
    Fd kept_;
    mp4::Reader reader_;
    std::vector<mp4::Place> places_;
};

} // namespace

Result<> export_film(
    Recording const& recording,
    ContentKey const& key,
    std::string const& program,
    Write const& write,
    Progress const& progress
)
{
    auto const plan = ECLUSE_TRY(outline(recording, key));
    if (!plan.terminal) return Error{Errc::not_found, "export: the session had no terminal"};
    auto samples = ECLUSE_TRY(Samples::open());
    auto painter = ECLUSE_TRY(Painter::start(program));
    // Both ends at once: a full pipe on one side must not stop the other.
    ::signal(SIGPIPE, SIG_IGN);
    Result<> told;
    std::thread teller{[&] {
        told = tell(recording, key, plan, painter.in.get(), progress);
        painter.in = {};
    }};
    auto const read = samples.read(painter.out.get());
    // Whoever still writes is told that nobody reads.
    painter.out = {};
    teller.join();
    ECLUSE_TRY(told);
    ECLUSE_TRY(read);
    if (painter.leave() != 0) return Error{Errc::io, "film: ecluse-film failed"};
    return samples.write(write);
}

} // namespace ecluse::recording
