#include "common/text.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "recorder/export/export.h"
#include "recorder/export/frames.h"
#include "recorder/export/terminal.h"

#include <vector>

namespace ecluse::recording {
namespace {

/// A script that runs a million commands has its list cut, not the reader's memory.
constexpr std::size_t commands_max = 10'000;
constexpr std::size_t command_chars_max = 4096;

std::string command_in(std::string_view payload)
{
    auto const object = parse_object(payload);
    if (!object) return {};
    auto const* const type = object->if_contains("type");
    auto const* const command = object->if_contains("command");
    if (!type || !type->is_string() || type->get_string() != "exec" || !command ||
        !command->is_string())
        return {};
    return printable(std::string_view{command->get_string()}, command_chars_max);
}

} // namespace

Result<> export_text(Recording const& recording, ContentKey const& key, Write const& write)
{
    auto const plan = ECLUSE_TRY(outline(recording, key));
    TerminalText terminal;
    Timeline timeline{plan.first_us};
    std::vector<std::string> commands;
    ECLUSE_TRY(write(
        text(
            Language::french,
            TextKey::export_text_title,
            {{"session", recording.header().session}, {"created", recording.header().created}}
        ) +
        "\n\n"
    ));
    auto const visit = [&](FrameView const& frame) -> Result<bool> {
        auto const at = timeline.microseconds(frame);
        if (frame.kind == FrameKind::output && frame.channel == plan.terminal)
            ECLUSE_TRY(write(terminal.feed(frame.payload)));
        if (frame.kind != FrameKind::event) return true;
        auto const command = command_in(frame.payload);
        if (!command.empty() && commands.size() < commands_max)
            commands.push_back(seconds_text(at) + " s  " + command + "\n");
        return true;
    };
    ECLUSE_TRY(recording.for_each_frame(key, visit));
    ECLUSE_TRY(write(terminal.finish()));
    ECLUSE_TRY(write(
        "\n" +
        text(
            Language::french,
            TextKey::export_text_commands,
            {{"count", std::to_string(commands.size())}}
        ) +
        "\n"
    ));
    for (auto const& command : commands)
        ECLUSE_TRY(write(command));
    return {};
}

} // namespace ecluse::recording
