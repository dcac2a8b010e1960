#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text.h"
#include "common/text_keys.h"
#include "recorder/timestamp/timestamp.h"
#include "recorder/verify/verify.h"

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

/// ecluse-verify FOLDER... [--evidence-cert PEM] [--json] [--not-countersigned] [--english]
/// ecluse-verify FOLDER --timestamp TOKEN --timestamp-authority PEM: also when its seal existed
namespace ecluse {
namespace {

constexpr int exit_usage = 2;
constexpr int exit_integrity = 7;
constexpr std::size_t certificate_bytes_max = 64 * 1024;
constexpr std::size_t authorities_bytes_max = 2 * 1024 * 1024;
constexpr std::size_t seal_bytes_max = 256 * 1024;
constexpr std::size_t token_bytes_max = 256 * 1024;

struct Options {
    std::vector<std::string> folders;
    recording::VerifyOptions verify;
    Language language = Language::french;
    bool as_json = false;
    std::string token_path, authorities; // of the timestamp
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
        } else if (word == "--timestamp" && i + 1 < count) {
            options.token_path = words[++i];
        } else if (word == "--timestamp-authority" && i + 1 < count) {
            options.authorities = ECLUSE_TRY(read_file(words[++i], authorities_bytes_max));
        } else if (word.starts_with("--")) {
            return Error{Errc::malformed, std::string{word} + ": unknown option"};
        } else {
            options.folders.emplace_back(word);
        }
    }
    if (options.folders.empty()) return Error{Errc::malformed, "no folder given"};
    bool const stamped = !options.token_path.empty();
    if (stamped != !options.authorities.empty() || (stamped && options.folders.size() != 1))
        return Error{
            Errc::malformed, "--timestamp and --timestamp-authority go together, for one folder"};
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

/// Whether the token is of this folder's seal; said in a line of its own.
bool check_timestamp(Options const& options)
{
    auto const say = [&](TextKey key, std::string const& detail) {
        auto const line = text(
            options.language, key, {{"token", printable(options.token_path)}, {"detail", detail}}
        );
        std::fputs((line + "\n").c_str(), options.as_json ? stderr : stdout);
    };
    auto const seal = read_file(options.folders.front() + "/seal.json", seal_bytes_max);
    auto const token = read_file(options.token_path, token_bytes_max);
    if (!seal || !token) {
        say(TextKey::verify_timestamp_bad, (seal ? token.error() : seal.error()).what);
        return false;
    }
    auto const outcome = timestamp::check_token(*token, sha256(*seal), options.authorities);
    if (auto const* const refused = std::get_if<timestamp::Refused>(&outcome)) {
        say(TextKey::verify_timestamp_bad, std::string{code(refused->fault)} + ", " + refused->why);
        return false;
    }
    say(TextKey::verify_timestamp_good, to_iso(std::get<timestamp::Token>(outcome).at));
    return true;
}

int run(int count, char const* const* words)
{
    auto const options = parse(count, words);
    if (!options) {
        log(LogLevel::error, options.error().what);
        std::fputs(
            "ecluse-verify FOLDER... [--evidence-cert PEM] [--json] [--not-countersigned] "
            "[--english]\necluse-verify FOLDER --timestamp TOKEN --timestamp-authority PEM\n",
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
    if (!options->token_path.empty()) good = check_timestamp(*options) && good;
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
