#include "gateway/rdp/channels/message.h"

#include "gateway/ssh/events.h"

namespace ecluse::rdp {
namespace {

/// Names that a target invents one after the other must not fill the journal: the vendor and the
/// target together know about thirty.
constexpr std::size_t refusals_max = 64;

} // namespace

std::vector<Fact> Refusals::function(std::string_view what, std::string_view detail)
{
    if (!told_.insert("function " + std::string{what}).second) return {};
    return {refused_act(what, detail)};
}

std::vector<Fact> Refusals::channel(std::string_view name)
{
    if (told_.size() >= refusals_max || !told_.insert("channel " + std::string{name}).second)
        return {};
    auto const event = ssh::forward_refused("channel", name);
    return {{event, event}};
}

Fact refused_act(std::string_view what, std::string_view detail)
{
    auto const event = ssh::function_refused(what, detail);
    return {event, event};
}

} // namespace ecluse::rdp
