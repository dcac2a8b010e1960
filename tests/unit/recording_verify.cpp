#include "common/bytes.h"
#include "recorder/verify/verify.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"
#include "tests/support/recording_sample.h"

#include <catch2/generators/catch_generators.hpp>

#include <filesystem>
#include <functional>

using namespace ecluse;
using namespace ecluse::recording;
using namespace ecluse::test;

namespace {

Verdict verdict_of(std::string const& folder)
{
    auto const files = RecordingFiles::from_folder(folder);
    REQUIRE(files);
    return verify(*files, {});
}

std::string faults_of(std::string const& folder)
{
    std::string all;
    for (auto const& fault : verdict_of(folder).faults)
        all += describe(fault, Language::french) + "\n";
    return all;
}

int shell_status(std::string const& folder, std::string const& options = "")
{
    return run_shell("sh " ECLUSE_SHELL_VERIFIER " " + options + " " + folder).status;
}

std::vector<std::string> files_in(std::string const& folder)
{
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator{folder})
        names.push_back(entry.path().filename().string());
    return names;
}

struct TamperRow {
    char const* what;
    FaultKind expected;
    std::function<void(std::string const&)> tamper;
};

std::vector<std::string> lines_of(std::string const& text)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        auto const end = text.find('\n', at) + 1;
        lines.push_back(text.substr(at, end - at));
        at = end;
    }
    return lines;
}

void rewrite_lines(
    std::string const& folder, std::function<void(std::vector<std::string>&)> const& change
)
{
    auto lines = lines_of(content_of(folder + "/chain.txt"));
    change(lines);
    std::string text;
    for (auto const& line : lines)
        text += line;
    overwrite(folder + "/chain.txt", text);
}

} // namespace

TEST_CASE("a recording as written is intact for both verifiers")
{
    TemporaryFolder const root;
    auto sample = small_sample();
    sample.interrupted = GENERATE(false, true);
    auto const folder = root.path() + "/S-SAMPLE1";
    make_recording(folder, sample);
    CHECK(faults_of(folder).empty());
    auto const ran = run_shell("sh " ECLUSE_SHELL_VERIFIER " " + folder);
    CHECK(ran.output.find("S-SAMPLE1 : intègre, 3 segments") == 0);
    CHECK(ran.status == 0);
}

TEST_CASE(
    "every flipped byte of every file is found, by one sentence that names a file",
    "[WEB:DT4][CLAUSIER:O-9.14]"
)
{
    TemporaryFolder const root;
    auto sample = small_sample();
    sample.interrupted = GENERATE(false, true);
    auto const folder = root.path() + "/S-SAMPLE1";
    make_recording(folder, sample);
    for (auto const& name : files_in(folder)) {
        auto const path = folder + "/" + name;
        auto const content = content_of(path);
        std::size_t unseen = 0;
        for (std::size_t i = 0; i < content.size(); ++i) {
            // Every position with one bit; where text is parsed, with three.
            bool const parsed = name == "chain.txt" || name.starts_with("seal");
            for (auto const flip : {0x01, 0x20, 0x80}) {
                if (flip != 0x01 && !parsed) continue;
                auto changed = content;
                changed[i] = static_cast<char>(changed[i] ^ flip);
                overwrite(path, changed);
                auto const verdict = verdict_of(folder);
                if (verdict.good()) {
                    ++unseen;
                    UNSCOPED_INFO(name << " byte " << i << " flip " << flip);
                }
            }
        }
        overwrite(path, content);
        CHECK(unseen == 0);
    }
    CHECK(verdict_of(folder).good());
}

TEST_CASE("the shell verifier finds flipped bytes in every file", "[CLAUSIER:O-9.14]")
{
    TemporaryFolder const root;
    auto const folder = root.path() + "/S-SAMPLE1";
    make_recording(folder, small_sample());
    for (auto const& name : files_in(folder)) {
        auto const path = folder + "/" + name;
        auto const content = content_of(path);
        // Each call costs some 50 ms: short files whole, long ones by steps that meet every field.
        std::size_t const step = 1 + content.size() / 20;
        for (std::size_t i = 0; i < content.size(); i += step) {
            auto changed = content;
            changed[i] = static_cast<char>(changed[i] ^ (i % 2 == 0 ? 0x01 : 0x20));
            overwrite(path, changed);
            CAPTURE(name, i);
            CHECK(shell_status(folder) == 7);
        }
        overwrite(path, content);
    }
    CHECK(shell_status(folder) == 0);
}

TEST_CASE("every way of tampering with a folder is found and named")
{
    auto const row = GENERATE(values<TamperRow>({
        {"lines swapped",
         FaultKind::chain_broken,
         [](auto const& folder) {
             rewrite_lines(folder, [](auto& lines) { std::swap(lines[0], lines[1]); });
         }},
        {"a line removed",
         FaultKind::chain_broken,
         [](auto const& folder) {
             rewrite_lines(folder, [](auto& lines) { lines.erase(lines.begin() + 1); });
         }},
        {"the last line removed",
         FaultKind::chain_shortened,
         [](auto const& folder) { rewrite_lines(folder, [](auto& lines) { lines.pop_back(); }); }},
        {"the last line end removed",
         FaultKind::chain_broken,
         [](auto const& folder) {
             rewrite_lines(folder, [](auto& lines) { lines.back().pop_back(); });
         }},
        {"a line twice",
         FaultKind::chain_broken,
         [](auto const& folder) {
             rewrite_lines(folder, [](auto& lines) { lines.push_back(lines.back()); });
         }},
        {"an empty line added",
         FaultKind::chain_broken,
         [](auto const& folder) {
             rewrite_lines(folder, [](auto& lines) { lines.push_back("\n"); });
         }},
        {"a zero byte added",
         FaultKind::chain_broken,
         [](auto const& folder) {
             rewrite_lines(folder, [](auto& lines) { lines.push_back(std::string(1, '\0')); });
         }},
        {"segments swapped in the record",
         FaultKind::segment_differs,
         [](auto const& folder) {
             auto const record = content_of(folder + "/record.bin");
             auto const middle = record.size() / 2;
             overwrite(folder + "/record.bin", record.substr(middle) + record.substr(0, middle));
         }},
        {"the record truncated",
         FaultKind::segment_missing,
         [](auto const& folder) {
             auto const record = content_of(folder + "/record.bin");
             overwrite(folder + "/record.bin", record.substr(0, record.size() - 1));
         }},
        {"the record emptied",
         FaultKind::segment_missing,
         [](auto const& folder) { overwrite(folder + "/record.bin", ""); }},
        {"the record extended",
         FaultKind::record_extended,
         [](auto const& folder) {
             overwrite(folder + "/record.bin", content_of(folder + "/record.bin") + "x");
         }},
        {"bytes after the seal's signature",
         FaultKind::seal_signature,
         [](auto const& folder) {
             overwrite(folder + "/seal.sig", content_of(folder + "/seal.sig") + "x");
         }},
        {"bytes after the countersignature",
         FaultKind::countersignature,
         [](auto const& folder) {
             overwrite(
                 folder + "/seal.evidence.sig", content_of(folder + "/seal.evidence.sig") + "xyz"
             );
         }},
        {"the countersignature removed",
         FaultKind::countersignature_missing,
         [](auto const& folder) {
             std::filesystem::remove(folder + "/seal.evidence.sig");
             std::filesystem::remove(folder + "/evidence.pem");
         }},
        {"a torn tail that the seal does not know",
         FaultKind::file_differs,
         [](auto const& folder) { overwrite(folder + "/torn-record.bin", "x"); }},
        {"the text flipped",
         FaultKind::file_differs,
         [](auto const& folder) {
             auto text = content_of(folder + "/text.bin");
             text.back() = static_cast<char>(text.back() ^ 1);
             overwrite(folder + "/text.bin", text);
         }},
        {"the text removed",
         FaultKind::file_missing,
         [](auto const& folder) { std::filesystem::remove(folder + "/text.bin"); }},
        {"another evidence key",
         FaultKind::evidence_certificate,
         [](auto const& folder) {
             auto const& other = identity(KeyKind::p256, 5);
             overwrite(folder + "/evidence.pem", other.certificate);
             overwrite(
                 folder + "/seal.evidence.sig", sign_with(other, content_of(folder + "/seal.json"))
             );
         }},
    }));
    CAPTURE(row.what);
    TemporaryFolder const root;
    auto const folder = root.path() + "/S-SAMPLE1";
    make_recording(folder, small_sample());
    row.tamper(folder);
    auto const verdict = verdict_of(folder);
    REQUIRE_FALSE(verdict.good());
    CAPTURE(describe(verdict.faults[0], Language::french));
    CHECK(to_word(verdict.faults[0].kind) == to_word(row.expected));
    CHECK(shell_status(folder) == 7);
}

TEST_CASE("each file removed is missed")
{
    TemporaryFolder const root;
    auto const folder = root.path() + "/S-SAMPLE1";
    make_recording(folder, small_sample());
    for (auto const& name : files_in(folder)) {
        CAPTURE(name);
        auto const content = content_of(folder + "/" + name);
        std::filesystem::remove(folder + "/" + name);
        CHECK_FALSE(verdict_of(folder).good());
        CHECK(shell_status(folder) == 7);
        overwrite(folder + "/" + name, content);
    }
    CHECK(verdict_of(folder).good());
}

TEST_CASE("the seal of another session, and an older state put back, are found")
{
    TemporaryFolder const root;
    auto const folder = root.path() + "/S-SAMPLE1";
    auto const other = root.path() + "/S-OTHER";
    make_recording(folder, small_sample());
    auto sample = small_sample();
    sample.session = "S-OTHER";
    make_recording(other, sample);
    auto const put = [&](std::string const& name) {
        std::filesystem::copy(
            other + "/" + name,
            folder + "/" + name,
            std::filesystem::copy_options::overwrite_existing
        );
    };
    SECTION("seal and signatures")
    {
        for (auto const* name : {"seal.json", "seal.sig", "seal.evidence.sig"})
            put(name);
        CHECK(verdict_of(folder).faults.at(0).kind == FaultKind::wrong_session);
    }
    SECTION("header")
    {
        put("header.json");
        CHECK(verdict_of(folder).faults.at(0).kind == FaultKind::wrong_session);
    }
    SECTION("chain and record")
    {
        put("chain.txt");
        put("record.bin");
        CHECK(verdict_of(folder).faults.at(0).kind == FaultKind::chain_broken);
    }
    SECTION("rolled back: shorter chain and record that were once valid")
    {
        auto const chain = content_of(folder + "/chain.txt");
        auto const record = content_of(folder + "/record.bin");
        overwrite(folder + "/chain.txt", lines_of(chain)[0]);
        overwrite(folder + "/record.bin", record.substr(0, record.size() / 3));
        CHECK_FALSE(verdict_of(folder).good());
    }
    CHECK(shell_status(folder) == 7);
}

TEST_CASE("both verifiers compare the evidence certificate with a trusted copy")
{
    TemporaryFolder const root;
    auto const folder = root.path() + "/S-SAMPLE1";
    make_recording(folder, small_sample());
    auto const files = must(RecordingFiles::from_folder(folder));
    auto const with = [&](TestIdentity const& who) {
        return verify(
                   files,
                   {.evidence_certificate = who.certificate, .allow_not_countersigned = false}
        )
            .good();
    };
    CHECK(with(identity(KeyKind::p256)));
    CHECK_FALSE(with(identity(KeyKind::p256, 5)));
    overwrite(root.path() + "/good.pem", identity(KeyKind::p256).certificate);
    overwrite(root.path() + "/bad.pem", identity(KeyKind::p256, 5).certificate);
    CHECK(shell_status(folder, "-c " + root.path() + "/good.pem") == 0);
    CHECK(shell_status(folder, "-c " + root.path() + "/bad.pem") == 7);
}

TEST_CASE("a recording not yet countersigned is intact only when that is allowed")
{
    TemporaryFolder const root;
    auto const folder = root.path() + "/S-SAMPLE1";
    auto sample = small_sample();
    sample.countersigned = false;
    make_recording(folder, sample);
    CHECK_FALSE(verdict_of(folder).good());
    auto const files = must(RecordingFiles::from_folder(folder));
    CHECK(verify(files, {.evidence_certificate = {}, .allow_not_countersigned = true}).good());
    CHECK(shell_status(folder) == 7);
    CHECK(shell_status(folder, "-n") == 0);
}
