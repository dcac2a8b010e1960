#pragma once

#include "common/result.h"
#include "common/text.h"

#include <string>
#include <string_view>
#include <vector>

/// What the product answers to each clause of the reference texts, as docs/conformite/ says it:
/// French, because tenders are.
namespace ecluse::conformity {

enum class State { answered, partial, coming };
[[nodiscard]] std::string_view to_word(State state);

/// A setting on which an answer depends, and what the clause asks of it.
struct Demand {
    enum class Kind { any, at_least, at_most, is, is_not, unchanged };
    std::string setting; // "passwords.renew_days"
    Kind kind = Kind::any;
    std::string bound = {}; // a number for at_least and at_most, else the value as it is written
};

struct Clause {
    std::string id; // "CLAUSIER:O-9.13"
    State state = State::coming;
    std::string title, answer;
    std::vector<Demand> demands;
    std::string page; // "guide-rssi.md § 5"
};

/// A test that shows it; `test` is empty for a script.
struct Proof {
    std::string clause, file, test;
};

/// Tables with tabs, one line of headings. What is not understood is an error: the tables that are
/// built in are held to it by a test.
[[nodiscard]] Result<std::vector<Clause>> read_clauses(std::string_view table);
[[nodiscard]] Result<std::vector<Proof>> read_proofs(std::string_view table);

/// docs/conformite/clauses.fr.tsv and proofs.tsv, as this program was built with them.
[[nodiscard]] std::string_view clauses_table();
[[nodiscard]] std::string_view proofs_table();

} // namespace ecluse::conformity
