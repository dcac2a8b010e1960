#include "recorder/daemon/start.h"

#include "recorder/daemon/viewer.h"
#include "recorder/format/mp4.h"

#include <utility>

namespace ecluse::recorder {
namespace {

/// Four bytes of length come before a box's type.
bool is_box(std::string_view payload, std::string_view type)
{
    return payload.size() >= 8 && payload.substr(4, 4) == type;
}

/// Keeps what follows the last key picture.
class VideoTail {
public:
    explicit VideoTail(std::string_view beginning) : beginning_{beginning} {}

    Result<> feed(FrameView const& frame)
    {
        bool const starts_file = is_box(frame.payload, "ftyp");
        if (starts_file || is_box(frame.payload, "moof")) {
            if (!begun_ && !starts_file) ECLUSE_TRY(reader_.feed(beginning_));
            begun_ = true;
            fragment_ = frames_.size();
        }
        // The end of a fragment that began before what is read.
        if (!begun_) return {};
        frames_.append(frame.encoded);
        for (auto const& sample : ECLUSE_TRY(reader_.feed(frame.payload)).samples)
            if (sample.key) key_ = fragment_;
        if (key_ && *key_ > 0) {
            frames_.erase(0, *key_);
            fragment_ -= *std::exchange(key_, 0);
        }
        if (!key_ || frames_.size() > start_sent_max) drop();
        return {};
    }

    [[nodiscard]] std::string take()
    {
        std::string taken;
        if (reader_.has_track())
            append_frame(taken, FrameKind::video, 0, 0, mp4::beginning(reader_.track()));
        else if (!beginning_.empty())
            append_frame(taken, FrameKind::video, 0, 0, beginning_);
        return taken + frames_;
    }

private:
    /// Nothing can be shown of it: the fragment under way is all that may still hold a key picture.
    void drop()
    {
        frames_.erase(0, fragment_);
        fragment_ = 0;
        key_.reset();
    }

    std::string_view beginning_;
    mp4::Reader reader_;
    bool begun_ = false;
    std::string frames_;
    std::size_t fragment_ = 0; // where the last one begins
    std::optional<std::size_t> key_;
};

} // namespace

Result<std::string> start_of_view(
    recording::RecordingWriter const& writer,
    StartRequest const& request,
    std::atomic<bool> const& stop
)
{
    std::string text;
    bool whole = request.whole;
    VideoTail video{request.beginning};
    ECLUSE_TRY(writer.read_back(request.places, [&](std::string_view frames) -> Result<bool> {
        FrameDecoder decoder;
        for (auto const& frame : ECLUSE_TRY(decoder.feed(frames))) {
            if (frame.kind == FrameKind::video)
                ECLUSE_TRY(video.feed(frame));
            else if (is_to_watch(frame.kind))
                text.append(frame.encoded);
        }
        if (text.size() > start_sent_max) {
            text.clear();
            whole = false;
        }
        return !stop;
    }));
    std::string start;
    append_frame(
        start,
        FrameKind::event,
        0,
        0,
        whole ? R"({"type":"view","whole":true})" : R"({"type":"view","whole":false})"
    );
    if (!whole && request.size)
        append_frame(start, FrameKind::resize, 0, 0, to_text(*request.size));
    return start + text + video.take();
}

} // namespace ecluse::recorder
