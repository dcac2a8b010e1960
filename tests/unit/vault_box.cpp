#include "common/bytes.h"
#include "common/fd.h"
#include "policies/vault/vault.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <catch2/generators/catch_generators.hpp>

#include <cstdlib>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace ecluse;

namespace {

Vault vault_with(char fill)
{
    return Vault::with_key(Secret::copy_of(std::string(32, fill)));
}

} // namespace

TEST_CASE(
    "a box opens in its place, and nowhere else",
    "[CLAUSIER:O-5.2][CLAUSIER:O-8.2][CLAUSIER:O-8.4][CLAUSIER:O-12.2.10.1][CHM:7.2]"
    "[WEB:GC1]"
)
{
    auto const vault = vault_with('k');
    auto const size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{5000});
    std::string const secret(size, 's');
    auto const box = vault.seal("authenticator/A-1", secret);
    CHECK(must(vault.open_box("authenticator/A-1", box)).reveal() == secret);
    CHECK(vault.open_box("authenticator/A-2", box).error().code == Errc::corrupt);
    CHECK_FALSE(vault.open_box("", box));
    CHECK_FALSE(vault_with('l').open_box("authenticator/A-1", box));
}

TEST_CASE("any flipped bit or cut keeps a box closed", "[CLAUSIER:O-12.2.10.1]")
{
    auto const vault = vault_with('k');
    auto const box = vault.seal("c", "0123456789");
    for (std::size_t i = 0; i < box.size(); ++i)
        for (unsigned bit = 0; bit < 8; ++bit) {
            auto changed = box;
            changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ (1U << bit));
            CHECK_FALSE(vault.open_box("c", changed));
        }
    for (std::size_t size = 0; size < box.size(); ++size)
        CHECK_FALSE(vault.open_box("c", box.substr(0, size)));
    CHECK_FALSE(vault.open_box("c", box + "x"));
}

TEST_CASE("two boxes of the same secret differ, and show nothing of it")
{
    auto const vault = vault_with('k');
    auto const box = vault.seal("c", "a secret text");
    CHECK(box != vault.seal("c", "a secret text"));
    CHECK(box.find("secret") == std::string::npos);
}

TEST_CASE("the master key file is read strictly", "[CLAUSIER:O-12.2.10.1]")
{
    TempFolder const folder;
    auto const path = folder / "master.key";
    auto const digits = to_hex(std::string(32, 'k'));
    auto const write = [&](std::string const& text, unsigned mode) {
        must(write_file_durably(path, text, 0600));
        REQUIRE(chmod(path.c_str(), mode) == 0);
    };
    SECTION("with or without its line end")
    {
        write(GENERATE_COPY(digits, digits + "\n"), GENERATE(0400U, 0600U));
        auto const vault = must(Vault::open(path));
        CHECK(vault.open_box("c", vault_with('k').seal("c", "s")));
    }
    SECTION("not when others can read or write it")
    {
        write(digits, GENERATE(0440U, 0404U, 0420U, 0602U));
        CHECK(Vault::open(path).error().code == Errc::refused);
    }
    SECTION("not a key of another length, or another text")
    {
        write(
            GENERATE_COPY(
                std::string{},
                digits.substr(1),
                digits.substr(2),
                digits + "00",
                digits + "\n\n",
                " " + digits.substr(1),
                std::string(64, 'g'),
                std::string(300, '0')
            ),
            0400
        );
        CHECK_FALSE(Vault::open(path));
    }
    SECTION("not a link, a folder, a missing file")
    {
        write(digits, 0400);
        REQUIRE(symlink(path.c_str(), (folder / "link").c_str()) == 0);
        CHECK_FALSE(Vault::open(folder / "link"));
        CHECK_FALSE(Vault::open(folder.path()));
        CHECK_FALSE(Vault::open(folder / "none"));
    }
    SECTION("not the file of another user")
    {
        if (geteuid() != 0) SKIP("only root can give a file away");
        write(digits, 0400);
        REQUIRE(chown(path.c_str(), 65534, 65534) == 0);
        CHECK(Vault::open(path).error().code == Errc::refused);
    }
    SECTION("a systemd credential shows its access list as group reading")
    {
        if (geteuid() != 0) SKIP("credentials belong to root");
        write(digits, 0440);
        CHECK_FALSE(Vault::open(path));
        REQUIRE(setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1) == 0);
        CHECK(Vault::open(path));
        REQUIRE(chmod(path.c_str(), 0444) == 0);
        CHECK_FALSE(Vault::open(path));
        REQUIRE(unsetenv("CREDENTIALS_DIRECTORY") == 0);
    }
}

TEST_CASE(
    "a password is known again, and only it",
    "[CLAUSIER:O-5.2][CLAUSIER:O-8.2][CLAUSIER:O-12.3.6][CHM:5.4][CHM:7.2][CHM:13.8]"
    "[WEB:GC1]"
)
{
    auto const hash = hash_password("correct horse");
    CHECK(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
    CHECK(hash.size() < 128);
    CHECK(verify_password("correct horse", hash));
    CHECK_FALSE(verify_password("correct horsf", hash));
    CHECK_FALSE(verify_password("", hash));
    CHECK(hash != hash_password("correct horse"));
}

TEST_CASE("a hash that we did not write verifies nothing, and costs nothing")
{
    auto const hash = hash_password("p");
    CHECK_FALSE(verify_password("p", ""));
    CHECK_FALSE(verify_password("p", hash.substr(0, hash.size() - 1)));
    CHECK_FALSE(verify_password("p", hash + std::string(1, '\0')));
    CHECK_FALSE(verify_password("p", "$argon2id$v=19$m=4194304,t=900,p=1$" + hash.substr(31)));
    CHECK_FALSE(verify_password(std::string(1025, 'p'), hash));
}

TEST_CASE("hashing starts in several threads at once")
{
    bool ok[2] = {false, false};
    std::thread first{[&] { ok[0] = verify_password("a", hash_password("a")); }};
    std::thread second{[&] { ok[1] = verify_password("b", hash_password("b")); }};
    first.join();
    second.join();
    CHECK((ok[0] && ok[1]));
}
