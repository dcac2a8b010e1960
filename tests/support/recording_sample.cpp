#include "tests/support/recording_sample.h"

#include "common/json.h"
#include "recorder/format/recover.h"
#include "recorder/text/session_text.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace ecluse::test {

std::vector<recording::Recipient> const& recipients()
{
    static std::vector<recording::Recipient> const both = [] {
        std::vector<recording::Recipient> made;
        made.push_back(
            {"rssi", must(recording::parse_certificate(identity(KeyKind::rsa3072).certificate))}
        );
        made.push_back(
            {"escrow", must(recording::parse_certificate(identity(KeyKind::p384).certificate))}
        );
        return made;
    }();
    return both;
}

void make_recording(std::string const& folder, Sample const& sample)
{
    std::filesystem::create_directories(folder);
    auto const evidence =
        must(recording::parse_certificate(identity(KeyKind::p256).certificate)).fingerprint();
    json::object facts{
        {"person", "Aïcha Démo"}, {"asset", "[scanner] {1}"}, {"until", "2026-11-21T09:00:00Z"}};
    if (!sample.protocol.empty()) facts["protocol"] = sample.protocol;
    auto writer = must(
        recording::RecordingWriter::create({folder, sample.session, recipients(), evidence, facts})
    );
    recording::SessionText text;
    for (auto const& segment : sample.segments) {
        std::string frames;
        for (auto const& frame : segment)
            append_frame(frames, frame.kind, frame.channel, frame.at_us, frame.payload);
        must(writer->append(frames));
        text.feed(frames);
    }
    if (!sample.interrupted)
        (void)must(writer->seal("client_left", sample.with_text ? text.finish() : std::string{}));
    writer.reset();
    if (sample.interrupted) (void)must(recording::recover(folder));
    if (sample.countersigned) countersign(folder);
}

Sample small_sample()
{
    return {
        {{{FrameKind::resize, 0, "80x24"}, {FrameKind::output, 10, "bonjour\r\n"}},
         {{FrameKind::input, 20, "l"}, {FrameKind::output, 30, "l"}},
         {{FrameKind::end, 40, R"({"reason":"client_left"})"}}}};
}

void countersign(std::string const& folder)
{
    auto const& evidence = identity(KeyKind::p256);
    auto const certificate = must(recording::parse_certificate(evidence.certificate));
    overwrite(folder + "/evidence.pem", certificate.pem);
    overwrite(
        folder + "/seal.evidence.sig", sign_with(evidence, content_of(folder + "/seal.json"))
    );
}

std::string content_of(std::string const& path)
{
    std::ifstream file{path, std::ios::binary};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void overwrite(std::string const& path, std::string_view content)
{
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file << content;
}

} // namespace ecluse::test
