#include "policies/ctl/run.h"

#include "common/bytes.h"
#include "common/fill_text.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/moment.h"
#include "policies/ctl/prompt.h"
#include "policies/ctl/show.h"

#include <fmt/format.h>

#include <charconv>

namespace ecluse::ctl {
namespace {

/// A packet holds 64 KiB with its envelope; JSON escapes may double a text.
constexpr std::size_t file_bytes_max = 48 * 1024;
/// Beyond, a list is narrowed by its options.
constexpr std::size_t list_rows_max = 10'000;

std::string choices(std::string_view values)
{
    std::string joined;
    for (auto const letter : values)
        joined += letter == '|' ? ", " : std::string(1, letter);
    return joined;
}

bool is_choice(std::string_view value, std::string_view values)
{
    while (!values.empty()) {
        auto const bar = values.find('|');
        if (values.substr(0, bar) == value) return true;
        values = bar == std::string_view::npos ? std::string_view{} : values.substr(bar + 1);
    }
    return false;
}

json::array split(std::vector<std::string> const& typed)
{
    json::array parts;
    for (auto const& one : typed) {
        std::string_view rest = one;
        while (!rest.empty()) {
            auto const comma = rest.find(',');
            if (comma != 0) parts.emplace_back(rest.substr(0, comma));
            rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
        }
    }
    return parts;
}

/// One typed value as JSON, or why not.
Result<json::value> convert(Option const& option, std::vector<std::string> const& typed)
{
    auto const& last = typed.back();
    switch (option.kind) {
    case Kind::flag:
        return json::value(true);
    case Kind::list:
        return json::value(split(typed));
    case Kind::number: {
        std::int64_t number = 0;
        auto const [end, fault] = std::from_chars(last.data(), last.data() + last.size(), number);
        if (fault != std::errc{} || end != last.data() + last.size())
            return Error{Errc::malformed, "not a number"};
        return json::value(number);
    }
    case Kind::moment:
        return json::value(to_iso(ECLUSE_TRY(parse_moment(last, to_seconds(utc_now())))));
    case Kind::day:
        return json::value(to_iso(ECLUSE_TRY(parse_day(last))));
    case Kind::file:
        return json::value(
            last == "-" ? ECLUSE_TRY(read_all(0, file_bytes_max))
                        : ECLUSE_TRY(read_file(last, file_bytes_max))
        );
    case Kind::text:
    case Kind::path:
    case Kind::secret:
        return json::value(last);
    }
    return Error{Errc::malformed, "kind"};
}

/// The rows of a list; nothing when the answer is none.
json::array* rows_of(json::object& answer)
{
    auto* const rows = answer.if_contains("rows");
    return rows && rows->is_array() ? &rows->get_array() : nullptr;
}

bool goes_on(json::object& answer)
{
    auto const* const rows = rows_of(answer);
    return rows && answer.contains("next") && rows->size() < list_rows_max;
}

/// A list comes in pages: those after the first, into `answer`. False: `ctl` has said why not.
bool add_pages(Ctl& ctl, Command const& command, json::object fields, json::object& answer)
{
    while (goes_on(answer)) {
        fields["after"] = answer["next"];
        auto page = ctl.ask(command.request, fields);
        if (!page) return false;
        auto rows = std::move(*rows_of(answer));
        if (auto const* const more = rows_of(page->fields))
            rows.insert(rows.end(), more->begin(), more->end());
        answer = std::move(page->fields);
        answer["rows"] = std::move(rows);
    }
    return true;
}

} // namespace

std::optional<json::object> read_fields(Ctl& ctl, Command const& command)
{
    json::object fields;
    for (auto const& option : command.options) {
        auto const found = ctl.typed().values.find(option.name);
        if (found == ctl.typed().values.end() || option.kind == Kind::path) continue;
        if (!option.values.empty())
            for (auto const& one : split(found->second))
                if (!is_choice(std::string_view{one.get_string()}, option.values)) {
                    ctl.fail(
                        Exit::usage,
                        TextKey::ctl_usage_choice,
                        {{"option", option.name}, {"choices", choices(option.values)}}
                    );
                    return std::nullopt;
                }
        auto value = convert(option, found->second);
        if (!value) {
            auto const typed = printable(found->second.back());
            ctl.fail(
                Exit::usage,
                TextKey::ctl_usage_bad,
                {{"option", option.name}, {"value", typed}, {"why", value.error().what}},
                option.kind == Kind::moment ? std::optional{TextKey::ctl_usage_moment}
                                            : std::nullopt
            );
            return std::nullopt;
        }
        fields[option.field()] = std::move(*value);
    }
    return fields;
}

void show(Ctl const& ctl, Command const& command, json::object const& answer)
{
    if (ctl.json()) {
        fmt::print("{}\n", json::serialize(answer));
        return;
    }
    if (auto const done = find_text(command.key() + ".done")) {
        std::vector<std::pair<std::string, std::string>> holes;
        for (auto const& field : answer)
            holes.emplace_back(field.key(), in_words(field.value(), field.key(), ctl.language()));
        auto const sentence = fill_text(ctl.language(), *done, holes);
        fmt::print("{}\n", sentence);
        return;
    }
    auto const* rows = answer.if_contains("rows");
    if (rows && rows->is_array()) {
        fmt::print("{}", table(rows->get_array(), command.columns, ctl.language()));
        auto const* more = answer.if_contains("more");
        if (more && more->is_bool() && more->get_bool()) ctl.say(TextKey::ctl_more);
        return;
    }
    fmt::print("{}", details(answer, ctl.language()));
}

Exit ask_and_show(Ctl& ctl, Command const& command, json::object fields)
{
    if (command.signs && !ctl.sign(fields)) return ctl.exit();
    // What signs is no list: its secrets are not kept for another page.
    auto const again = command.signs ? json::object{} : fields;
    auto answer = ctl.ask(command.request, std::move(fields));
    if (!answer || !add_pages(ctl, command, again, answer->fields)) return ctl.exit();
    show(ctl, command, answer->fields);
    return Exit::ok;
}

} // namespace ecluse::ctl
