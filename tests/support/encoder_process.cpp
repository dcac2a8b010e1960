#include "tests/support/encoder_process.h"

#include "recorder/format/reader.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ecluse::test {
namespace {

std::uint64_t mono_us()
{
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch()
    )
                                          .count());
}

} // namespace

EncoderProcess::EncoderProcess(Fd intake, int stall_ms, int frames_per_second)
{
    auto control = must(PacketSocket::pair());
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    feed_ = Intake{Fd{ends[0]}};
    Fd const theirs{ends[1]};
    must(control.first.send(
        "{\"session\":\"S-TEST1\",\"stall_ms\":" + std::to_string(stall_ms) +
            ",\"frames_per_second\":" + std::to_string(frames_per_second) + "}",
        {theirs.get(), intake.get()}
    ));
    std::string program{ECLUSE_ENCODE_PROGRAM};
    std::array<char*, 2> arguments{program.data(), nullptr};
    std::array<char*, 1> environment{nullptr};
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        constexpr int control_descriptor = 3;
        if (control.second.fd() == control_descriptor)
            ::fcntl(control_descriptor, F_SETFD, 0);
        else if (::dup2(control.second.fd(), control_descriptor) < 0)
            ::_exit(126);
        ::close_range(control_descriptor + 1, ~0U, 0);
        ::execve(arguments[0], arguments.data(), environment.data());
        ::_exit(127);
    }
    control_ = std::move(control.first);
}

EncoderProcess::~EncoderProcess()
{
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

std::uint64_t EncoderProcess::send(feed::Kind kind, std::string_view payload)
{
    std::string frame;
    feed::append_frame(frame, kind, mono_us(), payload);
    send_raw(frame);
    return ++sent_;
}

void EncoderProcess::send_raw(std::string_view bytes)
{
    // An encoder that is gone is what some tests are about.
    while (!bytes.empty()) {
        auto const sent = ::send(feed_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::optional<std::uint64_t>
EncoderProcess::acknowledged(std::uint64_t count, std::chrono::milliseconds limit)
{
    return feed_.acknowledged(count, limit);
}

void EncoderProcess::abandon()
{
    feed_.close();
    control_ = PacketSocket{};
}

void EncoderProcess::signal(int number) const
{
    REQUIRE(::kill(pid_, number) == 0);
}

int EncoderProcess::wait()
{
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::uint64_t EncoderProcess::memory_kib(std::string_view field) const
{
    return process_memory_kib(pid_, field);
}

std::chrono::milliseconds EncoderProcess::cpu() const
{
    return process_cpu(pid_);
}

ReadBack read_back(std::string const& folder)
{
    auto const recording =
        must(recording::Recording::open(must(recording::RecordingFiles::from_folder(folder))));
    auto const key = must(
        recording.unlock(must(recording::ReadingKey::open(identity(KeyKind::p384).key, Secret{})))
    );
    ReadBack read;
    must(recording.for_each_frame(key, [&](FrameView const& frame) -> Result<bool> {
        read.frames.push_back({frame.kind, frame.mono_us, std::string{frame.payload}});
        if (frame.kind == FrameKind::video) read.video += frame.payload;
        return true;
    }));
    return read;
}

} // namespace ecluse::test
