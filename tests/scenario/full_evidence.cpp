#include "common/bytes.h"
#include "tests/support/filled_form.h"
#include "tests/support/full_stack.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

using namespace ecluse;
using namespace ecluse::test;
namespace fs = std::filesystem;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

std::string slurp(fs::path const& path)
{
    return must(read_file(path.string(), 64 * 1024 * 1024));
}

void spill(fs::path const& path, std::string const& bytes)
{
    fs::permissions(path.parent_path(), fs::perms::owner_all, fs::perm_options::add);
    std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

/// One bit of the byte in the middle.
void flip(fs::path const& path, std::optional<std::size_t> at = {})
{
    auto bytes = slurp(path);
    REQUIRE_FALSE(bytes.empty());
    auto& byte = bytes[at.value_or(bytes.size() / 2)];
    byte = static_cast<char>(byte ^ 1);
    spill(path, bytes);
}

/// What an auditor has: a shell with Debian's tools, the pack, and the hospital's certificate.
class Auditor {
public:
    Auditor(FullStack& stack, std::string const& archive, std::string const& name)
        : stack_{stack}, folder_{stack.path("audit-" + name)}
    {
        fs::create_directories(folder_);
        auto const ran = test::run({"tar", "-xf", archive, "-C", folder_.string()});
        INFO(ran.err);
        REQUIRE(ran.status == 0);
        for (auto const& entry : fs::directory_iterator{folder_})
            pack_ = entry.path();
    }
    [[nodiscard]] fs::path const& pack() const { return pack_; }
    [[nodiscard]] fs::path operator/(std::string const& name) const { return pack_ / name; }

    Outcome verify(bool trusted = true) const
    {
        std::vector<std::string> words{"env", "-i", "PATH=/usr/bin:/bin", "sh"};
        words.push_back((pack_ / "verifier.sh").string());
        if (trusted) words.insert(words.end(), {"-c", stack_.path("preuve.pem")});
        return test::run(words);
    }
    /// A copy of the pack, altered, must be found out, with this name in what is said.
    std::string finds(
        std::string const& what,
        std::string const& named,
        std::function<void(fs::path)> const& alter
    ) const
    {
        auto const copy = folder_ / "copy";
        fs::remove_all(copy);
        fs::copy(pack_, copy, fs::copy_options::recursive);
        alter(copy);
        auto const ran = test::run(
            {"env",
             "-i",
             "PATH=/usr/bin:/bin",
             "sh",
             (pack_ / "verifier.sh").string(),
             "-c",
             stack_.path("preuve.pem"),
             copy.string()}
        );
        INFO(what << "\n" << ran.out << ran.err);
        CHECK(ran.status == 7);
        CHECK(contains(ran.out, named));
        CHECK(contains(ran.out, "DOSSIER ALTÉRÉ"));
        CHECK_FALSE(contains(ran.out, "DOSSIER INTÈGRE"));
        return ran.out;
    }

private:
    FullStack& stack_;
    fs::path folder_, pack_;
};

std::string session_at(FullStack& stack, std::size_t index)
{
    return std::string{stack.sessions()[index].as_object().at("session").as_string()};
}

void swap_files(fs::path const& one, fs::path const& other)
{
    auto const aside = one.string() + ".aside";
    fs::rename(one, aside);
    fs::rename(other, one);
    fs::rename(aside, other);
}

/// The lines of a text file, altered and written back.
void edit_lines(fs::path const& path, std::function<void(std::vector<std::string>&)> const& edit)
{
    std::vector<std::string> lines;
    std::ifstream in{path};
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    in.close();
    edit(lines);
    std::string text;
    for (auto const& line : lines)
        text += line + "\n";
    spill(path, text);
}

} // namespace

TEST_CASE(
    "an auditor with only the pack and a shell verifies it and finds each alteration",
    "[CLAUSIER:O-6.3][WEB:TR3]"
)
{
    FullStack stack;
    auto& people = stack.people();
    auto const window = stack.open_window();
    CHECK(stack.ssh({"echo premiere; sleep 1; echo encore"}).status == 0);
    CHECK(stack.ssh({"echo seconde"}).status == 0);
    stack.wait_until_sealed(2);
    CHECK(people.as("c.leroy", {"window", "close", window.id, "--reason", "fini"}).exit == 0);
    auto const first = session_at(stack, 1), second = session_at(stack, 0);
    stack.check_evidence();
    // The hospital's certificate, by another way.
    auto const journal = stack.path("journal-remis");
    REQUIRE(
        people.as("r.amrani", {"journal", "export", "--output", journal, "--reason", "audit"})
            .exit == 0
    );
    fs::copy_file(journal + "/preuve.pem", stack.path("preuve.pem"));

    auto const sessions = first + "," + second;
    auto const out = stack.path("preuve.tar");
    std::vector<std::string> const words{
        "evidence", "export", sessions, "--output", out, "--reason", "réquisition 2026-7"};
    CHECK(people.sign("c.leroy", words).code() == "E-DRT-01");
    CHECK_FALSE(fs::exists(out));
    auto blank = words;
    blank.back() = " ";
    CHECK(people.sign("r.amrani", blank).exit != 0);
    auto absent = words;
    absent[2] = first + ",S-NONE";
    CHECK(people.sign("r.amrani", absent).code() == "E-ENR-02");
    auto const made = people.sign("r.amrani", words);
    INFO(made.out << made.err);
    REQUIRE(made.exit == 0);
    CHECK(fs::status(out).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(people.sign("r.amrani", words).exit != 0); // nothing is written over
    CHECK(stack.events("evidence.sealed").size() == 1);
    CHECK(stack.events("recording.exported").size() >= 2);

    auto const clear = stack.path("clair.tar");
    auto with_key = words;
    with_key[4] = clear;
    with_key.insert(
        with_key.end(),
        {"--key-file", stack.path("remise/rssi.p12"), "--passphrase-file", stack.path("passphrase")}
    );
    auto const opened = people.sign("r.amrani", with_key);
    INFO(opened.out << opened.err);
    REQUIRE(opened.exit == 0);

    Auditor const sealed{stack, out, "sealed"};
    auto const verdict = sealed.verify();
    INFO(verdict.out << verdict.err);
    REQUIRE(verdict.status == 0);
    CHECK(contains(verdict.out, "DOSSIER INTÈGRE"));
    CHECK(contains(sealed.verify(false).out, "n'a pas été comparé"));
    CHECK_FALSE(fs::exists(sealed / "clair"));
    CHECK(contains(slurp(sealed / "dossier.json"), "réquisition 2026-7"));
    CHECK(contains(slurp(sealed / ("fenetres/" + window.id + ".json")), window.id));
    CHECK(contains(slurp(sealed / "LISEZMOI.txt"), "sh verifier.sh"));

    Auditor const both{stack, clear, "clear"};
    CHECK(both.verify().status == 0);
    CHECK(contains(slurp(both / ("clair/" + first + "/session.txt")), "premiere"));
    CHECK(contains(slurp(both / ("clair/" + second + "/trames.json")), "seconde"));

    auto const s1 = "sessions/" + first + "/", s2 = "sessions/" + second + "/";
    // One bit of every file: each is named. Then each of those that the others are judged by.
    std::vector<std::string> names;
    std::vector<std::string> const judges{
        "manifeste.sha256", "manifeste.sig", "certificats/preuve.pem"};
    for (auto const& entry : fs::recursive_directory_iterator{both.pack()})
        if (entry.is_regular_file())
            if (auto const name = fs::relative(entry.path(), both.pack()).string();
                std::find(judges.begin(), judges.end(), name) == judges.end())
                names.push_back(name);
    CHECK(names.size() > 25);
    auto const all = both.finds("flip every file", "dossier.json", [&](auto const& copy) {
        for (auto const& name : names)
            flip(copy / name);
    });
    for (auto const& name : names) {
        CAPTURE(name);
        CHECK(contains(all, "ALTÉRÉ. " + name + " : "));
    }
    for (auto const& name : judges)
        both.finds("flip " + name, name, [&](auto const& copy) { flip(copy / name); });
    // And the place where files have one.
    sealed.finds("flip a segment", s1 + "record.bin, segment n° 0, octet 0", [&](auto const& copy) {
        flip(copy / (s1 + "record.bin"), 40);
    });
    sealed.finds("flip a line", "journal/extraits.log, ligne 3", [&](auto const& copy) {
        edit_lines(copy / "journal/extraits.log", [](auto& lines) { lines[2][70] ^= 1; });
    });
    sealed.finds("remove a session", s2 + "header.json : ce fichier manque", [&](auto const& copy) {
        fs::remove_all(copy / ("sessions/" + second));
    });
    sealed.finds("remove a line", "extraits.log, ligne", [&](auto const& copy) {
        edit_lines(copy / "journal/extraits.log", [](auto& lines) {
            lines.erase(lines.begin() + 2);
        });
    });
    sealed.finds("reorder lines", "journal/extraits.log, ligne 3", [&](auto const& copy) {
        edit_lines(copy / "journal/extraits.log", [](auto& lines) { swap(lines[2], lines[3]); });
    });
    sealed.finds("reorder the chain", s1 + "chain.txt", [&](auto const& copy) {
        edit_lines(copy / (s1 + "chain.txt"), [](auto& lines) { swap(lines[0], lines[1]); });
    });
    sealed.finds("reorder the list", "manifeste.sha256", [&](auto const& copy) {
        edit_lines(copy / "manifeste.sha256", [](auto& lines) { swap(lines[0], lines[1]); });
    });
    sealed.finds("truncate the recording", s1 + "record.bin", [&](auto const& copy) {
        fs::resize_file(copy / (s1 + "record.bin"), fs::file_size(copy / (s1 + "record.bin")) - 1);
    });
    sealed.finds("truncate the journal", "extraits.log", [&](auto const& copy) {
        edit_lines(copy / "journal/extraits.log", [](auto& lines) { lines.pop_back(); });
    });
    sealed.finds("swap sessions", s1 + "seal.json", [&](auto const& copy) {
        swap_files(copy / ("sessions/" + first), copy / ("sessions/" + second));
    });
    sealed.finds("the list of another valid pack", "dossier.json", [&](auto const& copy) {
        for (auto const* const name : {"manifeste.sha256", "manifeste.sig"})
            spill(copy / name, slurp(both / name));
    });
    sealed.finds("list and description of another valid pack", "clair/", [&](auto const& copy) {
        for (auto const* const name : {"manifeste.sha256", "manifeste.sig", "dossier.json"})
            spill(copy / name, slurp(both / name));
    });
    sealed.finds(
        "a file is added",
        "sessions/note.txt : ce fichier n'est pas dans la liste",
        [&](auto const& copy) { spill(copy / "sessions/note.txt", "aveu"); }
    );
    sealed.finds("a link instead of a file", s1 + "seal.json", [&](auto const& copy) {
        fs::remove(copy / (s1 + "seal.json"));
        fs::create_symlink(sealed / (s1 + "seal.json"), copy / (s1 + "seal.json"));
    });
    sealed.finds("half a pack", "manifeste.sha256 : ce fichier manque", [&](auto const& copy) {
        // The archive cut in its middle: what tar still takes out of it.
        fs::remove_all(copy);
        fs::create_directories(copy);
        auto bytes = slurp(out);
        spill(stack.path("half.tar"), bytes.substr(0, bytes.size() / 2));
        // Cut between two files, tar sees no fault at all: the list does.
        (void)test::run(
            {"tar", "-xf", stack.path("half.tar"), "-C", copy.string(), "--strip-components=1"}
        );
    });
    // Signed anew by somebody else: the list is theirs, the certificate is not the hospital's.
    sealed.finds("all signed anew", "certificats/preuve.pem", [&](auto const& copy) {
        auto const script = "cd " + copy.string() +
                            " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                            "-nodes -keyout /dev/fd/3 3>" +
                            stack.path("forger.key") +
                            " -out certificats/preuve.pem -subj /CN=x 2>/dev/null && find . -type "
                            "f ! -name 'manifeste.*'"
                            " | cut -c 3- | sort | xargs sha256sum > manifeste.sha256 && openssl "
                            "dgst -sha256 -sign " +
                            stack.path("forger.key") + " -out manifeste.sig manifeste.sha256";
        REQUIRE(test::run({"env", "LC_ALL=C", "sh", "-c", script}).status == 0);
    });
    // By hand, as LISEZMOI.txt says, nothing of the pack is executed.
    auto const by_hand = test::run(
        {"sh",
         "-c",
         "cd " + sealed.pack().string() + " && openssl x509 -in " + stack.path("preuve.pem") +
             " -noout -pubkey > ../preuve.pub && openssl dgst -sha256 -verify ../preuve.pub "
             "-signature manifeste.sig manifeste.sha256 && sha256sum --check --strict --quiet "
             "manifeste.sha256"}
    );
    INFO(by_hand.out << by_hand.err);
    CHECK(by_hand.status == 0);
}
