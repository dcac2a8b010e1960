#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/core/code_text.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"
#include "policies/policyd/paths.h"

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

namespace ecluse::ctl {
namespace {

enum class Health { good, warning, bad };

/// One line of the examination: what was looked at, how it is, and what to do about it.
struct Finding {
    Health health;
    std::string what;
    std::string remedy;
};

/// Gathers findings; each check asks one question.
class Examination {
public:
    explicit Examination(Ctl& ctl) : ctl_{ctl} {}

    void good(TextKey what, TextHoles holes = {}) { add(Health::good, what, holes, std::nullopt); }
    void warn(TextKey what, TextHoles holes, TextKey remedy)
    {
        add(Health::warning, what, holes, remedy);
    }
    void bad(TextKey what, TextHoles holes, TextKey remedy)
    {
        add(Health::bad, what, holes, remedy);
    }

    [[nodiscard]] std::vector<Finding> const& findings() const { return findings_; }
    [[nodiscard]] Health worst() const
    {
        auto worst = Health::good;
        for (auto const& finding : findings_)
            worst = std::max(worst, finding.health);
        return worst;
    }

private:
    void add(Health health, TextKey what, TextHoles holes, std::optional<TextKey> remedy)
    {
        auto const language = ctl_.language();
        findings_.push_back(
            {health, text(language, what, holes), remedy ? text(language, *remedy, holes) : ""}
        );
    }

    Ctl& ctl_;
    std::vector<Finding> findings_;
};

constexpr std::uint64_t free_bytes_min = 2ULL * 1024 * 1024 * 1024;
/// Half a second of estimated error shifts the edge of a window; TOTP suffers at thirty.
constexpr long clock_error_us_max = 500'000;

void check_secret_file(Examination& examination, std::string const& path)
{
    struct stat seen {};
    if (::stat(path.c_str(), &seen) != 0)
        return examination.bad(
            TextKey::doctor_file_missing, {{"path", path}}, TextKey::doctor_file_missing_remedy
        );
    if ((seen.st_mode & 077U) != 0)
        return examination.bad(
            TextKey::doctor_file_open, {{"path", path}}, TextKey::doctor_file_open_remedy
        );
    examination.good(TextKey::doctor_file_good, {{"path", path}});
}

void check_public_file(Examination& examination, std::string const& path)
{
    if (::access(path.c_str(), R_OK) == 0)
        return examination.good(TextKey::doctor_file_good, {{"path", path}});
    examination.bad(
        TextKey::doctor_file_missing, {{"path", path}}, TextKey::doctor_file_missing_remedy
    );
}

/// Private keys of the RSSI and of escrow belong off this machine (LISEZ-MOI.txt of the set-up).
void check_handed_over(Examination& examination, std::string const& root)
{
    auto const folder = root.empty() ? std::string{"/root/ecluse-remise"} : root + "/remise";
    for (auto const* const name : {"/rssi.p12", "/escrow.p12"}) {
        auto const path = folder + name;
        if (::access(path.c_str(), F_OK) == 0)
            examination.warn(
                TextKey::doctor_key_here, {{"path", path}}, TextKey::doctor_key_here_remedy
            );
    }
}

void check_disk(Examination& examination, std::string const& folder)
{
    struct statvfs seen {};
    if (::statvfs(folder.c_str(), &seen) != 0)
        return examination.bad(
            TextKey::doctor_file_missing, {{"path", folder}}, TextKey::doctor_file_missing_remedy
        );
    auto const free = static_cast<std::uint64_t>(seen.f_bavail) * seen.f_frsize;
    auto const gib = fmt::format("{:.1f}", static_cast<double>(free) / (1024.0 * 1024 * 1024));
    TextHoles const holes{{"path", folder}, {"gib", gib}};
    if (free < free_bytes_min)
        return examination.warn(TextKey::doctor_disk_low, holes, TextKey::doctor_disk_low_remedy);
    examination.good(TextKey::doctor_disk_good, holes);
}

void check_clock(Examination& examination)
{
    timex clock{};
    int const state = ::adjtimex(&clock);
    if (state == TIME_ERROR || (clock.status & STA_UNSYNC) != 0 ||
        clock.esterror > clock_error_us_max)
        return examination.warn(
            TextKey::doctor_clock_alone, {}, TextKey::doctor_clock_alone_remedy
        );
    examination.good(TextKey::doctor_clock_good);
}

std::int64_t number_of(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

std::string text_of(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

/// A number that should be zero.
void check_count(
    Examination& examination,
    json::object const& status,
    std::string_view name,
    Health when_not,
    TextKey what,
    TextKey remedy
)
{
    auto const count = number_of(status, name);
    if (count == 0) return;
    auto const shown = std::to_string(count);
    if (when_not == Health::bad)
        examination.bad(what, {{"count", shown}}, remedy);
    else
        examination.warn(what, {{"count", shown}}, remedy);
}

/// Who outside knows the journal's head; nothing to say where no folder is set.
void check_witness(Examination& examination, json::object const& status)
{
    auto const* const witness = status.if_contains("witness");
    if (!witness || !witness->is_object()) return;
    auto const state = text_of(witness->get_object(), "state");
    auto const why = text_of(witness->get_object(), "why");
    TextHoles const holes{{"why", why}};
    if (state == "rolled_back")
        examination.bad(
            TextKey::doctor_rolled_back,
            {{"head", printable(text_of(witness->get_object(), "remembered"))}},
            TextKey::doctor_rolled_back_remedy
        );
    else if (state == "lost")
        examination.bad(TextKey::doctor_witness_lost, holes, TextKey::doctor_witness_lost_remedy);
    else if (state == "unreachable")
        examination.bad(
            TextKey::doctor_witness_unreachable, holes, TextKey::doctor_witness_unreachable_remedy
        );
    else if (state == "good")
        examination.good(TextKey::doctor_witness_good);
}

/// An hour, day or minute says enough.
std::string span_text(std::int64_t seconds)
{
    if (seconds >= 2 * 86400) return fmt::format("{} j", seconds / 86400);
    if (seconds >= 2 * 3600) return fmt::format("{} h", seconds / 3600);
    if (seconds >= 120) return fmt::format("{} min", seconds / 60);
    return fmt::format("{} s", seconds);
}

/// The queue of the timestamp authority; nothing to say where none is set.
void check_timestamps(Ctl& ctl, Examination& examination, json::object const& status)
{
    auto const* const value = status.if_contains("timestamps");
    if (!value || !value->is_object()) return;
    auto const& queue = value->get_object();
    auto const* const configured = queue.if_contains("configured");
    auto const waiting = number_of(queue, "waiting");
    if ((!configured || !configured->is_bool() || !configured->get_bool()) && waiting == 0) return;
    auto const code = text_of(queue, "code");
    if (code.empty() && waiting == 0) return examination.good(TextKey::doctor_timestamps_good);
    auto const sentence = code.empty()
                              ? std::string{}
                              : text(ctl.language(), text_for_code("timestamp", code, "reason"));
    auto const count = std::to_string(waiting);
    auto const oldest = span_text(number_of(queue, "oldest_s"));
    auto const why = code.empty() ? std::string{"-"} : code + ", " + sentence;
    TextHoles const holes{{"count", count}, {"oldest", oldest}, {"why", why}};
    examination.warn(
        TextKey::doctor_timestamps_waiting, holes, TextKey::doctor_timestamps_waiting_remedy
    );
}

void check_service(Ctl& ctl, Examination& examination)
{
    auto const answer = ctl.ask("system.status", {});
    if (!answer)
        return examination.bad(
            TextKey::doctor_policyd_silent, {}, TextKey::doctor_policyd_silent_remedy
        );
    auto const& status = answer->fields;
    examination.good(TextKey::doctor_policyd_good, {{"version", text_of(status, "version")}});
    auto const recorder = text_of(status, "recorder");
    if (recorder == "ok")
        examination.good(TextKey::doctor_recorder_good);
    else if (recorder == "warn")
        examination.warn(TextKey::doctor_recorder_low, {}, TextKey::doctor_disk_low_remedy);
    else
        examination.bad(
            TextKey::doctor_recorder_refuses,
            {{"state", recorder}},
            TextKey::doctor_recorder_refuses_remedy
        );
    if (number_of(status, "declared_ranges") == 0)
        examination.warn(TextKey::doctor_no_source, {}, TextKey::doctor_no_source_remedy);
    if (number_of(status, "charter") == 0)
        examination.warn(TextKey::doctor_no_charter, {}, TextKey::doctor_no_charter_remedy);
    check_count(
        examination,
        status,
        "clock_ahead_s",
        Health::bad,
        TextKey::doctor_clock_ahead,
        TextKey::doctor_clock_ahead_remedy
    );
    check_witness(examination, status);
    check_timestamps(ctl, examination, status);
    check_count(
        examination,
        status,
        "late_reports",
        Health::warning,
        TextKey::doctor_late_reports,
        TextKey::doctor_late_reports_remedy
    );
    check_count(
        examination,
        status,
        "unsealed_recordings",
        Health::bad,
        TextKey::doctor_unsealed,
        TextKey::doctor_unsealed_remedy
    );
    check_count(
        examination,
        status,
        "failed_recordings",
        Health::warning,
        TextKey::doctor_failed,
        TextKey::doctor_failed_remedy
    );
    check_count(
        examination,
        status,
        "contracts_ending",
        Health::warning,
        TextKey::doctor_contracts,
        TextKey::doctor_contracts_remedy
    );
}

void check_certificate(Ctl& ctl, Examination& examination)
{
    auto answer = ctl.ask("rdp_certificate.show", {});
    if (!answer || !unfold(*answer)) return;
    auto const& certificate = answer->fields;
    auto const is = [&](char const* field) {
        auto const* const value = certificate.if_contains(field);
        return value && value->is_bool() && value->get_bool();
    };
    auto const days = std::to_string(number_of(certificate, "days"));
    TextHoles const holes{{"days", days}};
    if (number_of(certificate, "days") <= 0)
        examination.bad(
            TextKey::doctor_certificate_over, holes, TextKey::doctor_certificate_over_remedy
        );
    else if (is("ends_soon"))
        examination.warn(
            TextKey::doctor_certificate_soon, holes, TextKey::doctor_certificate_over_remedy
        );
    else
        examination.good(TextKey::doctor_certificate_good, holes);
    if (!is("covers_names"))
        examination.warn(
            TextKey::doctor_certificate_names, {}, TextKey::doctor_certificate_names_remedy
        );
}

void check_targets(Ctl& ctl, Examination& examination)
{
    auto answer = ctl.ask("system.targets", {});
    if (!answer || !unfold(*answer)) return;
    auto const* const rows = answer->fields.if_contains("rows");
    if (!rows || !rows->is_array()) return;
    for (auto const& row : rows->get_array()) {
        if (!row.is_object()) continue;
        auto const& target = row.get_object();
        auto const name = printable(text_of(target, "asset"));
        auto const why = printable(text_of(target, "why"));
        auto const is = [&](char const* field) {
            auto const* const value = target.if_contains(field);
            return value && value->is_bool() && value->get_bool();
        };
        if (!is("pinned"))
            examination.warn(
                TextKey::doctor_unpinned, {{"asset", name}}, TextKey::doctor_unpinned_remedy
            );
        if (is("reachable"))
            examination.good(TextKey::doctor_reachable, {{"asset", name}});
        else
            examination.warn(
                TextKey::doctor_unreachable,
                {{"asset", name}, {"why", why}},
                TextKey::doctor_unreachable_remedy
            );
    }
}

char const* mark(Health health)
{
    switch (health) {
    case Health::good:
        return "✓";
    case Health::warning:
        return "!";
    case Health::bad:
        return "✗";
    }
    return "?";
}

char const* word(Health health)
{
    switch (health) {
    case Health::good:
        return "good";
    case Health::warning:
        return "warning";
    case Health::bad:
        return "bad";
    }
    return "?";
}

Exit report(Ctl& ctl, Examination const& examination)
{
    if (ctl.json()) {
        json::array lines;
        for (auto const& finding : examination.findings())
            lines.push_back(json::object{
                {"health", word(finding.health)},
                {"what", finding.what},
                {"remedy", finding.remedy}});
        fmt::print("{}\n", json::serialize(json::object{{"findings", std::move(lines)}}));
    }
    for (auto const& finding : examination.findings()) {
        ctl.say(fmt::format("{} {}", mark(finding.health), finding.what));
        if (!finding.remedy.empty()) ctl.say("    → " + finding.remedy);
    }
    switch (examination.worst()) {
    case Health::good:
        return Exit::ok;
    case Health::warning:
        return Exit::warnings;
    case Health::bad:
        return Exit::failed;
    }
    return Exit::failed;
}

} // namespace

Exit run_doctor(Ctl& ctl, Command const&, json::object)
{
    auto const paths = policyd::Paths::under(ctl.globals().root);
    Examination examination{ctl};
    check_public_file(examination, paths.config);
    check_secret_file(examination, paths.master_key);
    check_public_file(examination, paths.rssi);
    check_public_file(examination, paths.escrow);
    check_handed_over(examination, ctl.globals().root);
    check_disk(examination, paths.database.substr(0, paths.database.rfind('/')));
    check_clock(examination);
    check_service(ctl, examination);
    check_certificate(ctl, examination);
    check_targets(ctl, examination);
    return report(ctl, examination);
}

} // namespace ecluse::ctl
