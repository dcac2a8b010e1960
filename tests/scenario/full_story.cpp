#include "tests/support/filled_form.h"
#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <poll.h>

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

} // namespace

TEST_CASE(
    "the main job: asked, approved, done over real ssh, cut at the end, sealed, reported, accepted",
    "[CLAUSIER:O-12.2.5.3][CLAUSIER:O-9.9][CHM:8.4]"
)
{
    FullStack stack;
    auto& people = stack.people();
    CHECK(contains(stack.ssh({"true"}).err, "E-FEN-01"));
    auto const window = stack.open_window(12s);

    // One connection, opened with the key and the six digits; everything else goes over it.
    FullStack::Client master;
    master.options = {"-o", "ControlMaster=auto", "-o", "ControlPath=" + stack.path("master")};
    auto shared = master;
    shared.code = "";
    auto first = master;
    first.code = people.one_time_code("n.belkacem");
    first.options.emplace_back("-tt");
    auto const shell = stack.start_ssh({}, first);
    shell->write("echo tape-$((6*7)); stty size\r");
    stack.await(*shell, "tape-42");

    auto const command = stack.ssh({"echo sortie; echo erreur >&2; exit 3"}, shared);
    CHECK(command.status == 3);
    CHECK(command.out == "sortie\n");
    CHECK(contains(command.err, "erreur"));
    std::string const content(300000, 'k');
    people.write("up.bin", content);
    auto scp = stack.client_words("scp", shared);
    scp.insert(scp.end(), {stack.path("up.bin"), "127.0.0.1:" + stack.path("there.bin")});
    auto const copied = run(scp, {}, stack.askpass(""));
    INFO(copied.err);
    CHECK(copied.status == 0);
    CHECK(slurp(stack.path("there.bin")) == content);
    people.write(
        "batch", "get " + stack.path("there.bin") + " " + stack.path("back.bin") + "\nls\n"
    );
    auto sftp = stack.client_words("sftp", shared);
    sftp.insert(sftp.end(), {"-b", stack.path("batch"), "127.0.0.1"});
    auto const fetched = run(sftp, {}, stack.askpass(""));
    INFO(fetched.err);
    CHECK(fetched.status == 0);
    CHECK(slurp(stack.path("back.bin")) == content);

    auto const cut = shell->finish();
    auto const late = utc_now() - window.closes;
    CHECK(late >= -100ms);
    CHECK(contains(cut.out, "Créneau terminé"));
    CHECK(contains(stack.ssh({"true"}).err, "E-FEN-03"));
    stack.wait_until_sealed(1);

    auto const session = std::string{stack.sessions()[0].as_object().at("session").as_string()};
    CHECK(stack.sessions()[0].as_object().at("end_reason").as_string() == "window_end");
    auto const key = std::vector<std::string>{
        "--key-file",
        stack.path("remise/rssi.p12"),
        "--passphrase-file",
        stack.path("passphrase"),
        "--reason",
        "essai"};
    auto const exported = [&](std::string const& format, std::string const& to) {
        std::vector<std::string> words{
            "recording", "export", session, "--format", format, "--output", to};
        if (format == "pack")
            words.insert(words.end(), {"--reason", "essai"});
        else
            words.insert(words.end(), key.begin(), key.end());
        auto const ran = people.sign("r.amrani", words);
        INFO(ran.out << ran.err);
        CHECK(ran.exit == 0);
    };
    exported("cast", stack.path("session.cast"));
    CHECK(contains(slurp(stack.path("session.cast")), "tape-42"));
    exported("mp4", stack.path("session.mp4"));
    auto const probed = run(
        {"ffprobe",
         "-v",
         "error",
         "-show_entries",
         "stream=codec_name",
         "-of",
         "csv=p=0",
         stack.path("session.mp4")}
    );
    CHECK(contains(probed.out, "h264"));
    exported("pack", stack.path("evidence"));
    auto const checked =
        run({"sh", stack.path("evidence/verifier.sh"), stack.path("evidence/" + session)});
    INFO(checked.out << checked.err);
    CHECK(checked.status == 0);

    // A day later: the report is late, and stands in the way.
    people.restart_policyd("+25h");
    for (auto const* login : {"n.belkacem", "c.leroy", "r.amrani"})
        people.login(login);
    auto const next = to_seconds(utc_now()) + 25h + 5min;
    CHECK(stack.request("n.belkacem", next, next + 30min).code() == "E-CR-01");
    auto const reports = people.as("n.belkacem", {"report", "list", "--late"}).json();
    REQUIRE(reports.at("rows").as_array().size() == 1);
    auto const report =
        std::string{reports.at("rows").as_array()[0].as_object().at("report").as_string()};
    CHECK(
        people.as("n.belkacem", {"report", "form", report, "--output", stack.path("form.toml")})
            .exit == 0
    );
    must(write_file_durably(
        stack.path("form.toml"), filled_form(slurp(stack.path("form.toml"))), 0600
    ));
    auto const submit = [&] {
        return people.sign(
            "n.belkacem", {"report", "submit", report, "--form", stack.path("form.toml")}
        );
    };
    auto const submitted = submit();
    INFO(submitted.out << submitted.err << slurp(stack.path("form.toml")));
    CHECK(submitted.exit == 0);
    auto const twice = submit();
    INFO(twice.out << twice.err);
    CHECK(twice.exit == 5);
    CHECK(people.as("n.belkacem", {"report", "accept", report}).code() == "E-DRT-01");
    auto const accepted = people.as("c.leroy", {"report", "accept", report});
    INFO(accepted.out << accepted.err);
    CHECK(accepted.exit == 0);
    CHECK(
        people.as("c.leroy", {"report", "export", report, "--pdf", stack.path("report.pdf")})
            .exit == 0
    );
    auto const signature = run({"pdfsig", "-nocert", stack.path("report.pdf")});
    INFO(signature.out << signature.err);
    CHECK(contains(signature.out, "Signature is Valid"));
    CHECK(stack.request("n.belkacem", next, next + 30min).exit == 0);
    stack.check_evidence();
}

TEST_CASE("a warning is shown a minute before the end", "[CHM:8.4]")
{
    FullStack stack;
    auto const window = stack.open_window(63s);
    auto const shell = stack.live_shell();
    stack.await(*shell, "Fermeture dans 1 min");
    auto const left = window.closes - utc_now();
    CHECK(left <= 60s);
    // The rest of the minute is not waited for: policyd's clock passes it.
    stack.people().move_clock("+70s");
    auto const cut = shell->finish();
    CHECK(contains(cut.out, "Créneau terminé"));
    stack.people().move_clock("+0s");
    stack.wait_until_sealed(1);
    stack.check_evidence();
}
