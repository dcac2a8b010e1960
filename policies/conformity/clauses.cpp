#include "policies/conformity/clauses.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace ecluse {

extern char const conformity_clauses_fr_tsv[];
extern char const conformity_proofs_tsv[];

namespace conformity {
namespace {

/// "-" in a cell: nothing.
constexpr std::string_view nothing = "-";

std::vector<std::string> split(std::string_view text, std::string_view mark)
{
    std::vector<std::string> parts;
    for (;;) {
        auto const end = text.find(mark);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + mark.size());
    }
}

std::optional<State> parse_state(std::string_view word)
{
    for (auto const state : {State::answered, State::partial, State::coming})
        if (to_word(state) == word) return state;
    return std::nullopt;
}

/// "passwords.renew_days>=1", "report.blocking!=never", "ssh.kex=default", "windows.open".
Result<Demand> parse_demand(std::string_view text)
{
    struct Sign {
        std::string_view written;
        Demand::Kind kind;
    };
    static constexpr Sign signs[] = {
        {">=", Demand::Kind::at_least},
        {"<=", Demand::Kind::at_most},
        {"!=", Demand::Kind::is_not},
        {"=", Demand::Kind::is}};
    for (auto const& sign : signs) {
        auto const at = text.find(sign.written);
        if (at == std::string_view::npos) continue;
        Demand demand{std::string{text.substr(0, at)}, sign.kind};
        demand.bound = text.substr(at + sign.written.size());
        bool const counts =
            sign.kind == Demand::Kind::at_least || sign.kind == Demand::Kind::at_most;
        bool const whole = std::all_of(demand.bound.begin(), demand.bound.end(), [](char c) {
            return c >= '0' && c <= '9';
        });
        if (demand.setting.empty() || demand.bound.empty() || demand.bound.size() > 9 ||
            (counts && !whole))
            return Error{Errc::malformed, "demand: " + std::string{text}};
        if (sign.kind == Demand::Kind::is && demand.bound == "default")
            demand.kind = Demand::Kind::unchanged;
        return demand;
    }
    return Demand{std::string{text}};
}

Result<std::vector<std::vector<std::string>>>
rows_of(std::string_view table, std::vector<std::string> const& headings)
{
    std::vector<std::vector<std::string>> rows;
    for (auto const& line : split(table, "\n")) {
        if (line.empty()) continue;
        rows.push_back(split(line, "\t"));
        if (rows.back().size() != headings.size())
            return Error{Errc::malformed, "line " + std::to_string(rows.size()) + ": cells"};
    }
    if (rows.empty() || rows.front() != headings) return Error{Errc::malformed, "headings"};
    rows.erase(rows.begin());
    return rows;
}

Result<Clause> read_clause(std::vector<std::string> const& cells)
{
    auto const state = parse_state(cells[1]);
    if (!state) return Error{Errc::malformed, cells[0] + ": state"};
    Clause clause{cells[0], *state, cells[2], cells[3], {}, cells[5]};
    if (clause.title.empty() || clause.answer.empty())
        return Error{Errc::malformed, cells[0] + ": text"};
    if (cells[4] == nothing) return clause;
    for (auto const& demand : split(cells[4], ", "))
        clause.demands.push_back(ECLUSE_TRY(parse_demand(demand)));
    return clause;
}

} // namespace

std::string_view to_word(State state)
{
    switch (state) {
    case State::answered:
        return "answered";
    case State::partial:
        return "partial";
    case State::coming:
        return "coming";
    }
    assertion_failed("State", __FILE__, __LINE__);
}

Result<std::vector<Clause>> read_clauses(std::string_view table)
{
    std::vector<Clause> clauses;
    for (auto const& row :
         ECLUSE_TRY(rows_of(table, {"id", "state", "title", "answer", "settings", "page"})))
        clauses.push_back(ECLUSE_TRY(read_clause(row)));
    return clauses;
}

Result<std::vector<Proof>> read_proofs(std::string_view table)
{
    std::vector<Proof> proofs;
    for (auto const& row : ECLUSE_TRY(rows_of(table, {"clause", "file", "test"})))
        proofs.push_back({row[0], row[1], row[2] == nothing ? "" : row[2]});
    return proofs;
}

std::string_view clauses_table()
{
    return conformity_clauses_fr_tsv;
}

std::string_view proofs_table()
{
    return conformity_proofs_tsv;
}

} // namespace conformity
} // namespace ecluse
