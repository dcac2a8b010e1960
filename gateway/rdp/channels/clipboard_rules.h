#pragma once

#include "gateway/rdp/channels/clipboard_files.h"
#include "gateway/rdp/channels/clipboard_formats.h"
#include "gateway/rdp/channels/message.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::rdp {

/// The clipboard channel ([MS-RDPECLIP]). Each side announces formats, the other asks for one and
/// gets its data. Only text and file lists exist here; what is asked for and not granted is
/// answered by us, so that neither side waits. Every message forwarded is written anew from what
/// was read.
class ClipboardRules final : public ChannelRules {
public:
    ClipboardRules(Grants const& grants, Limits const& limits, Refusals& refusals);

    [[nodiscard]] std::size_t kept_max() const override;
    [[nodiscard]] bool may_cut() const override { return true; }
    [[nodiscard]] Outcome on_message(Message const& message) override;
    [[nodiscard]] std::vector<Fact> conclude() override;

private:
    struct Header {
        std::uint16_t type;
        std::uint16_t flags;
        std::string_view body; // may be cut
        std::uint64_t body_bytes;
    };
    /// A request that waits for its answer; `refused`: ours, when its turn comes.
    struct DataRequest {
        FormatKind kind;
        bool refused;
    };
    struct ContentsRequest {
        std::uint32_t stream;
        bool size_only;
        ClipboardFiles::Piece piece;
        bool refused;
        std::uint64_t list; // which file list it is about
    };
    /// What flows in one direction: from the side that owns the data to the side that asks.
    struct Flow {
        Flow(Direction towards, bool text_granted, bool files_granted, Limits const& limits)
            : direction{towards}, text{text_granted}, files{files_granted},
              contents{towards, limits.file_bytes_max}
        {
        }
        Direction direction;
        bool text;
        bool files;
        std::vector<ClipboardFormat> offered{};
        bool list_forwarded = false;
        std::size_t lists_unanswered = 0;
        std::deque<DataRequest> data{};
        std::deque<ContentsRequest> pieces{};
        ClipboardFiles contents;
        std::uint64_t list_number = 0;
        std::optional<std::uint32_t> capabilities{}; // of the owner of the data
    };

    [[nodiscard]] Flow& flow(Direction direction)
    {
        return direction == Direction::to_target ? in_ : out_;
    }
    [[nodiscard]] NameSpelling spelling(std::uint16_t flags) const;
    [[nodiscard]] std::string_view text_function(Direction direction) const;
    [[nodiscard]] std::string_view files_function(Direction direction) const;

    void on_capabilities(Direction from, Header const& header, Outcome& out);
    void on_format_list(Direction from, Header const& header, Outcome& out);
    void on_list_response(Direction from, Header const& header, Outcome& out);
    void on_data_request(Direction from, Header const& header, Outcome& out);
    void on_data_response(Direction from, Header const& header, Outcome& out);
    void on_contents_request(Direction from, Header const& header, Outcome& out);
    void on_contents_response(Direction from, Header const& header, Outcome& out);

    [[nodiscard]] std::string
    judge_text(Flow& flow, FormatKind kind, Header const& header, Outcome& out);
    [[nodiscard]] std::string judge_file_list(Flow& flow, Header const& header, Outcome& out);
    [[nodiscard]] std::string
    judge_piece(Flow& flow, ContentsRequest const& request, Header const& header, Outcome& out);
    static void answer_refused(Flow& flow, Outcome& out);

    Limits limits_;
    Refusals& refusals_;
    Flow in_;
    Flow out_;
};

} // namespace ecluse::rdp
