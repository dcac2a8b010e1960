#include "common/fd.h"
#include "policies/journal/witness.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

UtcMillis const start{1'795'000'000'123ms};

WitnessedHead head_of(Journal const& journal)
{
    return {journal.chain(), journal.head(), to_iso(start)};
}

struct Bench {
    TempFolder state, outside;
    Database database = must(Database::open(state / "ecluse.db"));

    [[nodiscard]] Journal open()
    {
        return must(Journal::open(
            state.path(),
            database,
            [](std::string_view) -> Result<std::string> { return std::string(70, 'x'); }
        ));
    }
    [[nodiscard]] std::string list() const { return outside / "heads.log"; }
};

void record(Journal& journal)
{
    must(journal.record(start, "window.approved", boost::json::object{{"object", "W-1"}}));
}

} // namespace

TEST_CASE("the outside witness gives back the last head it was told", "[WEB:TR3]")
{
    Bench bench;
    CHECK_FALSE(must(last_witnessed(bench.outside.path())));
    auto journal = bench.open();
    record(journal);
    must(append_witnessed(bench.outside.path(), head_of(journal)));
    auto const first = must(read_file(bench.list(), 4096));
    must(journal.checkpoint(start));
    must(append_witnessed(bench.outside.path(), head_of(journal)));
    CHECK(*must(last_witnessed(bench.outside.path())) == head_of(journal));
    CHECK(must(read_file(bench.list(), 4096)).starts_with(first));

    // A crash left half a line, then whole ones follow.
    std::ofstream{bench.list(), std::ios::app} << "J-CRASH 12 ab";
    CHECK(*must(last_witnessed(bench.outside.path())) == head_of(journal));
    record(journal);
    must(append_witnessed(bench.outside.path(), head_of(journal)));
    CHECK(*must(last_witnessed(bench.outside.path())) == head_of(journal));

    std::ofstream{bench.list(), std::ios::trunc} << "nothing of ours\n";
    CHECK(last_witnessed(bench.outside.path()).error().code == Errc::corrupt);
    CHECK_FALSE(last_witnessed(bench.outside / "absent"));
}

TEST_CASE("a head is known to the journal that wrote it and to no earlier copy of it", "[WEB:TR3]")
{
    Bench bench;
    auto const folder = bench.state.path();
    auto journal = bench.open();
    record(journal);
    auto const early = head_of(journal);
    auto const copy = must(read_file(bench.state / "journal.log", 1 << 20));
    // Far enough that the early head is no longer in the part that is read first.
    for (int i = 0; i < 1500; ++i)
        record(journal);
    must(journal.checkpoint(start));
    auto const late = head_of(journal);
    CHECK(must(knows_head(folder, early)));
    CHECK(must(knows_head(folder, late)));
    auto other = late;
    other.head.sequence -= 1;
    CHECK_FALSE(must(knows_head(folder, other)));
    other = late;
    other.chain = "J-OTHER";
    CHECK_FALSE(must(knows_head(folder, other)));

    // Acknowledged, the chain goes on under a new name, with numbers that nobody used.
    must(journal.acknowledge_rollback(
        {.at = start,
         .actor = "P-1",
         .source = "local",
         .reason = "test",
         .witnessed_outside = "J-AWAY 90000 " + late.head.link + " " + to_iso(start)}
    ));
    CHECK(journal.head().sequence == 90001);
    CHECK(must(knows_head(folder, late))); // in the file set aside
    CHECK(must(knows_head(folder, head_of(journal))));
    record(journal);
    CHECK(journal.head().sequence == 90002);

    // The old copy in the place of all of it.
    for (auto const& entry : std::filesystem::directory_iterator{folder})
        if (entry.path().filename().string().starts_with("journal.log"))
            std::filesystem::remove(entry.path());
    must(write_file_durably(bench.state / "journal.log", copy));
    CHECK(must(knows_head(folder, early)));
    CHECK_FALSE(must(knows_head(folder, late)));
}
