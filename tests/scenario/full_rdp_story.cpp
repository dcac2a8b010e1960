#include "common/bytes.h"
#include "tests/support/full_rdp.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace ecluse;
using namespace ecluse::test;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

std::string slurp(std::string const& path)
{
    return must(read_file(path, 64 * 1024 * 1024));
}

/// What the RSSI takes out of the only session, in this format.
std::string exported(FullRdp& rdp, std::string const& session, std::string const& format)
{
    auto path = rdp.path("export." + format);
    std::vector<std::string> words{
        "recording", "export", session, "--format", format, "--output", path, "--reason", "essai"};
    if (format != "pack")
        words.insert(
            words.end(),
            {"--key-file", rdp.path("remise/rssi.p12"), "--passphrase-file", rdp.path("passphrase")}
        );
    auto const ran = rdp.people().sign("r.amrani", words);
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return path;
}

std::string only_session(FullRdp& rdp)
{
    auto const rows = rdp.stack().sessions();
    REQUIRE(rows.size() == 1);
    return std::string{rows[0].as_object().at("session").as_string()};
}

constexpr char const* typed = "été à l'hôpital, 7 ça";

} // namespace

TEST_CASE(
    "the main job over RDP: a ticket, a desktop, warned, extended, cut, sealed, a film, a report",
    "[CLAUSIER:O-12.2.5.3][CLAUSIER:O-9.9][CHM:8.4]"
)
{
    FullRdp rdp{RdpTarget::Kind::xrdp};
    auto& people = rdp.people();
    CHECK(rdp.ask_ticket(rdp.path("early.rdp")).code() == "E-FEN-01");
    // Long enough for a desktop on a busy machine before the last minute begins.
    auto const window = rdp.open_window(130s);
    auto const client = rdp.live_desktop();
    rdp.type_to_file(typed);
    auto before = rdp.desk().look();
    CHECK(rdp.session_pids("ecluse-encode").size() == 1);

    // Nobody types: what changes is the warning.
    // What says that a session is recorded goes earlier.
    auto const is_warned = [&](Picture const& now) {
        if (window.closes - utc_now() <= 61s) return psnr(before, now) < 60;
        before = now;
        return false;
    };
    REQUIRE(rdp.desk().wait_until_seen(is_warned, 140s));
    auto const later = window.closes + 10min;
    auto const extended = people.as(
        "c.leroy",
        {"window", "extend", window.id, "--closes", to_iso(later), "--reason", "essais en cours"}
    );
    INFO(extended.out << extended.err);
    REQUIRE(extended.exit == 0);
    rdp.type_to_file("toujours", "suite.txt");
    // The prompt comes back after the file.
    auto at_the_end = rdp.desk().look();
    REQUIRE(rdp.desk().wait_until_seen([&](Picture const& now) {
        bool const is_still = psnr(at_the_end, now) == 99;
        at_the_end = now;
        return is_still;
    }));
    // The ten minutes are not waited for: policyd's clock passes them.
    for (auto const* login : {"c.leroy", "n.belkacem", "r.amrani"})
        people.login(login);
    people.move_clock("+12m");
    CHECK(rdp.leaves(*client, 20s));
    CHECK(rdp.ask_ticket(rdp.path("late.rdp")).code() == "E-FEN-03");
    people.move_clock("+0s");
    for (auto const* login : {"c.leroy", "n.belkacem", "r.amrani"})
        people.login(login);

    rdp.stack().wait_until_sealed(1);
    CHECK(rdp.stack().end_reasons() == std::vector<std::string>{"window_end"});
    rdp.stack().check_evidence();
    auto const session = only_session(rdp);
    auto const verified = run({ECLUSE_VERIFY_PROGRAM, rdp.path("recordings/by-id/" + session)});
    INFO(verified.out << verified.err);
    CHECK(verified.status == 0);
    auto const pack = exported(rdp, session, "pack");
    auto const checked = run({"sh", pack + "/verifier.sh", pack + "/" + session});
    INFO(checked.out << checked.err);
    CHECK(checked.status == 0);

    // The film ends with the desktop as it was on the technician's screen; the gateway's own banner
    // and the mouse are elsewhere than this part of the terminal.
    auto const film = read_picture(exported(rdp, session, "mp4"), -1);
    auto const likeness = psnr(film.part(44, 62, 800, 200), at_the_end.part(44, 62, 800, 200));
    INFO(film.width << "x" << film.height << ", PSNR " << likeness);
    CHECK(likeness > 28);
    auto const text = slurp(exported(rdp, session, "text"));
    INFO(text);
    CHECK(contains(text, typed));
    CHECK(contains(slurp(exported(rdp, session, "vtt")), typed));
    // The target's password was never the technician's to see, nor anybody's to read.
    CHECK_FALSE(contains(text, rdp.target().password()));

    auto const reports = people.as("n.belkacem", {"report", "list"}).json();
    REQUIRE(reports.at("rows").as_array().size() == 1);
    auto const report =
        std::string{reports.at("rows").as_array()[0].as_object().at("report").as_string()};
    auto const shown = people.as("n.belkacem", {"report", "show", report});
    INFO(shown.out << shown.err);
    CHECK(shown.exit == 0);
    CHECK(contains(shown.out, session));
}

TEST_CASE(
    "a file that a drive carried stands in the report, with its direction and digest",
    "[CLAUSIER:O-12.2.5.3]"
)
{
    if (run({"which", "fusermount3"}).status != 0) SKIP("fuse3 is not installed");
    FullRdp rdp{RdpTarget::Kind::xrdp};
    auto& people = rdp.people();
    auto const bag = rdp.path("valise");
    std::filesystem::create_directories(bag);
    std::string const tool(70'000, 'o');
    std::ofstream{bag + "/outil.bin", std::ios::binary} << tool;
    auto const window = rdp.open_window(10min, "desktop,file_up");
    {
        auto const client = rdp.live_desktop({"/drive:valise," + bag});
        rdp.type_to_file("premier");
        rdp.desk().type("until cp thinclient_drives/valise/outil.bin .; do sleep 1; done; ");
        rdp.desk().type("cp outil.bin thinclient_drives/valise/sorti.bin; echo lu >lu");
        rdp.desk().key("Return");
        REQUIRE(rdp.target().wait_for_file("desk1", "lu", "lu", 60s));
        CHECK(rdp.target().file("desk1", "outil.bin") == tool);
        client->signal(SIGTERM);
        REQUIRE(rdp.leaves(*client));
    }
    rdp.stack().wait_until_sealed(1);
    REQUIRE(people.as("c.leroy", {"window", "close", window.id, "--reason", "fini"}).exit == 0);
    auto const reports = people.as("n.belkacem", {"report", "list"}).json();
    REQUIRE(reports.at("rows").as_array().size() == 1);
    auto const report =
        std::string{reports.at("rows").as_array()[0].as_object().at("report").as_string()};
    auto const shown = people.as("n.belkacem", {"report", "show", report});
    INFO(shown.out << shown.err);
    CHECK(contains(shown.out, "outil.bin"));
    CHECK(contains(shown.out, to_hex(sha256(tool))));
    // What was tried and not granted stands there as well, and passed nowhere.
    CHECK(contains(shown.out, "function_refused"));
    CHECK_FALSE(std::filesystem::exists(bag + "/sorti.bin"));
}

TEST_CASE("a desktop behind NLA is opened with the vault's password, and reconnected to")
{
    FullRdp rdp{RdpTarget::Kind::shadow_nla};
    rdp.open_window();
    {
        auto const client = rdp.live_desktop();
        rdp.type_to_file("premier");
        client->signal(SIGTERM);
        REQUIRE(rdp.leaves(*client));
    }
    rdp.stack().wait_until_sealed(1);
    {
        auto const client = rdp.live_desktop();
        rdp.type_to_file("second");
        client->signal(SIGTERM);
        REQUIRE(rdp.leaves(*client));
    }
    rdp.stack().wait_until_sealed(2);
    CHECK(rdp.stack().end_reasons() == std::vector<std::string>{"client_left", "client_left"});
    rdp.stack().check_evidence();
    // Nothing of it in clear on the gateway's disk.
    for (auto const* const place : {"recordings", "state", "journal"}) {
        auto const found = run({"grep", "-rqaF", rdp.target().password(), rdp.path(place)});
        CAPTURE(place);
        CHECK(found.status == 1);
    }
}

TEST_CASE("login, password and code may be typed on the gateway's own screen")
{
    FullRdp rdp{RdpTarget::Kind::shadow_tls};
    rdp.open_window();
    auto words = rdp.words("");
    words.erase(words.begin());
    words.emplace_back("/u:");
    auto const client = rdp.desk().connect(words);
    REQUIRE(rdp.desk().wait_until_seen([](Picture const& now) { return now.colours() > 3; }, 60s));
    rdp.desk().type("n.belkacem");
    rdp.desk().key("Tab");
    rdp.desk().type(OperatorRig::password);
    rdp.desk().key("Tab");
    rdp.desk().type(rdp.people().one_time_code("n.belkacem"));
    auto const form = rdp.desk().look();
    rdp.desk().key("Return");
    INFO(rdp.logs());
    // The form makes room for the list of open windows, of which there is one.
    REQUIRE(rdp.desk().wait_until_seen([&](Picture const& now) { return psnr(form, now) < 25; }));
    rdp.desk().key("Return");
    REQUIRE(rdp.desk().desktop_comes(60s));
    rdp.type_to_file(typed);
    client->signal(SIGTERM);
    CHECK(rdp.leaves(*client));
    rdp.stack().wait_until_sealed(1);
    rdp.stack().check_evidence();
    // What was typed before the grant is nobody's film.
    auto const text = slurp(exported(rdp, only_session(rdp), "text"));
    INFO(text);
    CHECK(contains(text, typed));
    CHECK_FALSE(contains(text, OperatorRig::password));
}
