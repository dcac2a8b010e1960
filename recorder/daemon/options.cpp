#include "recorder/daemon/options.h"

#include <charconv>
#include <limits>
#include <string_view>

namespace ecluse::recorder {
namespace {

Result<std::uint64_t> number(std::string_view name, std::string_view text, std::uint64_t max)
{
    std::uint64_t value = 0;
    auto const read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value > max)
        return Error{Errc::malformed, std::string{name} + ": not a number in bounds"};
    return value;
}

/// A petabyte: larger values are typing errors.
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 50;

} // namespace

Result<Options> parse_options(int count, char const* const* words)
{
    Options options;
    for (int i = 1; i < count; ++i) {
        std::string_view const name{words[i]};
        if (name == "--help") {
            options.help = true;
            return options;
        }
        if (++i == count) return Error{Errc::malformed, std::string{name} + ": value missing"};
        std::string_view const value{words[i]};
        if (name == "--root") {
            options.socket = std::string{value} + "/run/recorder.sock";
            options.recordings = std::string{value} + "/recordings";
        } else if (name == "--socket") {
            options.socket = value;
        } else if (name == "--recordings") {
            options.recordings = value;
        } else if (name == "--client-uid") {
            options.client_uid = static_cast<unsigned>(
                ECLUSE_TRY(number(name, value, std::numeric_limits<unsigned>::max() - 1))
            );
        } else if (name == "--warn-bytes") {
            options.warn_bytes = ECLUSE_TRY(number(name, value, bytes_max));
        } else if (name == "--refuse-bytes") {
            options.refuse_bytes = ECLUSE_TRY(number(name, value, bytes_max));
        } else if (name == "--end-bytes") {
            options.end_bytes = ECLUSE_TRY(number(name, value, bytes_max));
        } else if (name == "--reserve-bytes") {
            options.reserve_bytes = ECLUSE_TRY(number(name, value, bytes_max));
        } else {
            return Error{Errc::malformed, std::string{name} + ": unknown option"};
        }
    }
    if (options.warn_bytes < options.refuse_bytes || options.refuse_bytes < options.end_bytes)
        return Error{Errc::malformed, "thresholds: warn >= refuse >= end is required"};
    return options;
}

} // namespace ecluse::recorder
