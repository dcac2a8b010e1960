#pragma once

#include "common/bytes.h"
#include "tests/support/must.h"

#include <regex>
#include <string>
#include <utility>

namespace ecluse::test {

/// What the technician answers in a blank form; the rest of it is filled by policyd.
inline std::string filled_form(std::string form)
{
    std::pair<char const*, char const*> const answers[] = {
        {"subcontractor_present", "non"},
        {"escort_present", "oui"},
        {"outcome", "resolved"},
        {"rollback_done", "non"},
        {"health_data_seen", "non"},
        {"copies_taken", "non"},
        {"residual_data", "none"},
        {"incident", "non"},
        {"item", "pilote"},
        {"symptom", "Lecteur muet."},
        {"tests", "Lecture d'un disque : bonne."},
        {"difficulties", "néant"},
        {"service_impact", "aucun"},
        {"next_steps", "néant"},
        {"operation", "Remplacement du pilote."},
        {"actual_nature", "corrective"}};
    for (auto const& [name, answer] : answers) {
        std::regex const blank{
            std::string{"(^|\n)"} + name + " = (\"\"\"[^\"]*\"\"\"|\"[^\"\n]*\")"};
        form = std::regex_replace(form, blank, std::string{"$1"} + name + " = \"" + answer + "\"");
    }
    return form;
}

} // namespace ecluse::test
