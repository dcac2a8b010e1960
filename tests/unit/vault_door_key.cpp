#include "common/bytes.h"
#include "common/fd.h"
#include "policies/vault/door_key.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdlib>

/// Judged by the openssl command, as a hospital's own authority would.
using namespace ecluse;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> const names{"acces.chu.example", "192.0.2.4", "2001:db8::4"};

UtcTime now()
{
    return to_seconds(utc_now());
}

bool runs(TempFolder const& folder, std::string const& command)
{
    auto const line = "cd " + folder.path() + " && (" + command + ") >out 2>&1";
    return std::system(line.c_str()) == 0;
}

std::string output(TempFolder const& folder)
{
    return must(read_file(folder / "out", 1 << 20));
}

/// An authority, and what it makes of a request.
std::string
signed_by_authority(TempFolder const& folder, DoorKey const& key, std::string const& extensions)
{
    must(write_file_durably(folder / "door.csr", must(key.signing_request(names))));
    must(write_file_durably(folder / "ext", extensions));
    REQUIRE(runs(
        folder,
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 "
        "-subj /CN=Autorite && openssl x509 -req -in door.csr -CA ca.pem -CAkey ca.key -days 20 "
        "-set_serial 7 -extfile ext -out door.pem"
    ));
    return must(read_file(folder / "door.pem", 1 << 16));
}

} // namespace

TEST_CASE("the door's own certificate is for servers, names the door and lasts two years")
{
    TempFolder const folder;
    auto const key = must(DoorKey::create(names, now()));
    must(write_file_durably(folder / "door.pem", key.chain_pem()));
    must(write_file_durably(folder / "door.key", key.private_pem().reveal()));
    REQUIRE(runs(folder, "openssl verify -CAfile door.pem -purpose sslserver door.pem"));
    REQUIRE(
        runs(folder, "openssl verify -CAfile door.pem -verify_hostname acces.chu.example door.pem")
    );
    REQUIRE(runs(folder, "openssl verify -CAfile door.pem -verify_ip 2001:db8::4 door.pem"));
    CHECK_FALSE(
        runs(folder, "openssl verify -CAfile door.pem -verify_hostname autre.example door.pem")
    );
    REQUIRE(runs(folder, "openssl x509 -in door.pem -noout -text -fingerprint -sha256"));
    auto const facts = must(read_certificate_facts(key.chain_pem()));
    CHECK(output(folder).find("ASN1 OID: prime256v1") != std::string::npos);
    CHECK(output(folder).find(spelled_fingerprint(facts.sha256)) != std::string::npos);
    // However a tool writes it.
    CHECK(respelled_fingerprint(facts.sha256) == spelled_fingerprint(facts.sha256));
    CHECK(respelled_fingerprint("sha256:" + facts.sha256) == "sha256:" + facts.sha256);
    CHECK(respelled_fingerprint(facts.sha256.substr(2)) == facts.sha256.substr(2));
    CHECK(facts.names == names);
    CHECK(facts.self_signed);
    CHECK(facts.subject == "CN=acces.chu.example");
    CHECK(facts.until - facts.from == 24h * 730);
    auto const again = must(DoorKey::load(key.private_pem().reveal(), key.chain_pem()));
    CHECK(again.chain_pem() == key.chain_pem());
}

TEST_CASE("the hospital's authority signs the door's request, and its chain is taken")
{
    TempFolder const folder;
    auto const key = must(DoorKey::create(names, now()));
    auto const leaf = signed_by_authority(
        folder, key, "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:acces.chu.example\n"
    );
    REQUIRE(runs(folder, "openssl req -in door.csr -verify -noout -text"));
    for (auto const* name : {"DNS:acces.chu.example", "IP Address:192.0.2.4"})
        CHECK(output(folder).find(name) != std::string::npos);
    auto const authority = must(read_file(folder / "ca.pem", 1 << 16));
    auto const taken = must(key.with_chain("du texte autour\n" + leaf + authority, now()));
    auto const facts = must(read_certificate_facts(taken.chain_pem()));
    CHECK_FALSE(facts.self_signed);
    CHECK(facts.issuer == "CN=Autorite");
    CHECK(taken.chain_pem().find("texte") == std::string::npos);
    CHECK(taken.private_pem().reveal() == key.private_pem().reveal());
}

TEST_CASE("a chain that would not serve is refused, and says why")
{
    TempFolder const folder;
    auto const key = must(DoorKey::create(names, now()));
    auto const leaf = signed_by_authority(folder, key, "extendedKeyUsage=serverAuth\n");
    auto const authority = must(read_file(folder / "ca.pem", 1 << 16));
    auto const other = must(DoorKey::create({"autre"}, now()));
    auto const client = signed_by_authority(folder, key, "extendedKeyUsage=clientAuth\n");
    struct Row {
        char const* what;
        std::string chain;
        UtcTime at;
    };
    for (auto const& row : std::vector<Row>{
             {"nothing", "", now()},
             {"no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n", now()},
             {"of another key", other.chain_pem(), now()},
             {"the authority first", authority + leaf, now()},
             {"not its authority", leaf + other.chain_pem(), now()},
             {"for clients", client, now()},
             {"over", leaf, now() + 24h * 20 + 1min},
             {"to come", leaf, now() - 24h},
             {"too large", std::string(70'000, 'x'), now()}}) {
        CAPTURE(row.what);
        auto const refused = key.with_chain(row.chain, row.at);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().what.starts_with("certificate of the door: "));
    }
    CHECK(key.with_chain(leaf, now()));
    CHECK_FALSE(DoorKey::load(other.private_pem().reveal(), key.chain_pem()));
    CHECK_FALSE(DoorKey::create({}, now()));
}
