#include "policies/policyd/search_process.h"

#include "common/json.h"
#include "common/secret.h"

#include <algorithm>
#include <utility>

namespace ecluse::policyd {

void SearchProcess::start(
    Loop& loop, std::function<void(Result<std::shared_ptr<SearchProcess>>)> done
)
{
    struct Started {
        std::optional<HelperProgram> program;
        Error why{Errc::unavailable, "not run"};
    };
    auto const started = std::make_shared<Started>();
    loop.in_pool(
        [started] {
            auto program = HelperProgram::start("ecluse-search");
            if (program)
                started->program.emplace(*std::move(program));
            else
                started->why = program.error();
        },
        [&loop, started, done = std::move(done)] {
            if (!started->program) return done(started->why);
            auto process = std::make_shared<SearchProcess>(loop, *std::move(started->program));
            process->listen();
            done(std::move(process));
        }
    );
}

SearchProcess::SearchProcess(Loop& loop, HelperProgram program)
    : loop_{loop}, program_{std::move(program)}
{
}

SearchProcess::~SearchProcess()
{
    readable_.cancel();
    // Giving back a gigabyte takes a moment, and so does waiting for the end of a process.
    auto const ending = std::make_shared<std::optional<HelperProgram>>(std::move(program_));
    loop_.in_pool([ending] { ending->reset(); }, [] {});
}

void SearchProcess::listen()
{
    readable_ = loop_.on_readable(program_->socket().fd(), [self = weak_from_this()] {
        if (auto const process = self.lock()) process->read();
    });
}

void SearchProcess::ask(json::object request, std::vector<int> const& descriptors, Done done)
{
    if (dead_) return done(Error{Errc::unavailable, "ecluse-search has ended"});
    request["id"] = ++last_id_;
    auto text = json::serialize(request);
    if (auto* const key = request.if_contains("key"); key && key->is_string())
        std::fill(key->get_string().begin(), key->get_string().end(), '\0');
    auto const sent = program_->socket().send(text, descriptors);
    wipe(text);
    if (!sent) return done(sent.error());
    waiting_.push_back(std::move(done));
}

void SearchProcess::read()
{
    auto const packet = program_->socket().receive();
    if (!packet) return fail(packet.error());
    if (!*packet) return fail({Errc::io, "ecluse-search ended"});
    auto answer = parse_object((*packet)->json);
    if (!answer) return fail(answer.error());
    if (waiting_.empty()) return fail({Errc::malformed, "ecluse-search: an answer to nothing"});
    auto const done = std::move(waiting_.front());
    waiting_.pop_front();
    done(*std::move(answer));
}

void SearchProcess::fail(Error const& error)
{
    dead_ = true;
    readable_.cancel();
    for (auto const& done : std::exchange(waiting_, {}))
        done(error);
}

} // namespace ecluse::policyd
