#pragma once

#include "policies/conformity/clauses.h"

#include <boost/json/array.hpp>

namespace ecluse {
struct Config;
}

namespace ecluse::conformity {

struct Setting {
    std::string key, value;
    std::string asked; // "au moins 180"; empty when any value will do
    bool ok = true;
};

/// One clause as it is answered here and now.
struct Line {
    Clause clause;
    /// The product's answer, or `partial` where a setting takes from an answer that was whole.
    State state = State::coming;
    std::vector<Setting> settings;
    std::vector<std::string> proofs; // "tests/unit/vault_box.cpp: a password is known again"
    /// A setting falls short of what the clause asks.
    [[nodiscard]] bool is_weakened() const;
};

/// Every clause of the tables, judged by these settings.
[[nodiscard]] Result<std::vector<Line>> answer_sheet(Config const& config);
/// The same for given tables: for tests.
[[nodiscard]] Result<std::vector<Line>> answer_sheet(
    std::vector<Clause> const& clauses, std::vector<Proof> const& proofs, Config const& config
);
/// Something that is so here and now, beside the settings of this clause; one that is not as asked
/// takes from an answer that was whole.
void add_fact(std::vector<Line>& sheet, std::string_view clause, Setting fact);
/// As it travels: {clause, title, answer, state, weakened, settings, proofs, page}.
[[nodiscard]] boost::json::array in_json(std::vector<Line> const& sheet);
/// As French spreadsheets open it: UTF-8 with its mark, semicolons, and no cell that runs.
[[nodiscard]] std::string in_csv(std::vector<Line> const& sheet);

} // namespace ecluse::conformity
