#include "policies/config/config.h"

#include "common/fd.h"
#include "policies/config/http_url.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <catch2/generators/catch_generators.hpp>

#include <filesystem>

using namespace ecluse;

namespace {

Result<Config> parse(std::string const& text)
{
    return parse_config({{"ecluse.toml", text}});
}

} // namespace

TEST_CASE("an empty configuration is the product's defaults")
{
    auto const config = must(parse(""));
    CHECK(config.ssh.idle_minutes == 15);
    CHECK(config.report.blocking == "until_accepted");
    CHECK_FALSE(config.ssh.answer_undeclared);
}

TEST_CASE("each bound of a setting admits its edge and refuses what is beyond")
{
    CHECK(parse("[ssh]\nidle_minutes = 1\n"));
    CHECK(parse("[ssh]\nidle_minutes = 120\n"));
    CHECK_FALSE(parse("[ssh]\nidle_minutes = 0\n"));
    CHECK_FALSE(parse("[ssh]\nidle_minutes = 121\n"));
    CHECK(parse("[recording]\nstall_ms = 1000\n"));
    CHECK_FALSE(parse("[recording]\nstall_ms = 1001\n"));
    CHECK_FALSE(parse("[recording]\nretention_days = 89\n"));
    CHECK_FALSE(parse("[passwords]\nlength_min = 11\n"));
}

TEST_CASE("the RDP door has a section of its own")
{
    auto const defaults = must(parse(""));
    CHECK(defaults.rdp.frames_per_second == 8);
    CHECK(defaults.rdp.ticket_s == 60);
    CHECK(defaults.rdp.names.empty());
    CHECK(defaults.rdp.connections_max < defaults.ssh.connections_max);
    auto const config = must(parse("[rdp]\nnames = [\"acces.chu.example\", \"192.0.2.4\"]\n"
                                   "idle_minutes = 5\nkeyboard_mask_rules = false\n"));
    CHECK(config.rdp.names.size() == 2);
    CHECK(config.rdp.idle_minutes == 5);
    CHECK(config.ssh.idle_minutes == 15);
    CHECK_FALSE(config.rdp.keyboard_mask_rules);
    for (auto const* good :
         {"frames_per_second = 1", "frames_per_second = 15", "ticket_s = 10", "ticket_s = 300"})
        CHECK(parse(std::string{"[rdp]\n"} + good + "\n"));
    for (auto const* bad :
         {"frames_per_second = 0",
          "frames_per_second = 16",
          "ticket_s = 9",
          "ticket_s = 301",
          "names = [\"a b\"]",
          "names = [\"a,IP:1\"]",
          "kex = \"a\""})
        CHECK_FALSE(parse(std::string{"[rdp]\n"} + bad + "\n"));
}

TEST_CASE(
    "portal and console have a section each, closed unless the hospital opens them", "[WEB:AA13]"
)
{
    auto const defaults = must(parse(""));
    CHECK(defaults.portal.from == "declared");
    CHECK_FALSE(defaults.console.allow_public);
    CHECK(defaults.portal.idle_minutes == 15);
    CHECK(defaults.portal.proxies.empty());
    auto const config = must(parse("[portal]\nfrom = \"any\"\nidle_minutes = 120\n"
                                   "[console]\nallow_public = true\nproxies = [\"10.0.0.1\"]\n"));
    CHECK(config.portal.from == "any");
    CHECK(config.console.idle_minutes == 15);
    CHECK(config.console.proxies.size() == 1);
    for (auto const* bad :
         {"[portal]\nfrom = \"everywhere\"",
          "[portal]\nidle_minutes = 0",
          "[console]\nidle_minutes = 121",
          "[portal]\nproxies = [\"proxy.example\"]",
          "[portal]\nallow_public = true",
          "[console]\nfrom = \"any\"",
          "[portal]\nper_source_max = 0"})
        CHECK_FALSE(parse(std::string{bad} + "\n"));
}

TEST_CASE("a mistake is shown with its file, its line and the closest name")
{
    struct Row {
        char const* text;
        char const* shown;
    };
    auto const row = GENERATE(values<Row>({
        {"[ssh]\n\nidle_minute = 5\n",
         "ecluse.toml:3: unknown key \"ssh.idle_minute\"; did you mean \"ssh.idle_minutes\"?"},
        {"[shh]\nkex = \"a\"\n", "ecluse.toml:1: unknown key \"shh\""},
        {"idle_minutes = 5\n", "ecluse.toml:1: unknown key"},
        {"[ssh]\nidle_minutes = \"5\"\n",
         "ecluse.toml:2: \"ssh.idle_minutes\": expected a whole number from 1 to 120"},
        {"[ssh]\nkex = \"a b\"\n", "visible ASCII"},
        {"[windows]\nopen = \"later\"\n", "one of \"auto\" \"manual\""},
        {"[windows]\nwarn_minutes = [1, \"5\"]\n", "ecluse.toml:2: \"windows.warn_minutes\""},
        {"[report]\nworking_hours = \"always\"\n", "hours such as"},
        {"[site]\nname = \"a\\nb\"\n", "control characters"},
        {"[site\n", "ecluse.toml:1"},
        {"[ssh]\nidle_minutes = 5\nidle_minutes = 6\n", "ecluse.toml:3"},
    }));
    auto const refused = parse(row.text);
    REQUIRE_FALSE(refused);
    INFO(refused.error().what);
    CHECK(refused.error().what.find(row.shown) != std::string::npos);
}

TEST_CASE("fragments come after the main file, in the order of their names")
{
    TempFolder const folder;
    std::filesystem::create_directory(folder / "ecluse.toml.d");
    must(write_file_durably(folder / "ecluse.toml", "[site]\nname = \"un\"\nphone = \"1\"\n"));
    must(write_file_durably(folder / "ecluse.toml.d/20.toml", "[site]\nname = \"trois\"\n"));
    must(write_file_durably(folder / "ecluse.toml.d/10.toml", "[site]\nname = \"deux\"\n"));
    must(write_file_durably(folder / "ecluse.toml.d/README", "not a fragment"));
    auto const config = must(load_config(folder / "ecluse.toml"));
    CHECK(config.site.name == "trois");
    CHECK(config.site.phone == "1");
}

TEST_CASE("a witness and a timestamp authority are named by absolute paths and addresses")
{
    auto const defaults = must(parse(""));
    CHECK(defaults.witness.folder.empty());
    CHECK(defaults.timestamp.url.empty());
    auto const config = must(parse("[witness]\nfolder = \"/srv/temoin\"\nsyslog = \"\"\n"
                                   "[timestamp]\nurl = \"https://tsa.example:8443/tsr\"\n"
                                   "ca = \"/etc/ecluse/tsa.pem\"\npolicy = \"1.2.3.4\"\n"));
    CHECK(config.witness.folder == "/srv/temoin");
    CHECK(config.witness.syslog.empty());
    auto const url = must(parse_http_url(config.timestamp.url));
    CHECK(url.tls);
    CHECK(url.host == "tsa.example");
    CHECK(url.port == 8443);
    CHECK(url.path == "/tsr");
    CHECK(must(parse_http_url("http://[2001:db8::1]")).host == "2001:db8::1");
    CHECK_FALSE(parse("[witness]\nfolder = \"temoin\"\n"));
    for (auto const* bad :
         {"url = \"tsa.example\"",
          "url = \"ftp://tsa.example/\"",
          "url = \"http://user@tsa.example/\"",
          "url = \"http://tsa.example:0/\"",
          "url = \"http://tsa.example:70000/\"",
          "url = \"http:///tsr\"",
          "policy = \"timestamp\"",
          "timeout_s = 0",
          "timeout_s = 61"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse(std::string{"[timestamp]\n"} + bad + "\n"));
    }
}
