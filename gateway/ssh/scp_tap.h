#pragma once

#include "gateway/ssh/stream_hash.h"
#include "gateway/ssh/tap.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::ssh {

/// The old scp protocol: control lines and contents in one direction, single-byte answers in the
/// other. Control bytes are recorded; contents are counted and hashed, file by file.
class ScpTap final : public Tap {
public:
    ScpTap(TapRules const& rules, bool is_up) : rules_{rules}, is_up_{is_up} {}

    [[nodiscard]] Result up(std::string_view bytes, Deadline now) override;
    [[nodiscard]] Result down(std::string_view bytes, Deadline now) override;
    [[nodiscard]] std::vector<std::string> conclude(std::optional<int> exit) override;

private:
    enum class State { line, contents, trailer, message };
    [[nodiscard]] Result source(std::string_view bytes);
    [[nodiscard]] Result sink(std::string_view bytes);
    [[nodiscard]] bool on_line();
    [[nodiscard]] bool begin_file(std::string_view line);
    void end_file(bool complete, std::vector<std::string>& events);

    TapRules rules_;
    bool is_up_;
    State state_ = State::line;
    std::string line_;
    std::string control_; // to be recorded
    std::string answers_; // the same of the other direction
    std::string folder_;  // where the sender is, "a/b/"
    std::string name_;
    std::uint64_t left_ = 0;
    std::uint64_t bytes_ = 0;
    std::optional<StreamHash> hash_;
    bool in_message_ = false; // of the answering direction
};

} // namespace ecluse::ssh
