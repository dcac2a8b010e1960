#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/recorder_link.h"
#include "policies/policyd/watches.h"

#include <sys/socket.h>

/// A session seen while it lives (docs/decisions/0021). CLAUSIER:O-9.9.
namespace ecluse::policyd {
namespace {

Fault cannot_watch()
{
    return {"E-VUE-01", TextKey::operator_watch_text, {}, TextKey::operator_watch_remedy};
}

Result<std::pair<Fd, Fd>> make_pair()
{
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return os_error("watch");
    return std::pair{Fd{pair[0]}, Fd{pair[1]}};
}

Reply watch(Context& context, Caller const& caller, Request& request, Answer const& answer)
{
    Fields fields{request.fields};
    auto const id = fields.text("session", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const live = context.live.find(id);
    // An escort hears of the own windows' sessions only.
    if (!live || live->ending || !may_watch(context, caller, *live))
        return unknown(TextKey::operator_unknown_session, id);
    if (!context.watches.may_begin(caller.person)) return cannot_watch();
    auto pair = ECLUSE_TRY(make_pair());
    auto const name = random_id('O');
    ECLUSE_TRY(record_act(
        context, caller, {.type = "session.viewed", .object = id, .details = {{"watch", name}}}
    ));
    context.watches.add(
        name,
        {.session = id,
         .person = caller.person,
         .name = caller.name,
         .source = caller.address,
         .token_sha256 = caller.token_sha256,
         .since = context.clock.utc_now()}
    );
    auto const theirs = std::make_shared<Fd>(std::move(pair.second));
    auto const desktop = live->protocol == Protocol::rdp;
    context.recorder.watch(
        id,
        name,
        std::move(pair.first),
        [&context, name, desktop, theirs, answer](Result<> begun) {
            if (!begun) {
                context.watches.ended(context, name, "refused");
                return answer.complete(cannot_watch());
            }
            context.watches.began(context, name);
            std::vector<Fd> descriptors;
            descriptors.push_back(std::move(*theirs));
            answer.complete(
                {json::object{{"watch", name}, {"desktop", desktop}}, std::move(descriptors)}
            );
        }
    );
    return Reply::later();
}

} // namespace

void add_watch_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "session.watch", {{"dsi", "rssi", "escort"}}, &watch);
}

} // namespace ecluse::policyd
