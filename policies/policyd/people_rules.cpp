#include "policies/policyd/people_rules.h"

#include <algorithm>
#include <array>

namespace ecluse::policyd {
namespace {

constexpr std::size_t login_bytes_min = 3;
constexpr std::size_t login_bytes_max = 32;

/// A login made only of these words, digits and dots names a function, not a person.
constexpr std::array<std::string_view, 30> generic_words{
    "admin",      "administrateur", "administrator", "root",    "support",   "tech",
    "technicien", "technician",     "maintenance",   "service", "sav",       "hotline",
    "astreinte",  "user",           "utilisateur",   "guest",   "invite",    "test",
    "demo",       "contact",        "info",          "team",    "equipe",    "helpdesk",
    "operator",   "operateur",      "compte",        "account", "generique", "vendor"};

bool is_generic(std::string_view word)
{
    return std::find(generic_words.begin(), generic_words.end(), word) != generic_words.end();
}

bool is_letter(char letter)
{
    return letter >= 'a' && letter <= 'z';
}

bool is_login(std::string_view login)
{
    if (login.size() < login_bytes_min || login.size() > login_bytes_max) return false;
    if (!is_letter(login.front())) return false;
    return std::all_of(login.begin(), login.end(), [](char letter) {
        return is_letter(letter) || (letter >= '0' && letter <= '9') || letter == '.' ||
               letter == '-' || letter == '_';
    });
}

bool names_a_function(std::string_view login)
{
    std::string word;
    bool any_word = false, any_person = false;
    auto const judge = [&] {
        if (word.empty()) return;
        any_word = true;
        if (!is_generic(word)) any_person = true;
        word.clear();
    };
    for (char const letter : login) {
        if (is_letter(letter))
            word += letter;
        else
            judge();
    }
    judge();
    return any_word && !any_person;
}

bool has_text(std::string_view name)
{
    return name.find_first_not_of(" \t") != std::string_view::npos;
}

bool is_mail(std::string_view mail)
{
    auto const at = mail.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < mail.size() &&
           mail.find('@', at + 1) == std::string_view::npos &&
           mail.find_first_of(" \t\r\n,;<>\"") == std::string_view::npos;
}

bool holds(std::vector<std::string> const& roles, std::string_view role)
{
    return std::find(roles.begin(), roles.end(), role) != roles.end();
}

} // namespace

std::optional<NameFault> judge_names(
    std::string_view login,
    std::string_view first_name,
    std::string_view last_name,
    std::string_view mail
)
{
    if (!is_login(login)) return NameFault::login_form;
    if (names_a_function(login)) return NameFault::generic_login;
    if (!has_text(first_name) || !has_text(last_name)) return NameFault::name_missing;
    if (!is_mail(mail)) return NameFault::mail_form;
    // "support@vendor" is read by a team: its invitation would be everybody's.
    if (names_a_function(mail.substr(0, mail.find('@')))) return NameFault::generic_login;
    return std::nullopt;
}

bool may_grant(std::vector<std::string> const& granters, std::string_view role)
{
    if (role == "technician" || role == "vendor_manager" || role == "escort")
        return holds(granters, "dsi");
    if (role == "auditor" || role == "log_manager") return holds(granters, "rssi");
    if (role == "dsi" || role == "rssi" || role == "platform_admin")
        return holds(granters, "platform_admin");
    return false;
}

} // namespace ecluse::policyd
