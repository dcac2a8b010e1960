#include "gateway/rdp/words.h"

#include "common/json.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

constexpr std::size_t certificates_max = 16;
constexpr std::size_t digest_characters = 64;

Result<Target> read_target(json::object const& body)
{
    Fields fields{body};
    Target target;
    target.host = fields.text("host");
    target.port = fields.number("port", 1, 65535);
    target.user = fields.text("user");
    target.domain = fields.optional_text("domain").value_or("");
    auto password = fields.text("password");
    auto const security = fields.text("security", 16);
    if (security != "tls" && security != "nla") fields.fault("security", "is neither tls nor nla");
    target.nla = security == "nla";
    target.certificates = fields.texts("certificates", certificates_max, digest_characters);
    target.password = Secret{password};
    ECLUSE_TRY(fields.finish());
    // A target without a pinned certificate could be anybody.
    if (target.certificates.empty() ||
        std::any_of(target.certificates.begin(), target.certificates.end(), [](auto const& pin) {
            return pin.size() != digest_characters;
        }))
        return Error{Errc::malformed, "target: no certificate, or not a SHA-256"};
    return target;
}

} // namespace

bool Grant::allows(std::string_view function) const
{
    return std::find(functions.begin(), functions.end(), function) != functions.end();
}

Result<Settings> read_settings(json::object const& body)
{
    Fields fields{body};
    Settings settings;
    settings.connection = fields.text("connection");
    settings.source = fields.text("source");
    settings.site = fields.text("site");
    settings.phone = fields.text("phone");
    settings.portal = fields.text("portal");
    settings.auth_timeout_s = fields.number("auth_timeout_s", 1, 3600);
    settings.attempts_max = fields.number("attempts_max", 1, 100);
    settings.idle_s = fields.number("idle_s", 0, 7 * 24 * 3600);
    auto const minutes = fields.array("warn_minutes", 16);
    settings.stall_ms = fields.number("stall_ms", 10, 60'000);
    settings.frames_per_second = fields.number("frames_per_second", 1, 30);
    settings.clipboard_bytes_max = fields.number("clipboard_bytes_max", 0);
    settings.file_bytes_max = fields.number("file_bytes_max", 0);
    settings.keyboard_mask_rules = fields.flag("keyboard_mask_rules");
    ECLUSE_TRY(fields.finish());
    settings.warn_minutes = ECLUSE_TRY(gateway::read_warn_minutes(minutes));
    return settings;
}

Result<TicketOutcome> read_ticket_outcome(json::object const& body)
{
    TicketOutcome outcome;
    json::object rest = body;
    if (auto const* const accepted = body.if_contains("accepted");
        accepted && *accepted == json::value(true)) {
        Fields named{body};
        outcome.window = named.text("window");
        outcome.asset = named.text("asset");
        outcome.account = named.text("account");
        for (auto const* const name : {"window", "asset", "account"})
            rest.erase(name);
        if (outcome.window.empty() || outcome.asset.empty())
            return Error{Errc::malformed, "ticket: accepted for nothing"};
    }
    outcome.auth = ECLUSE_TRY(gateway::read_auth_outcome(rest));
    return outcome;
}

Result<Grant> read_grant(json::object const& body, std::vector<Fd> descriptors)
{
    Fields fields{body};
    Grant grant;
    grant.session = fields.text("session");
    grant.window = fields.text("window");
    grant.asset = fields.text("asset");
    grant.asset_name = fields.text("asset_name");
    grant.account = fields.text("account");
    grant.until = fields.text("until");
    grant.left_ms = fields.number("left_ms", 0, gateway::left_ms_max);
    grant.functions = fields.texts("functions");
    bool const first = fields.flag("first");
    grant.start_text = fields.text("start_text", gateway::frame_text_max);
    grant.paused = fields.flag("paused");
    auto const target = fields.object("target");
    ECLUSE_TRY(fields.finish());
    grant.target = ECLUSE_TRY(read_target(target));
    if (!first || descriptors.size() != 2)
        return Error{Errc::malformed, "grant: not a first one with two descriptors"};
    if (!grant.allows("desktop")) return Error{Errc::malformed, "grant: without a desktop"};
    grant.target_socket = std::move(descriptors[0]);
    grant.intake = std::move(descriptors[1]);
    return grant;
}

} // namespace ecluse::rdp
