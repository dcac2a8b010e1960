#include "common/bytes.h"
#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <poll.h>
#include <set>

using namespace ecluse;
using namespace ecluse::test;
namespace fs = std::filesystem;

namespace {

std::string text_in(json::value const& object, char const* name)
{
    auto const& value = object.at(name);
    return value.is_string() ? std::string{value.as_string()} : std::string{};
}

std::vector<std::string> sessions_of(json::array const& rows)
{
    std::vector<std::string> ids;
    for (auto const& row : rows)
        ids.push_back(text_in(row, "session"));
    return ids;
}

std::vector<std::string> lines_of(std::string const& text)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        auto const end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

/// The commands of docs/formats/audit.md, as a third party would type them.
std::string recipe()
{
    auto const page = must(read_file(ECLUSE_AUDIT_PAGE, 1 << 20));
    auto const from = page.find("```sh\n") + 6;
    REQUIRE(from != std::string::npos + 6);
    return page.substr(from, page.find("```", from) - from);
}

/// Who audits, and what the hospital's other people see of it.
class Audits {
public:
    explicit Audits(FullStack& stack) : stack_{stack} {}

    Ran as(std::string const& who, std::vector<std::string> words)
    {
        words.insert(words.begin(), "audit");
        return stack_.people().as(who, words);
    }
    Ran draw(std::vector<std::string> words, std::string const& who = "r.amrani")
    {
        std::vector<std::string> all{"draw", "--from", "2020-01-01 00:00", "--until", "now"};
        all.insert(all.end(), words.begin(), words.end());
        return as(who, all);
    }
    Ran judge(
        std::string const& audit,
        std::string const& session,
        std::string const& acts = "ok",
        std::vector<std::string> more = {}
    )
    {
        std::vector<std::string> words{
            "judge",
            audit,
            session,
            "--recording",
            "ok",
            "--purpose",
            "ok",
            "--acts",
            acts,
            "--report",
            "none",
            "--anomalies",
            "ok"};
        words.insert(words.end(), more.begin(), more.end());
        return as("r.amrani", words);
    }
    Ran sign(std::string const& audit, std::string const& conclusion = "un écart expliqué")
    {
        return stack_.people().sign(
            "r.amrani", {"audit", "sign", audit, "--conclusion", conclusion}
        );
    }
    json::object must_show(std::string const& audit)
    {
        auto const ran = as("r.amrani", {"show", audit});
        INFO(ran.out << ran.err);
        REQUIRE(ran.exit == 0);
        return ran.json();
    }
    json::object list()
    {
        auto const ran = as("r.amrani", {"list"});
        INFO(ran.out << ran.err);
        REQUIRE(ran.exit == 0);
        return ran.json();
    }
    std::string minutes(std::string const& audit, std::string const& format)
    {
        auto const file = stack_.path("minutes." + format);
        fs::remove(file);
        auto const ran = as("r.amrani", {"minutes", audit, "--format", format, "--output", file});
        INFO(ran.out << ran.err);
        REQUIRE(ran.exit == 0);
        return must(read_file(file, 16 << 20));
    }

private:
    FullStack& stack_;
};

void have_sessions(FullStack& stack, std::size_t count)
{
    (void)stack.open_window();
    for (std::size_t i = 0; i < count; ++i)
        REQUIRE(stack.ssh({"echo essai"}).status == 0);
    stack.wait_until_sealed(count);
    // A period ends at a whole second: the second in which the last one ended is to be over.
    auto const over = to_seconds(utc_now()) + 1s;
    for (auto left = over - utc_now(); left > 0ms; left = over - utc_now())
        ::poll(nullptr, 0, static_cast<int>(left.count()) + 1);
}

} // namespace

TEST_CASE(
    "a sample is drawn by a seed that nobody chose, drawn again with sha256sum from the journal, "
    "judged, signed and printed",
    "[HDS:EXI-19]"
)
{
    FullStack stack;
    Audits audits{stack};
    // Nothing ended yet: nothing to draw, and nothing due.
    CHECK(audits.draw({"--size", "2"}).code() == "E-AUD-02");
    CHECK(audits.list().at("next_due").is_null());
    have_sessions(stack, 6);

    CHECK(audits.draw({"--size", "2"}, "c.leroy").code() == "E-DRT-01");
    CHECK(audits.draw({"--size", "2", "--share", "5"}).code() == "E-SAI-01");
    CHECK(audits.draw({"--size", "0"}).code() == "E-SAI-01");
    CHECK(audits.draw({"--share", "101"}).code() == "E-SAI-01");
    CHECK(audits.draw({"--size", "2", "--vendor", "Autre"}).code() == "E-INC-01");
    CHECK(
        audits
            .as("r.amrani", {"draw", "--from", "2020-01-01 00:00", "--until", "+1h", "--size", "2"})
            .code() == "E-SAI-01"
    );
    auto const drawn = audits.draw({"--size", "2"});
    INFO(drawn.out << drawn.err);
    REQUIRE(drawn.exit == 0);
    auto const audit = drawn.field("audit");
    CHECK(drawn.json().at("population") == 6);
    CHECK(drawn.json().at("drawn") == 2);
    // One at a time: nobody draws until the sample pleases.
    CHECK(audits.draw({"--size", "2"}).code() == "E-AUD-01");

    // A third party, with the journal and the commands of the page.
    auto const events = stack.events("audit.drawn");
    REQUIRE(events.size() == 1);
    auto const& event = events[0];
    auto const seed = text_in(event, "seed");
    CHECK(seed.size() == 64);
    std::set<std::string> ended;
    for (auto const& one : stack.events("session.ended"))
        ended.insert(text_in(one, "object"));
    std::string population;
    for (auto const& id : ended)
        population += id + "\n";
    CHECK(to_hex(sha256(population)) == text_in(event, "population_sha256"));
    stack.people().write("population.txt", population);
    stack.people().write("sensibles.txt", "");
    stack.people().write("tirage.sh", recipe());
    auto const again = test::run(
        {"env",
         "-C",
         stack.root(),
         "SEED=" + seed,
         "N=2",
         "PATH=/usr/bin:/bin",
         "sh",
         stack.path("tirage.sh")}
    );
    INFO(again.out << again.err);
    auto lines = lines_of(again.out);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == text_in(event, "population_sha256") + "  population.txt");
    lines.erase(lines.begin());
    auto shown = audits.must_show(audit);
    auto const drawn_ids = sessions_of(shown.at("rows").as_array());
    CHECK(drawn_ids == lines);
    auto const file = stack.path("liste.txt");
    REQUIRE(audits.as("r.amrani", {"population", audit, "--output", file}).exit == 0);
    CHECK(must(read_file(file, 1 << 20)) == population);

    // A look at a recording is counted beside it.
    CHECK(shown.at("rows").at(0).at("verified") == 0);
    REQUIRE(stack.people().as("r.amrani", {"recording", "verify", drawn_ids[0]}).exit == 0);
    CHECK(audits.must_show(audit).at("rows").at(0).at("verified") == 1);

    CHECK(audits.sign(audit).code() == "E-AUD-04");
    CHECK(audits.judge(audit, drawn_ids[0], "gap").code() == "E-SAI-01"); // without saying why
    auto const judged =
        audits.judge(audit, drawn_ids[0], "gap", {"--comment", "mise à jour non annoncée"});
    INFO(judged.out << judged.err);
    REQUIRE(judged.exit == 0);
    CHECK(judged.field("outcome") == "deviation");
    auto other = *ended.begin();
    for (auto const& id : ended)
        if (std::find(drawn_ids.begin(), drawn_ids.end(), id) == drawn_ids.end()) other = id;
    CHECK(audits.judge(audit, other).code() == "E-INC-01"); // not drawn
    CHECK(audits.judge(audit, drawn_ids[1]).field("outcome") == "conform");
    CHECK(audits.sign(audit, " ").code() == "E-SAI-01");
    auto const signed_ = audits.sign(audit);
    INFO(signed_.out << signed_.err);
    REQUIRE(signed_.exit == 0);
    CHECK(signed_.json().at("deviations") == 1);
    CHECK(audits.judge(audit, drawn_ids[0]).code() == "E-ETA-01");
    CHECK(audits.sign(audit).code() == "E-ETA-01");
    CHECK(audits.as("r.amrani", {"abandon", audit, "--reason", "x"}).code() == "E-ETA-01");

    // What was signed is what is given, and the journal has its digest.
    auto const minutes = audits.minutes(audit, "json");
    CHECK(to_hex(sha256(minutes)) == signed_.field("minutes_sha256"));
    CHECK(
        text_in(stack.events("audit.signed").at(0), "minutes_sha256") ==
        signed_.field("minutes_sha256")
    );
    CHECK(minutes.find("mise à jour non annoncée") != std::string::npos);
    auto const pdf = audits.minutes(audit, "pdf");
    CHECK(pdf.starts_with("%PDF-1."));
    auto const read = test::run({"pdftotext", "-layout", stack.path("minutes.pdf"), "-"});
    INFO(read.out << read.err);
    CHECK(read.out.find(audit) != std::string::npos);
    CHECK(read.out.find("mise à jour non") != std::string::npos);
    CHECK(
        read.out.find(drawn_ids[1].substr(2)) != std::string::npos
    ); // the line may break after "S-"

    // The list says how the hospital stands: two of six, and the next in a quarter.
    auto const list = audits.list();
    CHECK(list.at("audited") == 2);
    CHECK(list.at("sessions") == 6);
    CHECK(list.at("due") == false);
    CHECK(list.at("next_due").is_string());
    CHECK(audits.as("c.leroy", {"list"}).code() == "E-DRT-01");
    stack.check_evidence();

    // A quarter later it is said at the login and in the answer sheet.
    auto const sheet_state = [&] {
        auto const ran = stack.people().as("r.amrani", {"conformity", "show"});
        INFO(ran.out << ran.err);
        REQUIRE(ran.exit == 0);
        auto const sheet = ran.json();
        for (auto const& row : sheet.at("rows").as_array())
            if (text_in(row, "clause") == "HDS:EXI-19") return text_in(row, "state");
        return std::string{};
    };
    CHECK(sheet_state() == "answered");
    stack.people().restart_policyd("+100d");
    auto const late = stack.people().ctl(
        {"login",
         "r.amrani",
         "--password-file",
         stack.path("password"),
         "--code",
         stack.people().next_recovery("r.amrani")}
    );
    INFO(late.out << late.err);
    REQUIRE(late.exit == 0);
    CHECK(late.out.find("audit des traces") != std::string::npos);
    CHECK(audits.list().at("due") == true);
    CHECK(sheet_state() == "partial");
}

TEST_CASE(
    "sessions on sensitive targets are in every sample, an abandoned draw stays", "[HDS:EXI-19]"
)
{
    FullStack stack;
    auto& people = stack.people();
    Audits audits{stack};
    have_sessions(stack, 3);
    CHECK(people.as("n.belkacem", {"asset", "sensitive", "irm-1"}).code() == "E-DRT-01");
    REQUIRE(people.as("r.amrani", {"asset", "sensitive", "irm-1"}).exit == 0);
    auto const all = audits.draw({"--share", "1"});
    INFO(all.out << all.err);
    REQUIRE(all.exit == 0);
    CHECK(all.json().at("drawn") == 3);
    auto const audit = all.field("audit");
    auto const shown = audits.must_show(audit);
    for (auto const& row : shown.at("rows").as_array())
        CHECK(text_in(row, "why") == "sensitive");
    CHECK(stack.events("audit.drawn").at(0).at("sensitive_assets").as_array().size() == 1);
    CHECK(audits.as("r.amrani", {"abandon", audit, "--reason", " "}).code() == "E-SAI-01");
    REQUIRE(audits.as("r.amrani", {"abandon", audit, "--reason", "mauvaise période"}).exit == 0);
    CHECK(audits.sign(audit).code() == "E-ETA-01");
    REQUIRE(people.as("r.amrani", {"asset", "ordinary", "irm-1"}).exit == 0);
    auto const some = audits.draw({"--share", "1"});
    REQUIRE(some.exit == 0);
    CHECK(some.json().at("drawn") == 1);
    // Both stand in the list, with what became of them.
    auto const list = audits.list();
    auto const& rows = list.at("rows").as_array();
    REQUIRE(rows.size() == 2);
    CHECK(text_in(rows.at(1), "outcome") == "abandoned");
    CHECK(text_in(audits.must_show(audit), "conclusion") == "mauvaise période");
    // Without the second factor nothing is signed.
    auto const unsigned_ = stack.people().as(
        "r.amrani",
        {"audit",
         "sign",
         some.field("audit"),
         "--conclusion",
         "x",
         "--password-file",
         stack.people().write("faux", "Pas-le-bon-mot-9!\n"),
         "--code",
         "000000"}
    );
    CHECK(unsigned_.code() == "E-AUT-01");
    // A recording that is gone cannot be found complete.
    auto const session =
        sessions_of(audits.must_show(some.field("audit")).at("rows").as_array())[0];
    people.sql("UPDATE session SET recording = 'purged' WHERE id = '" + session + "'");
    CHECK(audits.judge(some.field("audit"), session).code() == "E-SAI-01");
}
