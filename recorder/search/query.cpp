#include "recorder/search/query.h"

#include <algorithm>

namespace ecluse::recording {
namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";

/// Whether the tokenizer may find something in it: a letter, a digit, or what is not ASCII.
bool says_something(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), [](unsigned char c) {
        return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z');
    });
}

/// An FTS5 string: between double quotation marks nothing has a meaning but the mark itself.
void add(std::string& query, std::string_view text, bool any_ending)
{
    if (!query.empty()) query += ' ';
    query += '"';
    for (char const c : text) {
        if (c == '\0') continue;
        query += c;
        if (c == '"') query += '"';
    }
    query += '"';
    if (any_ending) query += '*';
}

} // namespace

std::optional<std::string> to_query(std::string_view typed)
{
    std::string query;
    std::size_t words = 0;
    while (words < query_words_max) {
        typed.remove_prefix(std::min(typed.find_first_not_of(blanks), typed.size()));
        if (typed.empty()) break;
        bool const phrase = typed.front() == '"';
        if (phrase) typed.remove_prefix(1);
        auto const end =
            std::min(phrase ? typed.find('"') : typed.find_first_of(blanks), typed.size());
        auto word = typed.substr(0, end);
        typed.remove_prefix(std::min(end + (phrase ? 1 : 0), typed.size()));
        bool any_ending = !phrase && word.ends_with('*');
        if (any_ending) word.remove_suffix(1);
        if (phrase && typed.starts_with('*')) {
            any_ending = true;
            typed.remove_prefix(1);
        }
        if (!says_something(word)) continue;
        add(query, word, any_ending);
        ++words;
    }
    if (query.empty()) return std::nullopt;
    return query;
}

} // namespace ecluse::recording
