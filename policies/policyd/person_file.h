#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// A table of people as a spreadsheet saves it (RFC 4180, with ';' as French ones do, or ',').
/// Reads only: whether these people may exist is judged by whoever creates them. Pure.
namespace ecluse::policyd {

constexpr std::size_t person_file_bytes_max = 48UL * 1024;
constexpr std::size_t person_file_lines_max = 250;

struct PersonLine {
    int line = 0; // where it begins in the file, from 1
    /// Column by its name of `person.create`; empty cells are absent.
    std::map<std::string, std::string, std::less<>> cells;
    bool wrong_length = false; // not as many cells as columns
};

enum class PersonFileFault {
    empty,          // no person in it
    too_long,       // more than `person_file_lines_max`
    not_text,       // not UTF-8, or a control character
    open_quote,     // a quotation mark that nothing closes, or text after a closed one
    unknown_column, // `what` names it
    twice,          // `what` names the column that comes twice
    missing_column, // `what` names it
};
struct PersonFileError {
    PersonFileFault fault;
    std::string what = {};
    int line = 0;
};

/// The first line names the columns, in French ("prénom;nom;identifiant;courriel;rôle", then
/// "téléphone", "titulaire", "sous-traitant", "jusqu’au", "langue") or as the request names them;
/// case and accents do not matter. Empty lines are passed over.
[[nodiscard]] std::variant<std::vector<PersonLine>, PersonFileError>
read_person_file(std::string_view text);

} // namespace ecluse::policyd
