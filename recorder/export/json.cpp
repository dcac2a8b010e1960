#include "common/json.h"

#include "recorder/export/export.h"
#include "recorder/export/frames.h"
#include "recorder/export/terminal.h"

#include <map>
#include <utility>

namespace ecluse::recording {
namespace {

std::string_view word_of(FrameKind kind)
{
    switch (kind) {
    case FrameKind::output:
        return "output";
    case FrameKind::input:
        return "input";
    case FrameKind::hidden_input:
        return "hidden_input";
    case FrameKind::resize:
        return "resize";
    case FrameKind::event:
        return "event";
    case FrameKind::bytes_down:
        return "bytes_down";
    case FrameKind::bytes_up:
        return "bytes_up";
    case FrameKind::video:
        return "video";
    case FrameKind::key:
        return "key";
    case FrameKind::end:
        return "end";
    }
    return "unknown";
}

class JsonWriter {
public:
    JsonWriter(Outline const& outline, Write const& write)
        : timeline_{outline.first_us}, write_{write}
    {
    }

    Result<> add(FrameView const& frame)
    {
        json::object item{
            {"at_s", static_cast<double>(timeline_.microseconds(frame)) / 1e6},
            {"channel", frame.channel},
            {"kind", word_of(frame.kind)}};
        switch (frame.kind) {
        case FrameKind::output:
        case FrameKind::input:
            item["text"] = carries_[{frame.kind, frame.channel}].feed(frame.payload);
            break;
        case FrameKind::hidden_input:
            item["text"] = mask;
            break;
        case FrameKind::resize:
            item["size"] = frame.payload;
            break;
        case FrameKind::key:
        case FrameKind::event:
        case FrameKind::end:
            if (auto const object = parse_object(frame.payload)) item["event"] = *object;
            break;
        case FrameKind::bytes_down:
        case FrameKind::bytes_up:
        case FrameKind::video:
            item["bytes"] = frame.payload.size();
            break;
        }
        auto const separator = std::exchange(first_, false) ? "\n" : ",\n";
        return write_(separator + json::serialize(item));
    }

private:
    Timeline timeline_;
    Write const& write_;
    /// At most one per channel and direction; a channel number has 16 bits.
    std::map<std::pair<FrameKind, std::uint16_t>, Utf8Carry> carries_;
    bool first_ = true;
};

} // namespace

Result<> export_json(Recording const& recording, ContentKey const& key, Write const& write)
{
    auto const plan = ECLUSE_TRY(outline(recording, key));
    auto const& header = recording.header();
    json::object const session{{"session", header.session}, {"created", header.created}};
    auto beginning = json::serialize(session);
    beginning.pop_back();
    ECLUSE_TRY(write(beginning + ",\"facts\":" + header.facts + ",\"frames\":["));
    JsonWriter writer{plan, write};
    auto const visit = [&](FrameView const& frame) -> Result<bool> {
        ECLUSE_TRY(writer.add(frame));
        return true;
    };
    ECLUSE_TRY(recording.for_each_frame(key, visit));
    return write("\n]}\n");
}

} // namespace ecluse::recording
