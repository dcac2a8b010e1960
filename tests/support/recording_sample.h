#pragma once

#include "recorder/format/frame.h"
#include "recorder/format/writer.h"

#include <string>
#include <string_view>
#include <vector>

namespace ecluse::test {

/// One frame of a sample; times begin at zero.
struct SampleFrame {
    FrameKind kind;
    std::uint64_t at_us;
    std::string payload;
    std::uint16_t channel = 0;
};

/// A recording made by the real writer: one segment per inner list, sealed and countersigned unless
/// said otherwise. The recipients are identity(rsa3072) and identity(p384), the evidence key
/// identity(p256).
struct Sample {
    std::vector<std::vector<SampleFrame>> segments;
    std::string session = "S-SAMPLE1";
    /// Left as a killed recorder leaves it, then recovered.
    bool interrupted = false;
    bool countersigned = true;
    /// The session's text beside it, as the recorder writes it.
    bool with_text = true;
    /// Of the facts; absent when empty.
    std::string protocol = {};
};
void make_recording(std::string const& folder, Sample const& sample);
/// Three short segments.
[[nodiscard]] Sample small_sample();
void countersign(std::string const& folder);
[[nodiscard]] std::vector<recording::Recipient> const& recipients();

[[nodiscard]] std::string content_of(std::string const& path);
void overwrite(std::string const& path, std::string_view content);

} // namespace ecluse::test
