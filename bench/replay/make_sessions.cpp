#include "common/bytes.h"
#include "common/json.h"
#include "recorder/format/reader.h"
#include "recorder/format/writer.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <random>

/// make_sessions FOLDER SESSIONS LINES CERTIFICATE KEY TABLE: sealed recordings, each with a text
/// of so many lines, made by the recorder's own writer. Prints "SESSION CONTENT-KEY" a line: what
/// the reader's key opens. TABLE gets the same lines in clear, as a table for the sqlite3 shell.
namespace {

using namespace ecluse;

/// Few words are said often, most seldom: as people do.
class Speaker {
public:
    std::string line()
    {
        std::string words;
        for (int n = 3 + static_cast<int>(random_() % 6); n > 0; --n)
            words += (words.empty() ? "" : " ") + word();
        return words;
    }

private:
    std::string word()
    {
        // A power law over 60,000 words.
        double const u = std::uniform_real_distribution<>{1e-9, 1.0}(random_);
        auto const rank = static_cast<int>(60'000 * u * u * u * u);
        static constexpr char const* syllables[] = {
            "sau",
            "ve",
            "gar",
            "dé",
            "ser",
            "vi",
            "ce",
            "re",
            "dé",
            "mar",
            "ra",
            "ge",
            "base",
            "tab",
            "le",
            "log"};
        std::string text;
        for (int rest = rank + 16; rest > 0; rest /= 16)
            text += syllables[rest % 16];
        return text;
    }

    std::mt19937 random_{20261128};
};

Result<> make(
    std::string const& folder,
    int sessions,
    int lines,
    std::string const& certificate,
    std::string const& key,
    std::string const& table
)
{
    std::ofstream rows{table};
    std::vector<recording::Recipient> recipients;
    recipients.push_back(
        {"rssi",
         ECLUSE_TRY(recording::parse_certificate(ECLUSE_TRY(read_file(certificate, 65536))))}
    );
    auto const reading =
        ECLUSE_TRY(recording::ReadingKey::open(ECLUSE_TRY(read_file(key, 65536)), {}));
    Speaker speaker;
    for (int i = 0; i < sessions; ++i) {
        auto const name = fmt::format("S-{:06}", i);
        auto const path = folder + "/" + name;
        std::filesystem::create_directories(path);
        json::object const facts{{"protocol", "ssh"}};
        auto const writer = ECLUSE_TRY(
            recording::RecordingWriter::create({path, name, recipients, std::nullopt, facts})
        );
        std::string frames, text;
        append_frame(frames, FrameKind::end, 0, 1, R"({"reason":"client_left"})");
        ECLUSE_TRY(writer->append(frames));
        for (int line = 0; line < lines; ++line) {
            auto const* const kind = line % 4 == 0 ? "typed" : "shown";
            auto const words = speaker.line();
            text += fmt::format("{} {} {}\n", line * 7000, kind, words);
            rows << (static_cast<std::int64_t>(i) << 24) + line << '\t' << line * 7000 << '\t'
                 << kind << '\t' << words << '\n';
        }
        ECLUSE_TRY(writer->seal("client_left", text));
        auto const opened = ECLUSE_TRY(
            recording::Recording::open(ECLUSE_TRY(recording::RecordingFiles::from_folder(path)))
        );
        auto const content = ECLUSE_TRY(opened.unlock(reading));
        fmt::print("{} {}\n", name, to_base64(content.reveal()));
    }
    return {};
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 7) return 2;
    auto const made =
        make(argv[1], std::stoi(argv[2]), std::stoi(argv[3]), argv[4], argv[5], argv[6]);
    if (made) return 0;
    fmt::print(stderr, "{}\n", made.error().what);
    return 1;
}
