#include "policies/config/config.h"

#include "common/bytes.h"
#include "common/fd.h"
#include "policies/config/config_bindings.h"

// Errors as values, and no second library to ship.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>
#include <dirent.h>
#include <memory>
#include <unistd.h>

namespace ecluse {
namespace {

constexpr std::size_t file_bytes_max = 256 * 1024;
constexpr std::size_t fragments_max = 64;
/// Longer words are shown cut, and compared cut.
constexpr std::size_t key_bytes_max = 64;

Error fault_at(ConfigText const& text, toml::source_region const& where, std::string const& what)
{
    return {Errc::malformed, text.name + ":" + std::to_string(where.begin.line) + ": " + what};
}

std::optional<ConfigValue> read_list(toml::array const& array)
{
    if (array.is_homogeneous<std::int64_t>()) {
        std::vector<std::int64_t> numbers;
        for (auto const& one : array)
            numbers.push_back(*one.value<std::int64_t>());
        return numbers;
    }
    if (array.empty()) return std::vector<std::string>{};
    if (!array.is_homogeneous<std::string>()) return std::nullopt;
    std::vector<std::string> texts;
    for (auto const& one : array)
        texts.push_back(*one.value<std::string>());
    return texts;
}

std::optional<ConfigValue> read_value(toml::node const& node)
{
    if (auto const* const number = node.as_integer()) return number->get();
    if (auto const* const flag = node.as_boolean()) return flag->get();
    if (auto const* const text = node.as_string()) return text->get();
    if (auto const* const array = node.as_array()) return read_list(*array);
    return std::nullopt;
}

std::string unknown(std::string const& name, std::vector<ConfigBinding> const& bindings)
{
    std::vector<std::string_view> known;
    for (auto const& binding : bindings)
        known.push_back(binding.name);
    auto const shown = printable(name, key_bytes_max);
    return "unknown key \"" + shown + "\"; did you mean \"" + std::string{closest(shown, known)} +
           "\"?";
}

Result<> apply_key(
    ConfigText const& text,
    std::string const& name,
    toml::key const& key,
    toml::node const& node,
    std::vector<ConfigBinding> const& bindings
)
{
    auto const binding = std::find_if(bindings.begin(), bindings.end(), [&](auto const& one) {
        return one.name == name;
    });
    if (binding == bindings.end()) return fault_at(text, key.source(), unknown(name, bindings));
    auto const value = read_value(node);
    auto const wrong =
        value ? binding->value.set(*value) : std::optional<std::string>{"another type of value"};
    if (wrong) return fault_at(text, node.source(), "\"" + name + "\": expected " + *wrong);
    return {};
}

Result<> apply(ConfigText const& text, std::vector<ConfigBinding> const& bindings)
{
    auto const parsed = toml::parse(text.text, text.name);
    if (!parsed) {
        auto const& error = parsed.error();
        return fault_at(text, error.source(), printable(error.description()));
    }
    for (auto const& [section, node] : parsed.table()) {
        auto const* const keys = node.as_table();
        std::string const prefix{section.str()};
        if (!keys) return fault_at(text, section.source(), unknown(prefix, bindings));
        bool const known = std::any_of(bindings.begin(), bindings.end(), [&](auto const& one) {
            return one.name.substr(0, one.name.find('.')) == prefix;
        });
        if (!known) return fault_at(text, section.source(), unknown(prefix, bindings));
        for (auto const& [key, value] : *keys)
            ECLUSE_TRY(apply_key(text, prefix + "." + std::string{key.str()}, key, value, bindings)
            );
    }
    return {};
}

Result<std::vector<std::string>> fragments_of(std::string const& folder)
{
    std::vector<std::string> names;
    std::unique_ptr<DIR, int (*)(DIR*)> const open{::opendir(folder.c_str()), ::closedir};
    if (!open) {
        if (errno == ENOENT) return names;
        return os_error("open " + folder);
    }
    while (auto const* const entry = ::readdir(open.get())) {
        std::string const name{entry->d_name};
        if (name.size() <= 5 || name.front() == '.' || name.substr(name.size() - 5) != ".toml")
            continue;
        if (names.size() >= fragments_max)
            return Error{Errc::too_large, folder + ": too many files"};
        names.push_back(folder + "/" + name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

Result<Config> parse_config(std::vector<ConfigText> const& texts)
{
    Config config;
    auto const bindings = bind_config(config);
    for (auto const& text : texts)
        ECLUSE_TRY(apply(text, bindings));
    return config;
}

Result<Config> load_config(std::string const& path)
{
    std::vector<ConfigText> texts;
    if (::access(path.c_str(), F_OK) == 0)
        texts.push_back({path, ECLUSE_TRY(read_file(path, file_bytes_max))});
    for (auto const& fragment : ECLUSE_TRY(fragments_of(path + ".d")))
        texts.push_back({fragment, ECLUSE_TRY(read_file(fragment, file_bytes_max))});
    return parse_config(texts);
}

} // namespace ecluse
