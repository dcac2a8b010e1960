#include "common/bytes.h"
#include "common/fd.h"
#include "policies/vault/evidence_key.h"
#include "policies/vault/ssh_key.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

#include <catch2/generators/catch_generators.hpp>
#include <libssh/libssh.h>

#include <cstdlib>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

/// What the shell command wrote, or a failed test.
std::string output_of(std::string const& command)
{
    auto* const pipe = popen((command + " 2>/dev/null").c_str(), "r");
    REQUIRE(pipe != nullptr);
    auto const text = read_all(fileno(pipe), 1 << 20);
    CAPTURE(command);
    REQUIRE(pclose(pipe) == 0);
    return must(text);
}

std::string first_words(std::string const& line)
{
    auto const second = line.find(' ', line.find(' ') + 1);
    return line.substr(0, std::min(second, line.find('\n')));
}

/// A real key of ssh-keygen.
std::string generated(TempFolder const& folder, std::string const& options)
{
    output_of("ssh-keygen -q -N '' -C 'a comment' -f " + folder / "key" + " " + options);
    return must(read_file(folder / "key", 1 << 16));
}

SshKey key_of(std::string const& kind)
{
    if (kind == "ed25519") return must(SshKey::generate_ed25519());
    if (kind == "rsa") return must(SshKey::generate_rsa());
    TempFolder const folder;
    return must(SshKey::parse(generated(folder, "-t ecdsa -b " + kind)));
}

} // namespace

TEST_CASE("keys of ssh-keygen are read, in its format and in PEM")
{
    TempFolder const folder;
    auto const options = GENERATE(
        "-t ed25519",
        "-t rsa -b 2048",
        "-t rsa -b 4096",
        "-t ecdsa -b 256",
        "-t ecdsa -b 384",
        "-t ecdsa -b 521",
        "-t rsa -b 3072 -m PEM",
        "-t rsa -b 3072 -m PKCS8",
        "-t ecdsa -b 256 -m PEM",
        "-t ecdsa -b 521 -m PKCS8"
    );
    CAPTURE(options);
    auto const key = must(SshKey::parse(generated(folder, options)));
    CHECK(key.public_line() == first_words(must(read_file(folder / "key.pub", 4096))));
    auto const listed = output_of("ssh-keygen -l -f " + folder / "key.pub");
    CHECK(listed.find(key.fingerprint() + " ") != std::string::npos);
}

TEST_CASE("a PEM key of openssl is read, ed25519 included")
{
    auto const algorithm = GENERATE(
        "-algorithm ed25519",
        "-algorithm rsa -pkeyopt rsa_keygen_bits:2048",
        "-algorithm ec -pkeyopt ec_paramgen_curve:P-256"
    );
    CHECK(SshKey::parse(output_of(std::string{"openssl genpkey "} + algorithm)));
}

TEST_CASE("our key files are read by ssh-keygen and by libssh from memory", "[WEB:GC2]")
{
    auto const kind = GENERATE("ed25519", "rsa", "256", "384", "521");
    CAPTURE(kind);
    auto const key = key_of(kind);
    auto const text = std::string{key.private_text().reveal()};
    TempFolder const folder;
    must(write_file_durably(folder / "key", text));
    CHECK(first_words(output_of("ssh-keygen -y -f " + folder / "key")) == key.public_line());

    ssh_key imported = nullptr;
    REQUIRE(
        ssh_pki_import_privkey_base64(text.c_str(), nullptr, nullptr, nullptr, &imported) == SSH_OK
    );
    char* base64 = nullptr;
    REQUIRE(ssh_pki_export_pubkey_base64(imported, &base64) == SSH_OK);
    CHECK(key.public_line() == key.type() + " " + base64);
    ssh_string_free_char(base64);
    ssh_key_free(imported);

    CHECK(must(SshKey::parse(text)).public_line() == key.public_line());
}

TEST_CASE("a generated RSA key has 3072 bits")
{
    TempFolder const folder;
    must(write_file_durably(folder / "key", key_of("rsa").private_text().reveal()));
    CHECK(output_of("ssh-keygen -l -f " + folder / "key").starts_with("3072 "));
}

TEST_CASE("a key behind a passphrase is refused, and nobody is asked for it")
{
    TempFolder const folder;
    auto const options = GENERATE("-t ed25519", "-t rsa -m PEM", "-t ecdsa -m PKCS8");
    output_of(std::string{"ssh-keygen -q -N secret -f "} + (folder / "key") + " " + options);
    auto const parsed = SshKey::parse(must(read_file(folder / "key", 1 << 16)));
    CHECK(parsed.error().code == Errc::refused);
    CHECK(parsed.error().what.find("passphrase") != std::string::npos);
}

TEST_CASE("weak and foreign keys are refused", "[CLAUSIER:O-8.3][CHM:7.3][WEB:GC1]")
{
    TempFolder const folder;
    CHECK(SshKey::parse(generated(folder, "-t rsa -b 1024")).error().code == Errc::refused);
    CHECK_FALSE(SshKey::parse(output_of("openssl genpkey -algorithm x25519")));
    CHECK_FALSE(SshKey::parse(
        output_of("openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:secp256k1")
    ));
    CHECK_FALSE(SshKey::parse(""));
    CHECK_FALSE(SshKey::parse(std::string(40000, 'x')));
    CHECK_FALSE(SshKey::parse("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    CHECK_FALSE(SshKey::parse("ssh-ed25519 AAAA"));
}

TEST_CASE("a damaged OpenSSH key file is refused, wherever it is damaged")
{
    TempFolder const folder;
    auto const kind = GENERATE("-t ed25519", "-t ecdsa -b 256", "-t rsa -b 2048");
    auto const whole = generated(folder, kind);
    constexpr std::string_view begin = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    constexpr std::string_view end = "-----END OPENSSH PRIVATE KEY-----\n";
    std::string base64;
    for (char const c : whole.substr(begin.size(), whole.size() - begin.size() - end.size()))
        if (c != '\n') base64 += c;
    auto const bytes = must(from_base64(base64));
    auto const file_of = [&](std::string const& content) {
        return std::string{begin} + to_base64(content) + "\n" + std::string{end};
    };
    auto const line = must(SshKey::parse(file_of(bytes))).public_line();
    auto const comment = bytes.find("a comment");
    // RSA numbers are costly to judge: fewer places.
    std::size_t const step = std::string_view{kind} == "-t rsa -b 2048" ? 37 : 1;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
        if (i >= comment && i < comment + 9) continue;
        auto changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CAPTURE(i);
        CHECK_FALSE(SshKey::parse(file_of(changed)));
    }
    for (std::size_t size = 0; size < bytes.size(); size += 5)
        CHECK_FALSE(SshKey::parse(file_of(bytes.substr(0, size))));
    CHECK_FALSE(SshKey::parse(file_of(bytes + std::string(8, '\0'))));
    CHECK_FALSE(SshKey::parse(whole + "x"));
}

TEST_CASE("signatures are those that ssh accepts")
{
    struct Case {
        char const* kind;
        std::uint32_t flags;
        char const* algorithm;
    };
    auto const row = GENERATE(
        Case{"ed25519", 0, "ssh-ed25519"},
        Case{"rsa", 2, "rsa-sha2-256"},
        Case{"rsa", 4, "rsa-sha2-512"},
        Case{"256", 0, "ecdsa-sha2-nistp256"},
        Case{"384", 0, "ecdsa-sha2-nistp384"},
        Case{"521", 0, "ecdsa-sha2-nistp521"}
    );
    CAPTURE(row.algorithm);
    auto const key = key_of(row.kind);
    // The envelope that `ssh-keygen -Y verify` judges (OpenSSH's PROTOCOL.sshsig).
    auto const with_size = [](std::string const& text) {
        auto const size = static_cast<std::uint32_t>(text.size());
        return std::string{
                   static_cast<char>(size >> 24U),
                   static_cast<char>(size >> 16U),
                   static_cast<char>(size >> 8U),
                   static_cast<char>(size)} +
               text;
    };
    std::string const message = "what is signed";
    auto const signed_part = "SSHSIG" + with_size("test") + with_size("") + with_size("sha256") +
                             with_size(sha256(message));
    auto const signature = must(key.sign(signed_part, row.flags));
    CHECK(signature.starts_with(with_size(row.algorithm)));
    auto const envelope = std::string{"SSHSIG\0\0\0\1", 10} + with_size(key.public_blob()) +
                          with_size("test") + with_size("") + with_size("sha256") +
                          with_size(signature);
    std::string armored = "-----BEGIN SSH SIGNATURE-----\n";
    auto const base64 = to_base64(envelope);
    for (std::size_t at = 0; at < base64.size(); at += 70)
        armored += base64.substr(at, 70) + "\n";
    armored += "-----END SSH SIGNATURE-----\n";
    TempFolder const folder;
    must(write_file_durably(folder / "signature", armored));
    must(write_file_durably(folder / "message", message));
    must(write_file_durably(folder / "allowed", "me " + key.public_line() + "\n"));
    CHECK_FALSE(output_of(
                    "ssh-keygen -Y verify -I me -n test -f " + folder / "allowed" + " -s " +
                    (folder / "signature") + " < " + (folder / "message")
    )
                    .empty());
}

TEST_CASE("an RSA signature with SHA-1 is refused")
{
    CHECK(key_of("rsa").sign("data", 0).error().code == Errc::refused);
}

TEST_CASE("the evidence key signs what openssl verifies")
{
    auto const key = must(EvidenceKey::create("Hôpital de l’Écluse", UtcTime{1'795'000'000s}));
    TempFolder const folder;
    must(write_file_durably(folder / "certificate", key.certificate_pem()));
    must(write_file_durably(folder / "public", must(evidence_public_pem(key.certificate_pem()))));
    must(write_file_durably(folder / "message", "text"));
    must(write_file_durably(folder / "signature", must(key.sign_der("text"))));
    CHECK(
        output_of(
            "openssl dgst -sha256 -verify " + folder / "public" + " -signature " +
            (folder / "signature") + " " + (folder / "message")
        ) == "Verified OK\n"
    );
    auto const shown = output_of(
        "openssl x509 -noout -text -nameopt utf8,sep_comma_plus -in " + folder / "certificate"
    );
    CHECK(shown.find("Subject: CN=Écluse – preuve, Hôpital de l’Écluse") != std::string::npos);
    CHECK(shown.find("Digital Signature, Non Repudiation") != std::string::npos);
    CHECK(shown.find("CA:FALSE") != std::string::npos);
    CHECK(shown.find("NIST CURVE: P-256") != std::string::npos);
    CHECK(shown.find("Not After : Nov 18") != std::string::npos);
    CHECK(shown.find("2036 GMT") != std::string::npos);
}

TEST_CASE("a long name of a hospital is shortened, not cut within a letter")
{
    std::string site;
    for (int i = 0; i < 100; ++i)
        site += "é";
    CHECK(EvidenceKey::create(site, UtcTime{1'795'000'000s}));
}

TEST_CASE("an evidence signature is accepted once, for its text, in one spelling")
{
    auto const now = UtcTime{1'795'000'000s};
    auto const key = must(EvidenceKey::create("A", now));
    auto const der = must(key.sign_der("text"));
    CHECK(verify_evidence(key.certificate_pem(), "text", der));
    CHECK(verify_evidence(key.certificate_pem(), "texT", der).error().code == Errc::corrupt);
    CHECK_FALSE(verify_evidence(key.certificate_pem(), "text", der + "x"));
    CHECK_FALSE(verify_evidence(key.certificate_pem(), "text", ""));
    for (std::size_t i = 0; i < der.size(); ++i) {
        auto changed = der;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_FALSE(verify_evidence(key.certificate_pem(), "text", changed));
        CHECK_FALSE(verify_evidence(key.certificate_pem(), "text", der.substr(0, i)));
    }
    auto const other = must(EvidenceKey::create("B", now));
    CHECK_FALSE(verify_evidence(other.certificate_pem(), "text", der));
    CHECK_FALSE(verify_evidence("", "text", der));
}

TEST_CASE("an evidence key is loaded with its own certificate only")
{
    auto const now = UtcTime{1'795'000'000s};
    auto const key = must(EvidenceKey::create("A", now));
    auto const other = must(EvidenceKey::create("B", now));
    auto const private_pem = key.private_pem();
    auto const again = must(EvidenceKey::load(private_pem.reveal(), key.certificate_pem()));
    CHECK(verify_evidence(key.certificate_pem(), "text", must(again.sign_der("text"))));
    CHECK_FALSE(EvidenceKey::load(private_pem.reveal(), other.certificate_pem()));
    CHECK_FALSE(EvidenceKey::load("", key.certificate_pem()));
    CHECK_FALSE(EvidenceKey::load(private_pem.reveal(), ""));
}
