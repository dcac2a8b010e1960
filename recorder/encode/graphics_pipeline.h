#pragma once

#include "common/result.h"
#include "recorder/encode/picture.h"

#include <memory>
#include <string_view>

namespace ecluse::encode {

/// The graphics pipeline (MS-RDPEGFX): FreeRDP's own client plug-in behind a channel that goes
/// nowhere, on a context that is never connected. Draws into the picture it was opened with.
class GraphicsPipeline {
public:
    [[nodiscard]] static Result<std::unique_ptr<GraphicsPipeline>> open(Picture& picture);
    ~GraphicsPipeline();
    GraphicsPipeline(GraphicsPipeline const&) = delete;
    GraphicsPipeline& operator=(GraphicsPipeline const&) = delete;

    /// One reassembled message of the channel, from the target.
    Result<> feed(std::string_view message);

private:
    struct State;
    explicit GraphicsPipeline(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace ecluse::encode
