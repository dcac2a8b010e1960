#include "policies/policyd/people_rules.h"
#include "policies/policyd/public_key.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse;
using namespace ecluse::policyd;

TEST_CASE("an account is a named person")
{
    auto const judge = [](char const* login, char const* mail) {
        return judge_names(login, "Nadia", "Belkacem", mail);
    };
    CHECK_FALSE(judge("n.belkacem", "n.belkacem@i.example"));
    CHECK_FALSE(judge("n.support", "n@i.example")); // a family name may be a word
    CHECK(judge("support", "n@i.example") == NameFault::generic_login);
    CHECK(judge("tech.sav", "n@i.example") == NameFault::generic_login);
    CHECK(judge("admin1", "n@i.example") == NameFault::generic_login);
    CHECK(judge("n.belkacem", "support@i.example") == NameFault::generic_login);
    CHECK(judge("n.belkacem", "pas-une-adresse") == NameFault::mail_form);
    for (auto const* login : {"", "ab", "N.Belkacem", "n+x", "n/x", "1abc", "é.x"})
        CHECK(judge(login, "n@i.example") == NameFault::login_form);
    CHECK(judge_names("n.belkacem", " ", "B", "n@i.example") == NameFault::name_missing);
}

TEST_CASE("public keys are read strictly and weak ones told")
{
    auto const key = must(parse_public_key(
        "[10.0.0.5]:22 ssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5AAAAIMZ3UkkSEBTjHZp8gEOpmKLMvyGFbC8ltySwLkrAhIcY commentaire"
    ));
    CHECK(key.type == "ssh-ed25519");
    CHECK(key.line.find("commentaire") == std::string::npos);
    CHECK(key.fingerprint.starts_with("SHA256:"));
    CHECK(is_strong(key));
    CHECK_FALSE(is_strong({.type = "ssh-rsa", .line = "", .fingerprint = "", .bits = 2048}));
    CHECK(is_strong({.type = "ssh-rsa", .line = "", .fingerprint = "", .bits = 3072}));
    CHECK_FALSE(parse_public_key(
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIMZ3UkkSEBTjHZp8gEOpmKLMvyGFbC8ltySwLkrAhIcY"
    ));
    CHECK_FALSE(parse_public_key("ssh-dss AAAA"));
    CHECK_FALSE(parse_public_key("-----BEGIN OPENSSH PRIVATE KEY-----"));
    CHECK_FALSE(parse_public_key(""));
}
