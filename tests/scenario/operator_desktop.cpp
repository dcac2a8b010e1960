#include "common/fd.h"
#include "tests/support/must.h"
#include "tests/support/operator_rig.h"
#include "tests/support/rdp_lab.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

/// A desktop from its registration to its ticket, by people at eclusectl; the target is a real
/// xrdp.
using namespace ecluse;
using namespace ecluse::test;

namespace {

/// "ab12…" as people read it: "AB:12:…".
std::string spelled(std::string const& hex)
{
    std::string text;
    for (std::size_t i = 0; i < hex.size(); ++i) {
        if (i > 0 && i % 2 == 0) text += ':';
        text += static_cast<char>(std::toupper(static_cast<unsigned char>(hex[i])));
    }
    return text;
}

Ran done(Ran ran)
{
    INFO(ran.out << ran.err);
    REQUIRE(ran.exit == 0);
    return ran;
}

} // namespace

TEST_CASE(
    "a desktop is registered, pinned by comparing, granted and opened with a ticket",
    "[CLAUSIER:O-12.2.5.1][CHM:8.4]"
)
{
    OperatorRig rig;
    rig.people();
    std::filesystem::create_directory(rig.root() + "/lab");
    RdpTarget target{RdpTarget::Kind::xrdp, rig.root() + "/lab"};
    target.start();
    std::vector<std::string> const create{
        "asset",
        "create",
        "poste-echo",
        "--protocol",
        "rdp",
        "--port",
        target.port(),
        "--description",
        "Poste",
        "--host",
        "127.0.0.1"};
    auto wrong = create;
    wrong.insert(wrong.end(), {"--security", "rdp"});
    CHECK(rig.as("c.leroy", wrong).exit == 2);
    auto right = create;
    right.insert(right.end(), {"--security", "tls"});
    done(rig.as("c.leroy", right));

    // Shown first, with the exit of a warning; pinned only when somebody typed what he compared.
    auto const shown = rig.as("c.leroy", {"asset", "pin", "poste-echo", "--fetch"});
    INFO(shown.out << shown.err);
    CHECK(shown.exit == 3);
    auto const fingerprint = spelled(target.fingerprint());
    CHECK(shown.out.find(fingerprint) != std::string::npos);
    auto other = fingerprint;
    other.back() = other.back() == '0' ? '1' : '0';
    auto const pin = [&](std::string const& typed) {
        return rig.as("c.leroy", {"asset", "pin", "poste-echo", "--fetch", "--fingerprint", typed});
    };
    CHECK(pin(other).exit == 5);
    done(pin(fingerprint));
    CHECK(pin(fingerprint).code() == "E-DEJ-01");
    CHECK(
        rig.as("c.leroy",
               {"asset",
                "pin",
                "poste-echo",
                "--certificate",
                target.certificate(),
                "--fingerprint",
                other})
            .code() == "E-EMP-01"
    );

    auto const secret = rig.write("bureau", "Trois-chats-gris-9\n");
    CHECK(
        rig.as("c.leroy", {"account", "add", "poste-echo", "desk1", "--method", "key"}).code() ==
        "E-SAI-01"
    );
    done(rig.as(
        "c.leroy",
        {"account",
         "add",
         "poste-echo",
         "desk1",
         "--method",
         "password",
         "--domain",
         "CHU",
         "--secret-file",
         secret}
    ));
    done(rig.as("c.leroy", {"vendor", "asset-add", "Imagelec", "poste-echo"}));
    auto const asset = done(rig.as("c.leroy", {"asset", "show", "poste-echo"})).json();
    CHECK(asset.at("security").as_string() == "tls");
    CHECK(asset.at("accounts").as_array()[0].as_object().at("domain").as_string() == "CHU");
    CHECK(
        asset.at("host_keys").as_array()[0].as_object().at("fingerprint").as_string() == fingerprint
    );

    auto const source =
        done(rig.as(
                 "o.haddad",
                 {"source", "declare", "127.0.0.2/32", "--kind", "vpn", "--reason", "sortie"}
             ))
            .field("source");
    done(rig.as("c.leroy", {"source", "approve", source}));
    auto const charter = rig.write("charte.txt", "Chacun agit sous son nom.\n");
    done(rig.as("c.leroy", {"charter", "publish", charter, "--title", "Charte"}));
    done(rig.as("n.belkacem", {"charter", "accept", "1"}));
    auto const window = done(rig.as(
                                 "n.belkacem",
                                 {"window",
                                  "request",
                                  "--asset",
                                  "poste-echo",
                                  "--opens",
                                  "+5m",
                                  "--closes",
                                  "+1h",
                                  "--function",
                                  "desktop,clipboard_in,sound",
                                  "--nature",
                                  "corrective",
                                  "--reason",
                                  "panne"}
                             ))
                            .field("window");
    done(rig.as("c.leroy", {"window", "approve", window, "--remove-function", "sound"}));
    // Approved before it opens; then its time has come.
    rig.move_clock("+6m");

    auto const file = rig.root() + "/bureau.rdp";
    auto const ticket =
        done(rig.sign("n.belkacem", {"rdp-ticket", window, "--from", "127.0.0.2", "--output", file})
        )
            .json();
    CHECK_FALSE(ticket.contains("ticket"));
    CHECK(ticket.at("account").as_string() == "desk1");
    struct stat about {};
    REQUIRE(::stat(file.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    auto const text = must(read_file(file, 1 << 16));
    CHECK(text.find("username:s:") != std::string::npos);
    CHECK(text.find("redirectclipboard:i:1\r\n") != std::string::npos);
    CHECK(text.find("audiomode:i:2\r\n") != std::string::npos);
    CHECK(
        rig.sign("n.belkacem", {"rdp-ticket", window, "--from", "203.0.113.9", "--output", file})
            .code() == "E-IP-01"
    );
    CHECK(
        rig.as("c.leroy",
               {"explain", "--person", "n.belkacem", "--from", "127.0.0.2", "--asset", "poste-echo"}
        )
            .json()
            .at("granted")
            .as_bool()
    );
}

TEST_CASE("the door's certificate is shown, requested, renewed, and refuses another's")
{
    OperatorRig rig;
    rig.people();
    auto const first = done(rig.as("r.amrani", {"rdp-certificate", "show"})).json();
    CHECK(first.at("self_signed").as_bool());
    CHECK_FALSE(first.at("ends_soon").as_bool());
    CHECK(first.at("days").as_int64() > 700);
    auto const request = done(rig.as("r.amrani", {"rdp-certificate", "request"})).field("request");
    CHECK(request.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
    CHECK(rig.sign("c.leroy", {"rdp-certificate", "renew"}).code() == "E-DRT-01");
    auto const renewed = done(rig.sign("r.amrani", {"rdp-certificate", "renew"}));
    CHECK(renewed.field("fingerprint") != first.at("fingerprint").as_string());
    // The certificate of the key before is nobody's now.
    auto const old = rig.write("ancien.pem", std::string{first.at("certificate").as_string()});
    CHECK(rig.sign("r.amrani", {"rdp-certificate", "import", old}).code() == "E-SAI-01");
}
