#include "policies/ctl/arguments.h"

#include "common/text_keys.h"
#include "policies/config/config_bindings.h"

#include <algorithm>
#include <cstdlib>

namespace ecluse::ctl {
namespace {

/// How one "--name" of a command is read.
struct Known {
    std::string name;
    bool takes_value;
};

std::vector<Known> known_options(Command const& command)
{
    std::vector<Known> known;
    for (auto const& option : command.options) {
        if (option.positional) continue;
        auto const name = std::string{option.name};
        if (option.kind == Kind::secret) {
            known.push_back({name + "-file", true});
            known.push_back({name + "-stdin", false});
        } else {
            known.push_back({name, option.kind != Kind::flag});
        }
    }
    if (command.signs)
        known.insert(
            known.end(), {{"password-file", true}, {"password-stdin", false}, {"code", true}}
        );
    return known;
}

std::vector<Option const*> positions(Command const& command)
{
    std::vector<Option const*> found;
    for (auto const& option : command.options)
        if (option.positional) found.push_back(&option);
    return found;
}

class Parser {
public:
    Parser(std::vector<std::string> const& arguments, Globals& globals)
        : arguments_{arguments}, globals_{globals}
    {
    }

    std::variant<Typed, Misuse> parse()
    {
        while (at_ < arguments_.size()) {
            auto const& argument = arguments_[at_];
            if (!only_words_ && argument == "--") {
                only_words_ = true;
                ++at_;
            } else if (!only_words_ && argument.size() > 1 && argument.starts_with("-")) {
                if (auto wrong = option()) return *wrong;
            } else {
                if (auto wrong = word(argument)) return *wrong;
                ++at_;
            }
        }
        if (!typed_.command && !typed_.words.empty() && !globals_.help) return unknown_command();
        if (auto wrong = missing()) return *wrong;
        return std::move(typed_);
    }

private:
    /// "--name", "--name value" or "--name=value".
    std::optional<Misuse> option()
    {
        auto const& argument = arguments_[at_++];
        if (argument == "-h") {
            globals_.help = true;
            return std::nullopt;
        }
        auto const equals = argument.find('=');
        auto const name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
        std::optional<std::string> value;
        if (equals != std::string::npos) value = argument.substr(equals + 1);
        if (!argument.starts_with("--")) return unknown_option(argument);
        if (global(name, value)) return std::nullopt;
        if (wrong_) return wrong_;
        if (!typed_.command) return unknown_option(argument);
        for (auto const& known : known_options(*typed_.command)) {
            if (known.name != name) continue;
            if (!known.takes_value) {
                if (value) return Misuse{TextKey::ctl_usage_no_value, {{"option", name}}};
                value = "";
            } else if (!take(value)) {
                return Misuse{TextKey::ctl_usage_value, {{"option", name}}};
            }
            typed_.values[name].push_back(*value);
            return std::nullopt;
        }
        return unknown_option(argument.substr(0, equals));
    }

    /// The next argument serves as the value when none was glued on.
    bool take(std::optional<std::string>& value)
    {
        if (value) return true;
        if (at_ >= arguments_.size()) return false;
        value = arguments_[at_++];
        return true;
    }

    bool global(std::string const& name, std::optional<std::string>& value)
    {
        if (name == "json") return globals_.json = true;
        if (name == "help") return globals_.help = true;
        if (name == "version") return globals_.version = true;
        if (name != "root" && name != "as" && name != "lang") return false;
        if (!take(value)) {
            wrong_ = Misuse{TextKey::ctl_usage_value, {{"option", name}}};
            return false;
        }
        if (name == "root") globals_.root = *value;
        if (name == "as") globals_.as = *value;
        if (name == "lang") {
            auto const language = parse_language(*value);
            if (!language) {
                wrong_ =
                    Misuse{TextKey::ctl_usage_choice, {{"option", "lang"}, {"choices", "fr, en"}}};
                return false;
            }
            globals_.language = *language;
        }
        return true;
    }

    std::optional<Misuse> word(std::string const& argument)
    {
        if (!typed_.command) {
            typed_.words.push_back(argument);
            typed_.command = find_command(
                typed_.words[0], typed_.words.size() > 1 ? typed_.words[1] : std::string{}
            );
            if (!typed_.command && typed_.words.size() > 1 && !globals_.help)
                return unknown_command();
            return std::nullopt;
        }
        auto const places = positions(*typed_.command);
        if (next_position_ >= places.size())
            return Misuse{TextKey::ctl_usage_too_many, {{"word", argument}}};
        auto const& place = *places[next_position_];
        typed_.values[std::string{place.name}].push_back(argument);
        if (place.kind != Kind::list) ++next_position_;
        return std::nullopt;
    }

    std::optional<Misuse> missing()
    {
        if (!typed_.command || globals_.help || globals_.version) return std::nullopt;
        for (auto const& option : typed_.command->options) {
            if (!option.required || option.kind == Kind::secret ||
                typed_.values.contains(option.name))
                continue;
            auto const shown =
                option.positional ? std::string{option.name} : "--" + std::string{option.name};
            return Misuse{
                TextKey::ctl_usage_missing,
                {{"option", shown}, {"command", typed_.command->words()}}};
        }
        return std::nullopt;
    }

    Misuse unknown_option(std::string const& argument)
    {
        std::vector<Known> known;
        if (typed_.command) known = known_options(*typed_.command);
        for (auto const* name : {"json", "help", "root", "as", "lang", "version"})
            known.push_back({name, false});
        std::vector<std::string_view> names;
        for (auto const& one : known)
            names.push_back(one.name);
        std::string const near{
            closest(argument.starts_with("--") ? argument.substr(2) : argument, names)};
        if (near.empty()) return {TextKey::ctl_usage_unknown_option, {{"word", argument}}};
        return {
            TextKey::ctl_usage_unknown_option_near, {{"word", argument}, {"near", "--" + near}}};
    }

    Misuse unknown_command()
    {
        auto const& object = typed_.words[0];
        std::vector<std::string_view> objects, verbs;
        for (auto const& command : commands()) {
            objects.push_back(command.object);
            if (command.object == object) verbs.push_back(command.verb);
        }
        if (verbs.empty()) {
            std::string const near{closest(object, objects)};
            if (near.empty()) return {TextKey::ctl_usage_unknown, {{"word", object}}};
            return {TextKey::ctl_usage_unknown_near, {{"word", object}, {"near", near}}};
        }
        std::string choices;
        for (auto const verb : verbs)
            choices += (choices.empty() ? "" : ", ") + std::string{verb};
        if (typed_.words.size() < 2)
            return {TextKey::ctl_usage_verb, {{"object", object}, {"choices", choices}}};
        std::string const near{closest(typed_.words[1], verbs)};
        auto const word = object + " " + typed_.words[1];
        if (near.empty())
            return {TextKey::ctl_usage_unknown_verb, {{"word", word}, {"choices", choices}}};
        return {TextKey::ctl_usage_unknown_near, {{"word", word}, {"near", object + " " + near}}};
    }

    std::vector<std::string> const& arguments_;
    Globals& globals_;
    Typed typed_;
    std::size_t at_ = 0;
    std::size_t next_position_ = 0;
    bool only_words_ = false;
    std::optional<Misuse> wrong_;
};

} // namespace

std::variant<Typed, Misuse>
parse_arguments(std::vector<std::string> const& arguments, Globals& globals)
{
    return Parser{arguments, globals}.parse();
}

} // namespace ecluse::ctl
