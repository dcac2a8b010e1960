#include "policies/config/config_bindings.h"

#include "common/address.h"
#include "policies/config/http_url.h"
#include "policies/core/calendar.h"

#include <algorithm>
#include <numeric>

namespace ecluse {
namespace {

using Set = std::function<std::optional<std::string>(ConfigValue const&)>;

template <typename T> ConfigAccess bound_to(T& target, Set set)
{
    return {std::move(set), [&target] { return ConfigValue{target}; }};
}

constexpr std::size_t text_bytes_max = 2048;
constexpr std::size_t list_max = 64;

ConfigAccess number(std::int64_t& target, std::int64_t min, std::int64_t max)
{
    return bound_to(
        target,
        [&target, min, max](ConfigValue const& value) -> std::optional<std::string> {
            auto const* const given = std::get_if<std::int64_t>(&value);
            if (!given || *given < min || *given > max)
                return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
            target = *given;
            return std::nullopt;
        }
    );
}

ConfigAccess flag(bool& target)
{
    return bound_to(target, [&target](ConfigValue const& value) -> std::optional<std::string> {
        auto const* const given = std::get_if<bool>(&value);
        if (!given) return "true or false";
        target = *given;
        return std::nullopt;
    });
}

bool is_printable_text(std::string_view text)
{
    return !text.empty() && text.size() <= text_bytes_max &&
           std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20;
           });
}

ConfigAccess text(std::string& target)
{
    return bound_to(target, [&target](ConfigValue const& value) -> std::optional<std::string> {
        auto const* const given = std::get_if<std::string>(&value);
        if (!given || !is_printable_text(*given)) return "a text without control characters";
        target = *given;
        return std::nullopt;
    });
}

/// Absolute, so that it does not depend on where the service starts; empty is none.
ConfigAccess path(std::string& target)
{
    return bound_to(target, [&target](ConfigValue const& value) -> std::optional<std::string> {
        auto const* const given = std::get_if<std::string>(&value);
        bool const good =
            given && (given->empty() || (given->front() == '/' && is_printable_text(*given)));
        if (!good) return "an absolute path, or an empty text";
        target = *given;
        return std::nullopt;
    });
}

ConfigAccess http_url(std::string& target)
{
    return bound_to(target, [&target](ConfigValue const& value) -> std::optional<std::string> {
        auto const* const given = std::get_if<std::string>(&value);
        if (!given || (!given->empty() && !parse_http_url(*given)))
            return "an address such as \"https://horodatage.example/tsr\", or an empty text";
        target = *given;
        return std::nullopt;
    });
}

/// Dotted numbers, or nothing.
ConfigAccess object_identifier(std::string& target)
{
    return bound_to(target, [&target](ConfigValue const& value) -> std::optional<std::string> {
        auto const* const given = std::get_if<std::string>(&value);
        bool const good = given && given->size() <= 128 &&
                          given->find_first_not_of("0123456789.") == std::string::npos;
        if (!good) return "an object identifier such as \"1.3.6.1.4.1.13762.3\", or an empty text";
        target = *given;
        return std::nullopt;
    });
}

/// An SSH identification or algorithm list: visible ASCII without spaces.
bool is_ssh_word(std::string_view text)
{
    return !text.empty() && text.size() <= text_bytes_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

ConfigAccess ssh_word(std::string& target)
{
    return bound_to(target, [&target](ConfigValue const& value) -> std::optional<std::string> {
        auto const* const given = std::get_if<std::string>(&value);
        if (!given || !is_ssh_word(*given)) return "visible ASCII characters without spaces";
        target = *given;
        return std::nullopt;
    });
}

ConfigAccess one_of(std::string& target, std::vector<std::string> allowed)
{
    return bound_to(
        target,
        [&target,
         allowed = std::move(allowed)](ConfigValue const& value) -> std::optional<std::string> {
            auto const* const given = std::get_if<std::string>(&value);
            if (given && std::find(allowed.begin(), allowed.end(), *given) != allowed.end()) {
                target = *given;
                return std::nullopt;
            }
            std::string expected = "one of";
            for (auto const& word : allowed)
                expected += " \"" + word + "\"";
            return expected;
        }
    );
}

ConfigAccess words(
    std::vector<std::string>& target,
    std::function<bool(std::string const&)> good,
    std::string expected
)
{
    return bound_to(
        target,
        [&target, good = std::move(good), expected = std::move(expected)](ConfigValue const& value
        ) -> std::optional<std::string> {
            auto const* const given = std::get_if<std::vector<std::string>>(&value);
            if (!given || given->size() > list_max ||
                !std::all_of(given->begin(), given->end(), good))
                return expected;
            target = *given;
            return std::nullopt;
        }
    );
}

/// "LANG", "LC_*".
bool is_env_name(std::string const& name)
{
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '*';
    }) && name.front() != '*';
}

ConfigAccess weekly_hours(std::string& target)
{
    return bound_to(target, [&target](ConfigValue const& value) -> std::optional<std::string> {
        auto const* const given = std::get_if<std::string>(&value);
        if (!given || given->size() > text_bytes_max || !parse_weekly_hours(*given))
            return "hours such as \"mon-fri 08:00-18:00\"";
        target = *given;
        return std::nullopt;
    });
}

ConfigAccess minutes(std::vector<std::int64_t>& target)
{
    return bound_to(target, [&target](ConfigValue const& value) -> std::optional<std::string> {
        auto const* const given = std::get_if<std::vector<std::int64_t>>(&value);
        bool const good = given && given->size() <= 8 &&
                          std::all_of(given->begin(), given->end(), [](auto minute) {
                              return minute >= 1 && minute <= 120;
                          });
        if (!good) return "at most 8 whole numbers from 1 to 120";
        target = *given;
        std::sort(target.rbegin(), target.rend());
        return std::nullopt;
    });
}

/// A name or an address that a certificate and an .rdp file may hold.
bool is_host_name(std::string const& name)
{
    return !name.empty() && name.size() <= 253 && name.front() != '-' && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == ':';
           });
}

void bind_door(std::vector<ConfigBinding>& all, std::string const& door, Config::Door& limits)
{
    all.push_back({door + ".per_source_max", number(limits.per_source_max, 1, 1000)});
    all.push_back({door + ".connections_max", number(limits.connections_max, 1, 4000)});
    all.push_back({door + ".answer_undeclared", flag(limits.answer_undeclared)});
    all.push_back({door + ".auth_timeout_s", number(limits.auth_timeout_s, 10, 300)});
    all.push_back({door + ".attempts_max", number(limits.attempts_max, 1, 10)});
    all.push_back({door + ".idle_minutes", number(limits.idle_minutes, 1, 120)});
    all.push_back({door + ".connect_timeout_s", number(limits.connect_timeout_s, 1, 10)});
}

void bind_ssh(std::vector<ConfigBinding>& all, Config::Ssh& ssh)
{
    bind_door(all, "ssh", ssh);
    all.push_back({"ssh.kex", ssh_word(ssh.kex)});
    all.push_back({"ssh.ciphers", ssh_word(ssh.ciphers)});
    all.push_back({"ssh.macs", ssh_word(ssh.macs)});
    all.push_back({"ssh.host_keys", ssh_word(ssh.host_keys)});
    all.push_back({"ssh.user_keys", ssh_word(ssh.user_keys)});
    all.push_back({"ssh.version_string", ssh_word(ssh.version_string)});
    all.push_back({"ssh.first_channel_s", number(ssh.first_channel_s, 5, 600)});
    all.push_back({"ssh.channels_max", number(ssh.channels_max, 1, 64)});
    all.push_back({"ssh.command_bytes_max", number(ssh.command_bytes_max, 1024, 512 * 1024)});
    all.push_back(
        {"ssh.env_allow", words(ssh.env_allow, is_env_name, "names such as \"LANG\" or \"LC_*\"")}
    );
    all.push_back({"ssh.rekey_bytes", number(ssh.rekey_bytes, 64 * 1024, std::int64_t{64} << 30)});
    all.push_back({"ssh.rekey_s", number(ssh.rekey_s, 30, 86400)});
}

void bind_rdp(std::vector<ConfigBinding>& all, Config::Rdp& rdp)
{
    bind_door(all, "rdp", rdp);
    all.push_back({"rdp.names", words(rdp.names, is_host_name, "names or addresses of this door")});
    all.push_back({"rdp.port", number(rdp.port, 1, 65535)});
    // Fewer pictures would not show what was done; more cost cores and prove nothing further.
    all.push_back({"rdp.frames_per_second", number(rdp.frames_per_second, 1, 15)});
    all.push_back({"rdp.clipboard_bytes_max", number(rdp.clipboard_bytes_max, 1024, 8 << 20)});
    all.push_back({"rdp.file_bytes_max", number(rdp.file_bytes_max, 1024, std::int64_t{64} << 30)});
    all.push_back({"rdp.keyboard_mask_rules", flag(rdp.keyboard_mask_rules)});
    all.push_back({"rdp.ticket_s", number(rdp.ticket_s, 10, 300)});
}

void bind_web(std::vector<ConfigBinding>& all, std::string const& door, Config::Web& web)
{
    all.push_back(
        {door + ".names", words(web.names, is_host_name, "names or addresses of this door")}
    );
    all.push_back({door + ".per_source_max", number(web.per_source_max, 1, 10000)}
    ); // behind a proxy all share its address
    all.push_back({door + ".connections_max", number(web.connections_max, 1, 8000)});
    all.push_back({door + ".idle_minutes", number(web.idle_minutes, 1, 120)});
    auto const is_address = [](std::string const& text) {
        return SourceAddress::parse(text).has_value();
    };
    all.push_back(
        {door + ".proxies", words(web.proxies, is_address, "addresses of reverse proxies")}
    );
}

} // namespace

std::vector<ConfigBinding> bind_config(Config& config)
{
    std::vector<ConfigBinding> all;
    all.push_back({"site.name", text(config.site.name)});
    all.push_back({"site.phone", text(config.site.phone)});
    all.push_back({"site.portal", text(config.site.portal)});
    all.push_back({"site.language", one_of(config.site.language, {"fr", "en"})});
    bind_ssh(all, config.ssh);
    bind_rdp(all, config.rdp);
    bind_web(all, "portal", config.portal);
    all.push_back({"portal.from", one_of(config.portal.from, {"declared", "any"})});
    bind_web(all, "console", config.console);
    all.push_back({"console.allow_public", flag(config.console.allow_public)});
    all.push_back({"windows.max_hours", number(config.windows.max_hours, 1, 24 * 14)});
    all.push_back({"windows.emergency_max_hours", number(config.windows.emergency_max_hours, 1, 24)}
    );
    all.push_back({"windows.extension_max_hours", number(config.windows.extension_max_hours, 1, 24)}
    );
    all.push_back({"windows.warn_minutes", minutes(config.windows.warn_minutes)});
    all.push_back({"windows.open", one_of(config.windows.open, {"auto", "manual"})});
    all.push_back({"report.working_hours", weekly_hours(config.report.working_hours)});
    all.push_back(
        {"report.holidays", one_of(config.report.holidays, {"none", "france", "alsace_moselle"})}
    );
    all.push_back(
        {"report.blocking",
         one_of(config.report.blocking, {"never", "until_submitted", "until_accepted"})}
    );
    // Floors are the reference texts': CHM 5.2 and 5.3, CLAUSIER:O-6.3.
    all.push_back({"passwords.length_min", number(config.passwords.length_min, 12, 128)});
    all.push_back({"passwords.composition", flag(config.passwords.composition)});
    all.push_back({"passwords.history", number(config.passwords.history, 1, 24)});
    all.push_back({"passwords.renew_days", number(config.passwords.renew_days, 0, 730)});
    all.push_back({"passwords.invitation_hours", number(config.passwords.invitation_hours, 1, 168)}
    );
    // Ceilings are the reference texts': WEB:GA4, CHM:2.6.
    all.push_back({"accounts.dormant_days", number(config.accounts.dormant_days, 30, 365)});
    all.push_back({"accounts.review_months", number(config.accounts.review_months, 1, 6)});
    all.push_back({"accounts.review_grace_days", number(config.accounts.review_grace_days, 3, 60)});
    all.push_back({"audits.every_months", number(config.audits.every_months, 1, 12)});
    all.push_back({"recording.stall_ms", number(config.recording.stall_ms, 100, 1000)});
    all.push_back(
        {"recording.exec_budget_bytes",
         number(config.recording.exec_budget_bytes, 0, std::int64_t{64} << 30)}
    );
    all.push_back({"recording.retention_days", number(config.recording.retention_days, 90, 3650)});
    all.push_back({"recording.journal_days", number(config.recording.journal_days, 549, 3650)});
    all.push_back({"witness.folder", path(config.witness.folder)});
    all.push_back({"witness.syslog", path(config.witness.syslog)});
    all.push_back({"timestamp.url", http_url(config.timestamp.url)});
    all.push_back({"timestamp.ca", path(config.timestamp.ca)});
    all.push_back({"timestamp.tls_ca", path(config.timestamp.tls_ca)});
    all.push_back({"timestamp.policy", object_identifier(config.timestamp.policy)});
    all.push_back({"timestamp.timeout_s", number(config.timestamp.timeout_s, 1, 60)});
    return all;
}

std::string to_text(ConfigValue const& value)
{
    auto const joined = [](auto const& list, auto const& word) {
        std::string all;
        for (auto const& one : list)
            all += (all.empty() ? "" : ", ") + word(one);
        return all;
    };
    if (auto const* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
    if (auto const* on = std::get_if<bool>(&value)) return *on ? "true" : "false";
    if (auto const* one = std::get_if<std::string>(&value)) return *one;
    if (auto const* numbers = std::get_if<std::vector<std::int64_t>>(&value))
        return joined(*numbers, [](std::int64_t one) { return std::to_string(one); });
    return joined(std::get<std::vector<std::string>>(value), [](std::string const& one) {
        return one;
    });
}

std::string_view closest(std::string_view word, std::vector<std::string_view> const& known)
{
    std::string_view best;
    std::size_t best_distance = static_cast<std::size_t>(-1);
    for (auto const candidate : known) {
        // Levenshtein, one row at a time.
        std::vector<std::size_t> row(candidate.size() + 1);
        std::iota(row.begin(), row.end(), std::size_t{0});
        for (std::size_t i = 1; i <= word.size(); ++i) {
            auto diagonal = std::exchange(row[0], i);
            for (std::size_t j = 1; j <= candidate.size(); ++j) {
                auto const substituted = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
                diagonal =
                    std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
            }
        }
        if (row.back() < best_distance) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

} // namespace ecluse
