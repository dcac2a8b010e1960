#include "policies/policyd/agent_server.h"

#include "common/log.h"

#include <cerrno>
#include <sys/socket.h>

namespace ecluse::policyd {

Result<std::pair<std::unique_ptr<AgentServer>, Fd>> AgentServer::start(Loop& loop, Agent agent)
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return os_error("create agent socket");
    Fd ours{ends[0]}, theirs{ends[1]};
    ECLUSE_TRY(set_nonblocking(ours.get(), true));
    return std::pair{
        std::make_unique<AgentServer>(loop, std::move(ours), std::move(agent)), std::move(theirs)};
}

AgentServer::AgentServer(Loop& loop, Fd fd, Agent agent)
    : fd_{std::move(fd)}, agent_{std::move(agent)}
{
    watch_ = loop.on_readable(fd_.get(), [this] { readable(); });
}

void AgentServer::close()
{
    watch_.cancel();
    fd_.reset();
}

void AgentServer::readable()
{
    char buffer[4096];
    auto const got = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return close();
    auto const answers = agent_.feed({buffer, static_cast<std::size_t>(got)});
    if (!answers) {
        log(LogLevel::warning, answers.error().what);
        return close();
    }
    // Answers are small and the client waits for each: one that does not read has lost interest.
    auto const sent =
        ::send(fd_.get(), answers->data(), answers->size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(answers->size())) close();
}

} // namespace ecluse::policyd
