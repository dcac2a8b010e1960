#pragma once

#include "gateway/rdp/channels/message.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::rdp {

/// The dynamic channels ([MS-RDPEDYC]), which all travel inside "drdynvc". The target asks for them
/// by name; a name that is not on the list is answered by us with a failure and never reaches the
/// vendor. Fragments are put together, judged whole and cut anew. Version 3, with its compression
/// and its way around this channel (soft sync), is not offered.
class DynamicRules final : public ChannelRules {
public:
    DynamicRules(Grants const& grants, Refusals& refusals) : grants_{grants}, refusals_{refusals} {}

    [[nodiscard]] std::size_t kept_max() const override;
    [[nodiscard]] Outcome on_message(Message const& message) override;

private:
    enum class Kind { graphics, sound, display };
    enum class State { asked, open, closing };
    struct Assembly {
        std::size_t total = 0; // 0: nothing under way
        std::string bytes{};
    };
    struct Channel {
        Kind kind;
        State state = State::asked;
        Assembly to_target{};
        Assembly to_vendor{};
    };
    /// One PDU's head, read.
    struct Head {
        std::uint8_t command;
        std::uint8_t length_code; // or priority
        std::uint32_t id;
    };

    void on_capabilities(Message const& message, Outcome& out);
    void on_create(Message const& message, Head const& head, std::string_view rest, Outcome& out);
    void on_close(Message const& message, Head const& head, Outcome& out);
    void on_data(Message const& message, Head const& head, std::string_view rest, Outcome& out);
    [[nodiscard]] std::optional<Kind> kind_of(std::string_view name) const;
    /// What goes on of a message of the graphics or display channel; nothing: a fault, or empty.
    [[nodiscard]] std::string
    judge(Direction direction, Kind kind, std::string whole, Outcome& out);
    [[nodiscard]] std::string judge_display(Direction direction, std::string whole, Outcome& out);
    void deliver(Direction direction, std::uint32_t id, Kind kind, std::string whole, Outcome& out);

    Grants grants_;
    Refusals& refusals_;
    std::map<std::uint32_t, Channel> channels_;
    std::size_t capabilities_unanswered_ = 0;
    std::size_t held_bytes_ = 0; // of all fragments
    std::string display_;        // the last layout that was forwarded
};

} // namespace ecluse::rdp
