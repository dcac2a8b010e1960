#include "common/bytes.h"
#include "policies/core/passwords.h"
#include "policies/core/recovery_codes.h"
#include "policies/core/throttle.h"
#include "policies/core/totp.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstdio>
#include <memory>

using namespace ecluse;
using namespace std::chrono_literals;

namespace {

std::string const rfc_secret = "12345678901234567890"; // RFC 6238, appendix B

UtcTime at(std::int64_t seconds)
{
    return UtcTime{std::chrono::seconds{seconds}};
}

std::string output_of(std::string const& command)
{
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> const pipe{
        popen(command.c_str(), "r"), &pclose};
    REQUIRE(pipe);
    std::array<char, 64> line{};
    if (std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) == nullptr) return "";
    std::string text{line.data()};
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

} // namespace

TEST_CASE("one-time codes are those of RFC 6238", "[WEB:AA4]")
{
    struct Row {
        std::int64_t seconds;
        char const* code;
    };
    for (auto const& row :
         {Row{59, "287082"},
          Row{1111111109, "081804"},
          Row{1111111111, "050471"},
          Row{1234567890, "005924"},
          Row{2000000000, "279037"},
          Row{20000000000, "353130"}}) {
        CAPTURE(row.seconds);
        CHECK(totp_code(rfc_secret, totp_step(at(row.seconds))) == row.code);
    }
}

TEST_CASE("one-time codes are those of oathtool")
{
    if (output_of("command -v oathtool").empty()) SKIP("oathtool is not installed");
    for (int i = 0; i < 8; ++i) {
        auto const secret = random_bytes(totp_secret_bytes);
        std::int64_t const seconds = 1795000000 + i * 12345677;
        auto const expected = output_of(
            "oathtool --totp -b " + to_base32(secret) + " --now=@" + std::to_string(seconds)
        );
        CHECK(totp_code(secret, totp_step(at(seconds))) == expected);
    }
}

TEST_CASE("a code serves once, a step before or after its time, and never backwards", "[WEB:AA4]")
{
    auto const step = totp_step(at(1795000000));
    auto const code = totp_code(rfc_secret, step);
    auto const at_step = [](std::int64_t s) { return at(s * totp_step_seconds); };
    CHECK(accept_totp(rfc_secret, code, at_step(step), std::nullopt) == step);
    CHECK(accept_totp(rfc_secret, code, at_step(step - 1), std::nullopt) == step);
    CHECK(accept_totp(rfc_secret, code, at_step(step + 1) + 29s, std::nullopt) == step);
    CHECK_FALSE(accept_totp(rfc_secret, code, at_step(step + 2), std::nullopt));
    CHECK_FALSE(accept_totp(rfc_secret, code, at_step(step - 2) + 29s, std::nullopt));
    CHECK(accept_totp(rfc_secret, code, at_step(step), step - 1) == step);
    CHECK_FALSE(accept_totp(rfc_secret, code, at_step(step), step));
    CHECK_FALSE(accept_totp(rfc_secret, code, at_step(step), step + 1));
    for (auto const* wrong : {"", "000000", "12345", "1234567", "12345a"})
        if (wrong != code) CHECK_FALSE(accept_totp(rfc_secret, wrong, at_step(step), std::nullopt));
    CHECK_FALSE(accept_totp("", totp_code("", step), at_step(step), std::nullopt));
}

TEST_CASE("base 32 reads back, forgives what hands add and refuses the rest")
{
    for (std::size_t size = 0; size < 24; ++size) {
        auto const bytes = random_bytes(size);
        CHECK(must(from_base32(to_base32(bytes))) == bytes);
    }
    CHECK(to_base32(rfc_secret) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    CHECK(must(from_base32("gezd gnbv-gy3tqojq")) == "1234567890");
    for (auto const* text : {"A", "GEZ", "GE1D", "GE=D", "MZ"}) {
        CAPTURE(text);
        CHECK_FALSE(from_base32(text));
    }
    CHECK(
        otpauth_uri(rfc_secret, "CH Écluse", "j.dupont").reveal() ==
        "otpauth://totp/CH%20%C3%89cluse:j.dupont?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=CH%20%C3%89cluse&algorithm=SHA1&digits=6&period=30"
    );
}

TEST_CASE("a recovery code is read as people type it")
{
    auto const spelling = random_spelling(recovery_code_characters);
    auto const code = format_recovery_code(spelling);
    CHECK(code.size() == 14);
    CHECK(normalize_recovery_code(code) == spelling);
    CHECK(normalize_recovery_code(format_recovery_code("3467BCDFGHJK")) == "3467BCDFGHJK");
    CHECK(normalize_recovery_code(" 3467 bcdf ghjk ") == "3467BCDFGHJK");
    CHECK_FALSE(normalize_recovery_code("3467-BCDF-GHJ"));
    CHECK_FALSE(normalize_recovery_code("3467-BCDF-GHJK-L"));
    CHECK_FALSE(normalize_recovery_code("3467-BCDF-GHJA"));
    CHECK_FALSE(normalize_recovery_code("123456"));
    CHECK_FALSE(normalize_recovery_code(std::string(100, ' ')));
}

TEST_CASE("delays double to five minutes for an account and to an hour for an address", "[WEB:AA7]")
{
    std::vector<long> account;
    for (unsigned n = 0; n <= 10; ++n)
        account.push_back(account_delay(n).count());
    CHECK(account == std::vector<long>{0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300});
    CHECK(account_delay(4000000000U) == 300s);
    CHECK(address_delay(8) == 0s);
    CHECK(address_delay(9) == 2s);
    CHECK(address_delay(19) == 2048s);
    CHECK(address_delay(20) == 3600s);
    CHECK(address_delay(4000000000U) == 3600s);
}

TEST_CASE(
    "waiting ends by itself, elsewhere the person is free, and a clock going back adds nothing",
    "[WEB:AA7]"
)
{
    auto const now = at(1795000000);
    Failures const three{3, now};
    CHECK(retry_after(three, {}, now) == 8s);
    CHECK(retry_after(three, {}, now + 7s) == 1s);
    CHECK(retry_after(three, {}, now + 8s) == 0s);
    CHECK(retry_after({}, {}, now) == 0s);
    CHECK(retry_after({}, {100, now}, now) == 3600s);
    CHECK(retry_after(three, {100, now}, now + 3600s) == 0s);
    CHECK(retry_after(three, {}, now - 24h) == 8s);
    CHECK_FALSE(forgotten(three, now + 24h - 1s));
    CHECK(forgotten(three, now + 24h));
}

TEST_CASE("passwords are judged by length, words and guesses", "[CLAUSIER:O-5.1][CHM:5.2][CHM:5.3]")
{
    struct Row {
        char const* password;
        bool classes;
        std::optional<Fault> fault;
    };
    std::vector<std::string> const own{
        "j.dupont", "Jean-Pierre Dupont", "Imagerie Martin SAS", "Centre hospitalier de Vauzelles"};
    for (auto const& row :
         {Row{"kZ7#vq2!mW9x", true, std::nullopt},
          Row{"kz7#vq2!mw9x", true, Fault::password_classes},
          Row{"kZxvq!mW.xRt", true, Fault::password_classes},
          Row{"kZ7xvq2xmW9x", true, Fault::password_classes},
          Row{"kz7#vq2!mw9x", false, std::nullopt},
          Row{"tortue lampe fleuve girofle", false, std::nullopt},
          Row{"kZ7#vq2!mW9", false, Fault::password_too_short},
          Row{"", false, Fault::password_too_short},
          Row{"kZ7#vq2!\nmW9x", false, Fault::password_characters},
          Row{"kZ7#vq2!\xff mW9x", false, Fault::password_characters},
          Row{"Dup0nt-kz7vq2mw9x", false, Fault::password_own_word},
          Row{"kz7vq2V@uz3lles9x", false, Fault::password_own_word},
          Row{"Télémaintenance1!", false, Fault::password_own_word},
          Row{"Bonjour-Bonjour1", false, Fault::password_own_word},
          Row{"H0pital-2026!", false, Fault::password_own_word},
          Row{"aaaaaaaaaaaaaaaa", false, Fault::password_guessable},
          Row{"123456789012", false, Fault::password_guessable},
          Row{"poiuytrewqpo", false, Fault::password_guessable}}) {
        CAPTURE(row.password);
        CHECK(judge_password(row.password, {.classes = row.classes}, own) == row.fault);
    }
    // The floor holds whatever is configured, and the ceiling counts characters.
    CHECK(judge_password("kZ7#vq2", {.characters_min = 1}, {}) == Fault::password_too_short);
    CHECK(judge_password("kZ7#vq2!", {.characters_min = 1}, {}) == std::nullopt);
    std::string many;
    for (int i = 0; i < 128; ++i)
        many += "é";
    CHECK(judge_password(many + "é", {}, {}) == Fault::password_too_long);
    CHECK(judge_password(many, {}, {}) != Fault::password_too_long);
}

TEST_CASE("a password serves for its days, and for ever with none", "[CLAUSIER:O-5.1][CHM:5.5]")
{
    CHECK(renew_by(at(1000), 0) == std::nullopt);
    CHECK(renew_by(at(1000), 1) == at(1000 + 86400));
    CHECK(renew_by(at(1000), 365) == at(1000 + 365 * 86400));
}
