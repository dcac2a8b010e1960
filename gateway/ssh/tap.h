#pragma once

#include "common/time.h"
#include "gateway/ssh/command.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::ssh {

struct TapRules {
    unsigned channel;
    std::uint64_t budget_bytes;
    bool may_upload;   // the window grants file_up
    bool may_download; // … file_down
    std::string command;
    std::string refusal; // what a person reads when an operation is not granted
};

/// Understands what passes through a channel without terminal: turns bytes into facts, and may hold
/// back what is not allowed. One per channel; pure (no socket, no clock of its own).
class Tap {
public:
    struct Result {
        /// What to deliver; the view is of the input or of the tap's own storage.
        std::string_view forward;
        /// To be recorded before delivery, possibly empty; a view like `forward`.
        std::string_view record;
        /// Our own answers, for the side that sent these bytes.
        std::string reply;
        /// Facts for the journal and the record (events.h).
        std::vector<std::string> events;
        /// For the record only.
        std::vector<std::string> notes;
        /// Not empty: the channel ends; a catalogue key's word ("function", "protocol").
        std::string_view stop;
    };

    virtual ~Tap() = default;
    [[nodiscard]] virtual Result up(std::string_view bytes, Deadline now) = 0;
    [[nodiscard]] virtual Result down(std::string_view bytes, Deadline now) = 0;
    /// The channel ends: facts still open are told as incomplete.
    [[nodiscard]] virtual std::vector<std::string> conclude(std::optional<int> exit) = 0;
};

/// The tap for a channel of this kind without terminal.
[[nodiscard]] std::unique_ptr<Tap> make_tap(ChannelKind kind, TapRules const& rules, Deadline now);

} // namespace ecluse::ssh
