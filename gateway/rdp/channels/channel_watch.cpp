#include "gateway/rdp/channels/channel_watch.h"

#include "gateway/rdp/channels/clipboard_rules.h"
#include "gateway/rdp/channels/drive_rules.h"
#include "gateway/rdp/channels/dynamic_rules.h"
#include "gateway/rdp/channels/message.h"
#include "gateway/rdp/channels/reassembler.h"
#include "gateway/rdp/channels/sound_rules.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

/// CHANNEL_CHUNK_LENGTH: the least that every peer takes, whatever it announced.
constexpr std::size_t chunk_bytes_max = 1600;
constexpr std::uint32_t option_show_protocol = 0x00200000;

std::unique_ptr<ChannelRules>
make_rules(std::string_view name, Grants const& grants, Limits const& limits, Refusals& refusals)
{
    if (name == "cliprdr" &&
        (grants.clipboard_in || grants.clipboard_out || grants.file_up || grants.file_down))
        return std::make_unique<ClipboardRules>(grants, limits, refusals);
    if (name == "rdpsnd" && grants.sound) return std::make_unique<SoundRules>();
    if (name == "rdpdr" && DriveRules::needed(grants))
        return std::make_unique<DriveRules>(grants, limits, refusals);
    if (name == "drdynvc")
        return std::make_unique<DynamicRules>(grants, refusals);
    return nullptr;
}

} // namespace

struct ChannelWatch::Static {
    Static(std::unique_ptr<ChannelRules> with, std::uint32_t channel_options)
        : rules{std::move(with)}, options{channel_options},
          to_target{rules->kept_max(), rules->may_cut()}, to_vendor{
                                                              rules->kept_max(), rules->may_cut()}
    {
    }
    std::unique_ptr<ChannelRules> rules;
    std::uint32_t options;
    Reassembler to_target;
    Reassembler to_vendor;
};

ChannelWatch::ChannelWatch(Grants const& grants, Limits const& limits)
    : grants_{grants}, limits_{limits}, refusals_{std::make_unique<Refusals>()}
{
}

ChannelWatch::~ChannelWatch() = default;

Admission ChannelWatch::may_create_static(std::string_view name, std::uint32_t options)
{
    if (channels_.contains(name)) return {true, {}};
    auto rules = make_rules(name, grants_, limits_, *refusals_);
    if (!rules) return {false, refusals_->channel(name)};
    if (name == "rdpsnd") sound_ = static_cast<SoundRules const*>(rules.get());
    channels_.emplace(name, std::make_unique<Static>(std::move(rules), options));
    return {true, {}};
}

namespace {

void cut_into_chunks(
    std::string_view channel,
    bool show_protocol,
    Outcome::Sending const& sending,
    std::vector<Chunk>& chunks
)
{
    std::string_view left = sending.bytes;
    auto flags = std::uint32_t{chunk_first};
    while (!left.empty()) {
        auto const part = left.substr(0, chunk_bytes_max);
        left.remove_prefix(part.size());
        if (left.empty()) flags |= chunk_last;
        // As a client does it: what it announced for the channel comes back in its chunks.
        if (show_protocol && sending.direction == Direction::to_target)
            flags |= chunk_show_protocol;
        chunks.push_back(
            {.direction = sending.direction,
             .channel = std::string{channel},
             .flags = flags,
             .total = static_cast<std::uint32_t>(sending.bytes.size()),
             .bytes = std::string{part}}
        );
        flags = 0;
    }
}

} // namespace

Verdict ChannelWatch::on_static(
    std::string_view name,
    Direction direction,
    std::string_view chunk,
    std::uint32_t flags,
    std::uint32_t total
)
{
    Verdict verdict;
    auto const found = channels_.find(name);
    if (dead_ || found == channels_.end()) return verdict;
    auto& channel = *found->second;
    auto& reassembler = direction == Direction::to_target ? channel.to_target : channel.to_vendor;
    switch (reassembler.add(chunk, flags, total)) {
    case Reassembler::Step::more:
    case Reassembler::Step::ignored:
        return verdict;
    case Reassembler::Step::fault:
        verdict.fault = "channel chunks";
        break;
    case Reassembler::Step::whole: {
        auto outcome =
            channel.rules->on_message({direction, reassembler.bytes(), reassembler.size()});
        verdict.facts = std::move(outcome.facts);
        verdict.fault = std::move(outcome.fault);
        if (!verdict.fault.empty()) break;
        verdict.graphics = std::move(outcome.graphics);
        bool const show = (channel.options & option_show_protocol) != 0;
        for (auto const& sending : outcome.forward)
            cut_into_chunks(name, show, sending, verdict.forward);
        break;
    }
    }
    if (!verdict.fault.empty()) dead_ = true;
    return verdict;
}

std::vector<Fact> ChannelWatch::conclude()
{
    std::vector<Fact> facts;
    for (auto& [name, channel] : channels_) {
        auto const more = channel->rules->conclude();
        facts.insert(facts.end(), more.begin(), more.end());
    }
    dead_ = true;
    return facts;
}

std::uint64_t ChannelWatch::sound_bytes() const
{
    return sound_ ? sound_->bytes() : 0;
}

} // namespace ecluse::rdp
