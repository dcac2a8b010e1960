#include "tests/support/identity.h"

#include "recorder/format/openssl.h"
#include "recorder/format/signing.h"

#include <catch2/catch_test_macros.hpp>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sys/wait.h>

namespace ecluse::test {
namespace {

recording::KeyHandle make_key(KeyKind kind)
{
    switch (kind) {
    case KeyKind::rsa3072:
        return recording::KeyHandle{EVP_RSA_gen(3072)};
    case KeyKind::rsa2048:
        return recording::KeyHandle{EVP_RSA_gen(2048)};
    case KeyKind::p384:
        return recording::KeyHandle{EVP_EC_gen("P-384")};
    case KeyKind::p256:
        return recording::KeyHandle{EVP_EC_gen("P-256")};
    }
    return {};
}

TestIdentity make_identity(KeyKind kind, int number)
{
    auto const key = make_key(kind);
    recording::X509Handle const x509{X509_new()};
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), number + 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 365L * 24 * 3600);
    X509_set_pubkey(x509.get(), key.get());
    auto* const name = X509_get_subject_name(x509.get());
    auto const text = "ecluse test " + std::to_string(number);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, recording::bytes_of(text), -1, -1, 0);
    X509_set_issuer_name(x509.get(), name);
    REQUIRE(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0);
    recording::Bio const certificate{BIO_new(BIO_s_mem())};
    recording::Bio const secret{BIO_new(BIO_s_mem())};
    PEM_write_bio_X509(certificate.get(), x509.get());
    PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {
        std::string{recording::view_of(certificate.get())},
        std::string{recording::view_of(secret.get())}};
}

} // namespace

TemporaryFolder::TemporaryFolder()
{
    auto pattern = (std::filesystem::temp_directory_path() / "ecluse-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

TestIdentity const& identity(KeyKind kind, int number)
{
    static std::map<std::pair<KeyKind, int>, TestIdentity> made;
    auto const [at, fresh] = made.try_emplace({kind, number});
    if (fresh) at->second = make_identity(kind, number);
    return at->second;
}

std::string sign_with(TestIdentity const& who, std::string_view message)
{
    recording::Bio const pem{BIO_new_mem_buf(who.key.data(), static_cast<int>(who.key.size()))};
    recording::KeyHandle const key{PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr)};
    REQUIRE(key);
    auto* const context = EVP_MD_CTX_new();
    std::string signature(1024, '\0');
    auto size = signature.size();
    REQUIRE(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key.get()) == 1);
    REQUIRE(
        EVP_DigestSign(
            context,
            reinterpret_cast<unsigned char*>(signature.data()),
            &size,
            recording::bytes_of(message),
            message.size()
        ) == 1
    );
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
}

Ran run_shell(std::string const& command)
{
    std::unique_ptr<FILE, int (*)(FILE*)> pipe{
        ::popen(("exec 2>&1; " + command).c_str(), "r"), ::pclose};
    REQUIRE(pipe);
    Ran ran{0, {}};
    std::array<char, 4096> buffer{};
    while (auto const got = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
        ran.output.append(buffer.data(), got);
    int const status = ::pclose(pipe.release());
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
}

} // namespace ecluse::test
