#include "policies/conformity/sheet.h"

#include "common/json.h"
#include "common/text_keys.h"
#include "policies/config/config_bindings.h"

#include <algorithm>

namespace ecluse::conformity {
namespace {

std::string asked(Demand const& demand)
{
    auto const say = [&](TextKey key) {
        return text(Language::french, key, {{"value", demand.bound}});
    };
    switch (demand.kind) {
    case Demand::Kind::any:
        return {};
    case Demand::Kind::at_least:
        return say(TextKey::conformity_asked_at_least);
    case Demand::Kind::at_most:
        return say(TextKey::conformity_asked_at_most);
    case Demand::Kind::is:
        return say(TextKey::conformity_asked_is);
    case Demand::Kind::is_not:
        return say(TextKey::conformity_asked_is_not);
    case Demand::Kind::unchanged:
        return say(TextKey::conformity_asked_unchanged);
    }
    assertion_failed("Demand::Kind", __FILE__, __LINE__);
}

/// A number that is asked of a setting which is none is a fault of the table, never "good enough".
bool is_met(Demand const& demand, ConfigValue const& value, ConfigValue const& original)
{
    auto const* const number = std::get_if<std::int64_t>(&value);
    switch (demand.kind) {
    case Demand::Kind::any:
        return true;
    case Demand::Kind::at_least:
        return number && *number >= std::stoll(demand.bound);
    case Demand::Kind::at_most:
        return number && *number <= std::stoll(demand.bound);
    case Demand::Kind::is:
        return to_text(value) == demand.bound;
    case Demand::Kind::is_not:
        return to_text(value) != demand.bound;
    case Demand::Kind::unchanged:
        return value == original;
    }
    assertion_failed("Demand::Kind", __FILE__, __LINE__);
}

/// The settings in force beside the product's own.
class Settings {
public:
    explicit Settings(Config const& config) : config_{config} {}
    Settings(Settings const&) = delete; // the bindings point into this one
    Settings& operator=(Settings const&) = delete;

    Result<Setting> judge(Demand const& demand) const
    {
        auto const at = std::find_if(here_.begin(), here_.end(), [&](auto const& one) {
            return one.name == demand.setting;
        });
        if (at == here_.end()) return Error{Errc::malformed, "unknown setting " + demand.setting};
        auto const value = at->value.get();
        auto const& original = original_[static_cast<std::size_t>(at - here_.begin())];
        return Setting{
            demand.setting,
            to_text(value),
            asked(demand),
            is_met(demand, value, original.value.get())};
    }

private:
    Config config_;
    Config defaults_;
    std::vector<ConfigBinding> here_ = bind_config(config_);
    std::vector<ConfigBinding> original_ = bind_config(defaults_);
};

std::vector<std::string> proofs_of(std::string const& clause, std::vector<Proof> const& proofs)
{
    std::vector<std::string> named;
    for (auto const& proof : proofs)
        if (proof.clause == clause)
            named.push_back(proof.test.empty() ? proof.file : proof.file + ": " + proof.test);
    return named;
}

} // namespace

bool Line::is_weakened() const
{
    return std::any_of(settings.begin(), settings.end(), [](auto const& one) { return !one.ok; });
}

Result<std::vector<Line>> answer_sheet(
    std::vector<Clause> const& clauses, std::vector<Proof> const& proofs, Config const& config
)
{
    Settings const settings{config};
    std::vector<Line> sheet;
    for (auto const& clause : clauses) {
        Line line{clause, clause.state, {}, proofs_of(clause.id, proofs)};
        for (auto const& demand : clause.demands)
            line.settings.push_back(ECLUSE_TRY(settings.judge(demand)));
        if (line.is_weakened() && line.state == State::answered) line.state = State::partial;
        sheet.push_back(std::move(line));
    }
    return sheet;
}

Result<std::vector<Line>> answer_sheet(Config const& config)
{
    auto const clauses = ECLUSE_TRY(read_clauses(clauses_table()));
    auto const proofs = ECLUSE_TRY(read_proofs(proofs_table()));
    return answer_sheet(clauses, proofs, config);
}

void add_fact(std::vector<Line>& sheet, std::string_view clause, Setting fact)
{
    for (auto& line : sheet) {
        if (line.clause.id != clause) continue;
        line.settings.push_back(fact);
        if (!fact.ok && line.state == State::answered) line.state = State::partial;
    }
}

json::array in_json(std::vector<Line> const& sheet)
{
    json::array rows;
    for (auto const& line : sheet) {
        json::array settings;
        for (auto const& one : line.settings)
            settings.push_back(json::object{
                {"key", one.key}, {"value", one.value}, {"asked", one.asked}, {"ok", one.ok}});
        rows.push_back(json::object{
            {"clause", line.clause.id},
            {"title", line.clause.title},
            {"answer", line.clause.answer},
            {"state", to_word(line.state)},
            {"weakened", line.is_weakened()},
            {"settings", std::move(settings)},
            {"proofs", json::array(line.proofs.begin(), line.proofs.end())},
            {"page", line.clause.page}});
    }
    return rows;
}

} // namespace ecluse::conformity
