#include "policies/ctl/moment.h"

#include "common/paris_time.h"

#include <charconv>

namespace ecluse::ctl {
namespace {

/// A year in seconds: nobody plans further with "+".
constexpr long long ahead_max = 366LL * 24 * 3600;

Result<UtcTime> parse_ahead(std::string_view text, UtcTime now)
{
    long long count = 0;
    auto const digits = text.substr(1, text.size() - 2);
    auto const [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    auto const unit = text.back();
    auto const seconds = unit == 's'   ? 1
                         : unit == 'm' ? 60
                         : unit == 'h' ? 3600
                         : unit == 'd' ? 86400
                                       : 0;
    if (fault != std::errc{} || end != digits.data() + digits.size() || digits.empty() ||
        seconds == 0 || count < 0 || count > ahead_max / seconds)
        return Error{Errc::malformed, "duration: " + std::string{text}};
    return now + std::chrono::seconds{count * seconds};
}

} // namespace

Result<UtcTime> parse_moment(std::string_view text, UtcTime now)
{
    if (text == "now") return now;
    if (text.size() >= 3 && text.front() == '+') return parse_ahead(text, now);
    if (auto const utc = parse_iso(text)) return *utc;
    return parse_paris(text);
}

Result<UtcTime> parse_day(std::string_view text)
{
    if (text.size() != 10) return Error{Errc::malformed, "day: " + std::string{text}};
    return parse_paris(std::string{text} + " 00:00");
}

} // namespace ecluse::ctl
