#include "recorder/format/purge.h"

#include "common/json.h"
#include "recorder/format/header.h"

namespace ecluse::recording {
namespace {

std::string digest(Fields& fields, std::string_view name)
{
    auto text = fields.text(name, 64);
    if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
        fields.fault(name, "not a SHA-256");
    return text;
}

UtcTime instant(Fields& fields, std::string_view name)
{
    auto const at = parse_iso(fields.text(name, 20));
    if (!at) fields.fault(name, "not an instant");
    return at ? *at : UtcTime{};
}

std::string to_bytes(PurgeCertificate const& certificate)
{
    json::object const object{
        {"format", purge_format},
        {"session", certificate.session},
        {"header_sha256", certificate.header_sha256},
        {"seal_sha256", certificate.seal_sha256},
        {"ended", to_iso(certificate.ended)},
        {"kept_days", certificate.kept_days},
        {"purged", to_iso(certificate.purged)}};
    return json::serialize(object) + "\n";
}

} // namespace

Result<PurgeCertificate> parse_purge(std::string_view bytes)
{
    if (bytes.size() > purge_bytes_max || bytes.empty() || bytes.back() != '\n')
        return Error{Errc::malformed, "purge certificate: not one line"};
    auto const object = ECLUSE_TRY(parse_object(bytes.substr(0, bytes.size() - 1)));
    Fields fields{object};
    auto const format = fields.text("format", 32);
    if (format != purge_format) fields.fault("format", "unknown");
    PurgeCertificate certificate{
        .session = fields.text("session", 64),
        .header_sha256 = digest(fields, "header_sha256"),
        .seal_sha256 = digest(fields, "seal_sha256"),
        .ended = instant(fields, "ended"),
        .kept_days = fields.number("kept_days", 1),
        .purged = instant(fields, "purged")};
    ECLUSE_TRY(fields.finish());
    if (!is_session_id(certificate.session))
        return Error{Errc::malformed, "purge certificate: not a session"};
    if (certificate.purged < certificate.ended + std::chrono::days{certificate.kept_days})
        return Error{Errc::refused, "purge certificate: before its term"};
    if (to_bytes(certificate) != bytes)
        return Error{Errc::malformed, "purge certificate: another spelling"};
    return certificate;
}

} // namespace ecluse::recording
