#include "policies/report/words.h"

#include "common/bytes.h"
#include "common/text_keys.h"
#include "policies/report/paris.h"

#include <fmt/format.h>

namespace ecluse::report {
namespace {

/// No field is longer than this, so nothing is ever cut.
constexpr std::size_t chars_max = 64 * 1024;

} // namespace

std::string shown(std::string_view text)
{
    std::string out;
    for (;;) {
        auto const end = text.find('\n');
        auto line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        std::string tabless{line};
        for (char& c : tabless)
            if (c == '\t') c = ' ';
        out += printable(tabless, chars_max);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
        out += '\n';
    }
    while (out.ends_with('\n'))
        out.pop_back();
    return out;
}

std::string Words::say(TextKey key, TextHoles holes) const
{
    return ecluse::text(language_, key, holes);
}

std::string Words::word(std::string_view family, std::string_view code) const
{
    auto const key = find_text(fmt::format("report.{}.{}", family, code));
    return key ? say(*key) : shown(code);
}

std::string Words::words(std::string_view family, std::vector<std::string> const& codes) const
{
    std::string list;
    for (auto const& code : codes) {
        if (!list.empty()) list += ", ";
        list += word(family, code);
    }
    return list.empty() ? say(TextKey::report_none) : list;
}

std::string Words::factors(std::vector<std::string> const& factors) const
{
    std::string list;
    for (std::string_view rest : factors) {
        if (!list.empty()) list += " ; ";
        for (bool first = true;; first = false) {
            auto const plus = rest.find('+');
            if (!first) list += " + ";
            list += word("factor", rest.substr(0, plus));
            if (plus == std::string_view::npos) break;
            rest.remove_prefix(plus + 1);
        }
    }
    return list.empty() ? say(TextKey::report_none) : list;
}

std::string Words::yes_no(bool yes) const
{
    return say(yes ? TextKey::report_yes : TextKey::report_no);
}

std::string Words::instant(UtcTime at) const
{
    return say(TextKey::report_instant, {{"at", paris_second(at)}});
}

std::string Words::instant(std::optional<UtcTime> at) const
{
    return at ? instant(*at) : say(TextKey::report_absent);
}

std::string Words::size(std::int64_t bytes) const
{
    struct Unit {
        std::int64_t factor;
        TextKey key;
    };
    constexpr Unit units[] = {
        {1'000'000'000, TextKey::report_size_giga},
        {1'000'000, TextKey::report_size_mega},
        {1'000, TextKey::report_size_kilo},
    };
    for (auto const& unit : units) {
        if (bytes < unit.factor) continue;
        // One digit after the comma; whole tenths keep it free of floating point.
        auto const tenths = bytes / (unit.factor / 10);
        auto const sign = language_ == Language::french ? ',' : '.';
        auto const n = fmt::format("{}{}{}", tenths / 10, sign, tenths % 10);
        return say(unit.key, {{"n", n}});
    }
    return say(TextKey::report_size_bytes, {{"n", std::to_string(bytes)}});
}

std::string Words::declared_date(std::string_view iso) const
{
    auto out = fmt::format("{}/{}/{}", iso.substr(8, 2), iso.substr(5, 2), iso.substr(0, 4));
    if (iso.size() >= 16) out += fmt::format(" {}", iso.substr(11, 5));
    return out;
}

std::string Words::count(std::int64_t count) const
{
    // Thousands apart by a narrow space, as French and international typography agree.
    auto digits = std::to_string(count);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), "\u202f");
    return digits;
}

std::string Words::or_none(std::optional<std::string> const& text) const
{
    return text ? shown(*text) : say(TextKey::report_absent);
}

} // namespace ecluse::report
