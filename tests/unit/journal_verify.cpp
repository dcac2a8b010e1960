#include "common/bytes.h"
#include "common/fd.h"
#include "common/json.h"
#include "policies/journal/journal.h"
#include "policies/journal/verify.h"
#include "policies/vault/evidence_key.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <algorithm>
#include <sys/wait.h>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

UtcMillis const start{1'795'000'000'123ms};

std::vector<std::string> lines_of(std::string const& content)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < content.size();) {
        auto const end = content.find('\n', at);
        lines.push_back(content.substr(at, end - at));
        at = end == std::string::npos ? content.size() : end + 1;
    }
    return lines;
}

std::string joined(std::vector<std::string> const& lines)
{
    std::string content;
    for (auto const& line : lines)
        content += line + "\n";
    return content;
}

/// Six events and two checkpoints, made by the real journal, the third event erased.
struct Evidence {
    TempFolder folder;
    EvidenceKey key = must(EvidenceKey::create("A", to_seconds(start)));
    JournalHead head;
    std::vector<std::string> lines;
    std::vector<std::string> exported;

    Evidence()
    {
        auto database = must(Database::open(folder / "ecluse.db"));
        auto journal = must(Journal::open(folder.path(), database, [&](std::string_view text) {
            return key.sign_der(text);
        }));
        for (int i = 1; i <= 6; ++i) {
            must(journal.record(
                start, "window.approved", json::object{{"object", "été " + std::to_string(i)}}
            ));
            if (i == 2 || i == 5) must(journal.checkpoint(start));
        }
        head = journal.head();
        must(database.run("UPDATE journal_event SET salt = NULL, event = NULL WHERE sequence = 3"));
        for (auto const& row : must(database.rows("SELECT * FROM journal_event ORDER BY sequence")))
            exported.push_back(journal_export_line(
                row.number("sequence"), row.optional_blob("salt"), row.optional_text("event")
            ));
        lines = lines_of(must(read_file(folder / "journal.log", 1 << 20)));
        must(write_file_durably(folder / "certificate", key.certificate_pem()));
        write(joined(lines), joined(exported));
    }

    void write(std::string const& log, std::string const& events) const
    {
        must(write_file_durably(folder / "log", log));
        must(write_file_durably(folder / "events", events));
    }

    [[nodiscard]] JournalVerdict verdict() const
    {
        return must(verify_journal(
            {.log_path = folder / "log",
             .certificate_pem = key.certificate_pem(),
             .export_path = folder / "events",
             .known_head = JournalEvidence::Head{head.sequence, head.link}}
        ));
    }

    /// The verifier of a third party: its exit code, and what it said.
    [[nodiscard]] std::pair<int, std::string> script() const
    {
        auto const command = "sh " ECLUSE_SOURCE_DIR "/policies/journal/verifier-journal.sh -e " +
                             folder / "events" + " -t " + std::to_string(head.sequence) + ":" +
                             head.link + " " + (folder / "log") + " " + (folder / "certificate") +
                             " 2>&1";
        auto* const pipe = popen(command.c_str(), "r");
        REQUIRE(pipe != nullptr);
        auto text = must(read_all(fileno(pipe), 1 << 20));
        return {WEXITSTATUS(pclose(pipe)), std::move(text)};
    }

    /// Both verifiers find a fault, at this line when it is given.
    void check_found(std::int64_t line = -1) const
    {
        auto const faults = verdict().faults;
        REQUIRE_FALSE(faults.empty());
        auto const said = script();
        CAPTURE(said.second);
        CHECK(said.first == 1);
        if (line < 0) return;
        CHECK(faults.front().line == line);
        CHECK(said.second.starts_with("ligne " + std::to_string(line) + " "));
    }
};

} // namespace

TEST_CASE("an intact journal is intact for both verifiers")
{
    Evidence const evidence;
    auto const verdict = evidence.verdict();
    CHECK(verdict.faults.empty());
    CHECK(verdict.events == 6);
    CHECK(verdict.erased == 1);
    CHECK(verdict.checkpoints == 2);
    CHECK(verdict.signed_sequence == 5);
    CHECK(verdict.last_sequence == 6);
    CHECK(verdict.last_link == evidence.head.link);
    auto const said = evidence.script();
    CAPTURE(said.second);
    CHECK(said.first == 0);
    CHECK(said.second.ends_with("INTACT\n"));
}

TEST_CASE("any changed byte of the journal is found, with its line", "[WEB:TR3]")
{
    Evidence const evidence;
    auto const whole = joined(evidence.lines);
    std::int64_t line = 1;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        if (whole[i] == '\n') {
            ++line;
            continue;
        }
        for (unsigned const bits : {1U, 0x20U, 0x80U}) {
            auto changed = whole;
            changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ bits);
            evidence.write(changed, joined(evidence.exported));
            auto const faults = evidence.verdict().faults;
            CAPTURE(i, bits);
            REQUIRE_FALSE(faults.empty());
            // A flip can also make a line end, and so more lines.
            if (changed[i] != '\n' && line > 1) CHECK(faults.front().line == line);
        }
    }
}

TEST_CASE("the shell verifier finds changed bytes too")
{
    Evidence const evidence;
    auto const whole = joined(evidence.lines);
    for (std::size_t i = 3; i < whole.size(); i += 29) {
        auto changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CAPTURE(i, changed);
        evidence.write(changed, joined(evidence.exported));
        CHECK(evidence.script().first == 1);
    }
    for (auto const& foreign : {std::string(1, '\0'), std::string{"\r"}, std::string{"\xc3"}}) {
        auto changed = whole;
        changed.insert(200, foreign);
        evidence.write(changed, joined(evidence.exported));
        CHECK(evidence.script().first == 1);
        CHECK_FALSE(evidence.verdict().faults.empty());
    }
}

TEST_CASE("lines removed, repeated, exchanged, added or cut are found", "[WEB:TR3]")
{
    Evidence const evidence;
    auto const events = joined(evidence.exported);
    for (std::size_t i = 1; i < evidence.lines.size(); ++i) {
        CAPTURE(i);
        auto removed = evidence.lines;
        removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(i));
        evidence.write(joined(removed), events);
        evidence.check_found();
        auto repeated = evidence.lines;
        repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), repeated[i]);
        evidence.write(joined(repeated), events);
        evidence.check_found(static_cast<std::int64_t>(i) + 2);
        if (i + 1 == evidence.lines.size()) continue;
        auto exchanged = evidence.lines;
        std::swap(exchanged[i], exchanged[i + 1]);
        evidence.write(joined(exchanged), events);
        evidence.check_found(static_cast<std::int64_t>(i) + 1);
    }
    auto const whole = joined(evidence.lines);
    evidence.write(whole.substr(0, whole.size() - 1), events);
    evidence.check_found();
    evidence.write(whole + "\n", events);
    evidence.check_found();
    evidence.write(whole + "7", events);
    evidence.check_found();
    evidence.write("", events);
    evidence.check_found();
}

TEST_CASE("a journal cut at its end, with its export, is found by a head known outside")
{
    Evidence const evidence;
    auto lines = evidence.lines;
    auto exported = evidence.exported;
    lines.pop_back();
    exported.pop_back();
    evidence.write(joined(lines), joined(exported));
    evidence.check_found(0);
}

TEST_CASE("a chain computed anew without the evidence key is found")
{
    // An attacker with the whole machine but the key rewrites the first event and all that follows.
    Evidence const evidence;
    TempFolder const folder;
    auto const other = must(EvidenceKey::create("A", to_seconds(start)));
    auto database = must(Database::open(folder / "ecluse.db"));
    auto journal = must(Journal::open(folder.path(), database, [&](std::string_view text) {
        return other.sign_der(text);
    }));
    must(journal.record(start, "window.approved", json::object{{"object", "autre"}}));
    must(journal.checkpoint(start));
    evidence.write(must(read_file(folder / "journal.log", 1 << 20)), "");
    auto const faults = evidence.verdict().faults;
    CHECK(std::any_of(faults.begin(), faults.end(), [](auto const& fault) {
        return fault.line == 3 && fault.what.starts_with("checkpoint: ");
    }));
    evidence.check_found();
}

TEST_CASE("events that are changed, missing, added or exchanged in the export are found")
{
    Evidence const evidence;
    auto const log = joined(evidence.lines);
    auto const with = [&](auto const& change) {
        auto exported = evidence.exported;
        change(exported);
        evidence.write(log, joined(exported));
        evidence.check_found();
    };
    with([](auto& e) { e[1] = journal_export_line(2, std::string(32, 's'), "{}"); });
    with([](auto& e) { e[1].replace(e[1].find("salt\":\"") + 7, 1, "z"); });
    with([](auto& e) { e[1] += " "; });
    with([](auto& e) { e.erase(e.begin()); });
    with([](auto& e) { e.erase(e.begin() + 3); });
    with([](auto& e) { e.pop_back(); });
    with([](auto& e) { e.push_back(journal_export_line(7, std::string(32, 's'), "{}")); });
    with([](auto& e) { std::swap(e[0], e[1]); });
    with([](auto& e) { e[4] = e[3]; });
    with([](auto& e) { e.clear(); });
}

TEST_CASE("a file that cannot be read is an error, not a verdict")
{
    CHECK_FALSE(verify_journal(
        {.log_path = "/none", .certificate_pem = {}, .export_path = {}, .known_head = {}}
    ));
}
