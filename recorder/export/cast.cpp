#include "common/json.h"
#include "recorder/export/export.h"
#include "recorder/export/frames.h"
#include "recorder/export/terminal.h"

namespace ecluse::recording {
namespace {

class CastWriter {
public:
    CastWriter(Outline const& outline, Write const& write)
        : outline_{outline}, timeline_{outline.first_us}, write_{write}
    {
    }

    Result<> begin(Header const& header)
    {
        json::object const first{
            {"version", 2},
            {"width", outline_.size.columns},
            {"height", outline_.size.rows},
            {"timestamp", outline_.started_ms / 1000},
            {"title", header.session}};
        return write_(json::serialize(first) + "\n");
    }

    Result<> add(FrameView const& frame)
    {
        auto const at = timeline_.microseconds(frame);
        last_us_ = at;
        if (frame.kind == FrameKind::event) return line(at, "m", event_label(frame.payload));
        if (frame.kind == FrameKind::end) return {};
        if (frame.channel != outline_.terminal) return {};
        switch (frame.kind) {
        case FrameKind::output:
            return line(at, "o", output_.feed(frame.payload));
        case FrameKind::input:
            return line(at, "i", input_.feed(frame.payload));
        case FrameKind::hidden_input:
            return line(at, "i", mask);
        case FrameKind::resize:
            return line(at, "r", frame.payload);
        case FrameKind::bytes_down:
        case FrameKind::bytes_up:
        case FrameKind::video:
        case FrameKind::key:
        case FrameKind::event:
        case FrameKind::end:
            break;
        }
        return {};
    }

    Result<> finish() { return line(last_us_, "o", output_.finish()); }

private:
    Result<> line(std::uint64_t at, std::string_view code, std::string_view data)
    {
        if (data.empty()) return {};
        return write_(
            "[" + seconds_text(at) + ", \"" + std::string{code} + "\", " +
            json::serialize(json::string_view{data.data(), data.size()}) + "]\n"
        );
    }

    Outline const& outline_;
    Timeline timeline_;
    Write const& write_;
    Utf8Carry output_;
    Utf8Carry input_;
    std::uint64_t last_us_ = 0;
};

} // namespace

Result<> export_cast(Recording const& recording, ContentKey const& key, Write const& write)
{
    auto const plan = ECLUSE_TRY(outline(recording, key));
    CastWriter cast{plan, write};
    ECLUSE_TRY(cast.begin(recording.header()));
    auto const visit = [&](FrameView const& frame) -> Result<bool> {
        ECLUSE_TRY(cast.add(frame));
        return true;
    };
    ECLUSE_TRY(recording.for_each_frame(key, visit));
    return cast.finish();
}

} // namespace ecluse::recording
