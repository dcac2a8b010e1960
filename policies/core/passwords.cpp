#include "policies/core/passwords.h"

#include "common/secret.h"

#include <zxcvbn.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace ecluse {

namespace {

/// Words that every attacker of a French hospital tries first; already folded.
constexpr std::array trade_words{
    "telemaintenance", "maintenance", "bonjour",     "hopital",    "hospitalier",  "clinique",
    "ecluse",          "motdepasse",  "password",    "passe",      "secret",       "azerty",
    "qwerty",          "soleil",      "chouchou",    "doudou",     "marseille",    "toulouse",
    "bienvenue",       "technicien",  "support",     "assistance", "informatique", "administrateur",
    "admin",           "sante",       "medecin",     "infirmier",  "patient",      "imagerie",
    "scanner",         "serveur",     "prestataire", "titulaire",  "intervenant",  "janvier",
    "fevrier",         "printemps",   "automne",     "hiver",      "noel",         "vacances",
    "france",          "doctolib",    "chocolat",    "loulou",     "jetaime",      "ordinateur"};
/// Shorter own words ("Li", "CHU") stand in too many good passwords by chance.
constexpr std::size_t own_word_min = 4;
/// zxcvbn's score 3: at least 10^8 guesses.
constexpr double guesses_log10_min = 8.0;
/// The estimator's time grows with the square of the length; its first part is strong enough.
constexpr std::size_t estimated_bytes_max = 64;

bool is_ascii_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Characters of valid UTF-8 without control characters; nothing when it is not that.
std::optional<std::size_t> count_characters(std::string_view text)
{
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) {
        auto const lead = static_cast<unsigned char>(text[at]);
        if (lead < 0x20 || lead == 0x7f) return std::nullopt;
        std::size_t const size = lead < 0x80                   ? 1
                                 : lead >= 0xc2 && lead < 0xe0 ? 2
                                 : lead >= 0xe0 && lead < 0xf0 ? 3
                                 : lead >= 0xf0 && lead < 0xf5 ? 4
                                                               : 0;
        if (size == 0 || at + size > text.size()) return std::nullopt;
        for (std::size_t i = 1; i < size; ++i)
            if ((static_cast<unsigned char>(text[at + i]) & 0xc0U) != 0x80) return std::nullopt;
        at += size;
    }
    return count;
}

char without_accent(unsigned char low)
{
    // The second byte of U+00C0…U+00FF in UTF-8, folded to lower case.
    switch (low | 0x20U) {
    case 0xa0:
    case 0xa1:
    case 0xa2:
    case 0xa3:
    case 0xa4:
    case 0xa5:
        return 'a';
    case 0xa7:
        return 'c';
    case 0xa8:
    case 0xa9:
    case 0xaa:
    case 0xab:
        return 'e';
    case 0xac:
    case 0xad:
    case 0xae:
    case 0xaf:
        return 'i';
    case 0xb1:
        return 'n';
    case 0xb2:
    case 0xb3:
    case 0xb4:
    case 0xb5:
    case 0xb6:
        return 'o';
    case 0xb9:
    case 0xba:
    case 0xbb:
    case 0xbc:
        return 'u';
    case 0xbd:
    case 0xbf:
        return 'y';
    default:
        return 0;
    }
}

char without_disguise(char c)
{
    switch (c) {
    case '0':
        return 'o';
    case '1':
    case '!':
        return 'i';
    case '3':
        return 'e';
    case '4':
    case '@':
        return 'a';
    case '5':
    case '$':
        return 's';
    case '7':
        return 't';
    default:
        return c;
    }
}

/// Lower case, without accents, "l33t" undone: "Hôp1t@l" is "hopital". With `letters_only`, the
/// rest is dropped, so that "hop-it.al" is too.
std::string folded(std::string_view text, bool letters_only)
{
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto const byte = static_cast<unsigned char>(text[at]);
        char c = 0;
        if (byte == 0xc3 && at + 1 < text.size())
            c = without_accent(static_cast<unsigned char>(text[++at]));
        else if (byte < 0x80)
            c = without_disguise(text[at]);
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c != 0 && (!letters_only || is_ascii_letter(c))) result += c;
    }
    return result;
}

bool erase_all(std::string& text, std::string_view word)
{
    bool found = false;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word)) {
        text.erase(at, word.size());
        found = true;
    }
    return found;
}

bool lacks_class(std::string_view password)
{
    bool upper = false;
    bool digit = false;
    bool special = false;
    for (char const c : password) {
        upper = upper || (c >= 'A' && c <= 'Z');
        digit = digit || (c >= '0' && c <= '9');
        special = special || !(is_ascii_letter(c) || (c >= '0' && c <= '9'));
    }
    return !upper || !digit || !special;
}

/// The parts of "Jean-Pierre Dupont" and the whole, folded.
std::vector<std::string> parts_of(std::vector<std::string> const& own_words)
{
    std::vector<std::string> parts;
    auto const add = [&](std::string_view part) {
        auto word = folded(part, true);
        if (word.size() >= own_word_min) parts.push_back(std::move(word));
    };
    for (auto const& words : own_words) {
        add(words);
        std::size_t from = 0;
        while (from < words.size()) {
            auto const end = std::min(words.find_first_of(" -'._@", from), words.size());
            add(std::string_view{words}.substr(from, end - from));
            from = end + 1;
        }
    }
    return parts;
}

bool rests_on_known_word(std::string_view password, std::vector<std::string> const& own)
{
    auto letters = folded(password, true);
    bool const holds_own = std::any_of(own.begin(), own.end(), [&](std::string const& word) {
        return letters.find(word) != std::string::npos;
    });
    // A word of the trade may stand in a long password, but not be most of it.
    auto rest = folded(password, false);
    bool holds_trade = false;
    for (auto const* word : trade_words)
        if (erase_all(rest, word)) holds_trade = true;
    bool const poor = holds_trade && rest.size() < password_characters_floor;
    wipe(letters);
    wipe(rest);
    return holds_own || poor;
}

bool is_guessable(std::string_view password, std::vector<std::string> const& own)
{
    std::vector<char const*> words;
    for (auto const& word : own)
        words.push_back(word.c_str());
    words.insert(words.end(), trade_words.begin(), trade_words.end());
    words.push_back(nullptr);
    std::string estimated{password.substr(0, estimated_bytes_max)};
    double const bits = ZxcvbnMatch(estimated.c_str(), words.data(), nullptr);
    wipe(estimated);
    return bits * std::log10(2.0) < guesses_log10_min;
}

} // namespace

std::optional<Fault> judge_password(
    std::string_view password,
    PasswordPolicy const& policy,
    std::vector<std::string> const& own_words
)
{
    // Bytes first: nothing below runs on more than this.
    if (password.size() > password_characters_max * 4) return Fault::password_too_long;
    auto const characters = count_characters(password);
    if (!characters) return Fault::password_characters;
    if (*characters > password_characters_max) return Fault::password_too_long;
    if (*characters < std::max(policy.characters_min, password_characters_floor))
        return Fault::password_too_short;
    if (policy.classes && lacks_class(password)) return Fault::password_classes;
    auto const own = parts_of(own_words);
    if (rests_on_known_word(password, own)) return Fault::password_own_word;
    if (is_guessable(password, own)) return Fault::password_guessable;
    return std::nullopt;
}

std::optional<UtcTime> renew_by(UtcTime chosen, std::int64_t renew_days)
{
    if (renew_days <= 0) return std::nullopt;
    return chosen + std::chrono::hours{24} * renew_days;
}

} // namespace ecluse
