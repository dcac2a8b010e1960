#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text.h"
#include "common/text_keys.h"
#include "recorder/verify/verify.h"

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

/// ecluse-verify FOLDER... [--evidence-cert PEM] [--json] [--not-countersigned] [--english]
namespace ecluse {
namespace {

constexpr int exit_usage = 2;
constexpr int exit_integrity = 7;
constexpr std::size_t certificate_bytes_max = 64 * 1024;

struct Options {
    std::vector<std::string> folders;
    recording::VerifyOptions verify;
    Language language = Language::french;
    bool as_json = false;
};

Result<Options> parse(int count, char const* const* words)
{
    Options options;
    for (int i = 1; i < count; ++i) {
        std::string_view const word{words[i]};
        if (word == "--json") {
            options.as_json = true;
        } else if (word == "--english") {
            options.language = Language::english;
        } else if (word == "--not-countersigned") {
            options.verify.allow_not_countersigned = true;
        } else if (word == "--evidence-cert" && i + 1 < count) {
            options.verify.evidence_certificate =
                ECLUSE_TRY(read_file(words[++i], certificate_bytes_max));
        } else if (word.starts_with("--")) {
            return Error{Errc::malformed, std::string{word} + ": unknown option"};
        } else {
            options.folders.emplace_back(word);
        }
    }
    if (options.folders.empty()) return Error{Errc::malformed, "no folder given"};
    return options;
}

std::string session_of(std::string const& folder, recording::Verdict const& verdict)
{
    return verdict.header ? verdict.header->session : printable(folder);
}

void print_text(std::string const& folder, recording::Verdict const& verdict, Language language)
{
    auto const session = session_of(folder, verdict);
    auto line = verdict.good() ? text(
                                     language,
                                     TextKey::verify_good,
                                     {{"session", session},
                                      {"segments", std::to_string(verdict.seal->segments)},
                                      {"reason", verdict.seal->end_reason}}
                                 )
                               : text(language, TextKey::verify_bad, {{"session", session}});
    std::puts(line.c_str());
    for (auto const& fault : verdict.faults)
        std::puts(("  " + describe(fault, language)).c_str());
    for (auto const note : verdict.notes)
        std::puts(("  " + describe(note, language)).c_str());
}

json::object
to_json(std::string const& folder, recording::Verdict const& verdict, Language language)
{
    json::array faults;
    for (auto const& fault : verdict.faults) {
        json::object item{
            {"fault", to_word(fault.kind)},
            {"file", fault.file},
            {"text", describe(fault, language)}};
        if (fault.offset) item["offset"] = *fault.offset;
        if (fault.segment) item["segment"] = *fault.segment;
        faults.push_back(std::move(item));
    }
    json::array notes;
    for (auto const note : verdict.notes)
        notes.push_back(json::object{{"note", to_word(note)}, {"text", describe(note, language)}});
    json::object object{
        {"folder", folder},
        {"session", session_of(folder, verdict)},
        {"ok", verdict.good()},
        {"faults", std::move(faults)},
        {"notes", std::move(notes)}};
    if (verdict.seal) {
        object["segments"] = verdict.seal->segments;
        object["end_reason"] = verdict.seal->end_reason;
        object["interrupted"] = verdict.seal->interrupted;
    }
    return object;
}

int run(int count, char const* const* words)
{
    auto const options = parse(count, words);
    if (!options) {
        log(LogLevel::error, options.error().what);
        std::fputs(
            "ecluse-verify FOLDER... [--evidence-cert PEM] [--json] [--not-countersigned] "
            "[--english]\n",
            stderr
        );
        return exit_usage;
    }
    bool good = true;
    json::array all;
    for (auto const& folder : options->folders) {
        auto const files = recording::RecordingFiles::from_folder(folder);
        recording::Verdict verdict;
        if (files)
            verdict = recording::verify(*files, options->verify);
        else
            verdict.faults.push_back({recording::FaultKind::file_missing, "header.json", {}, {}});
        good = good && verdict.good();
        if (options->as_json)
            all.push_back(to_json(folder, verdict, options->language));
        else
            print_text(folder, verdict, options->language);
    }
    if (options->as_json) std::puts(json::serialize(all).c_str());
    return good ? 0 : exit_integrity;
}

} // namespace
} // namespace ecluse

int main(int count, char** words)
{
    ecluse::set_log_name("ecluse-verify");
    try {
        return ecluse::run(count, words);
    } catch (std::exception const& error) {
        ecluse::log(ecluse::LogLevel::error, error.what());
    }
    return 1;
}
