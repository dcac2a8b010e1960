#include "recorder/format/header.h"

#include "common/bytes.h"
#include "common/json.h"

#include <algorithm>

namespace ecluse::recording {
namespace {

constexpr std::size_t recipients_max = 2;

bool is_hex(std::string_view text, std::size_t size)
{
    return text.size() == size &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<HeaderRecipient> parse_recipient(json::value const& value)
{
    if (!value.is_object()) return Error{Errc::malformed, "header: recipients"};
    Fields fields{value.get_object()};
    HeaderRecipient recipient{
        .name = fields.text("name", 16),
        .certificate_sha256 = fields.text("certificate_sha256", 64),
        .file = fields.text("file", 32),
        .sha256 = fields.text("sha256", 64),
    };
    if (recipient.name != "rssi" && recipient.name != "escrow") fields.fault("name", "unknown");
    if (recipient.file != "key-" + recipient.name + ".cms") fields.fault("file", "another name");
    if (!is_hex(recipient.certificate_sha256, 64)) fields.fault("certificate_sha256", "not hex");
    if (!is_hex(recipient.sha256, 64)) fields.fault("sha256", "not hex");
    ECLUSE_TRY(fields.finish());
    return recipient;
}

} // namespace

bool is_session_id(std::string_view text)
{
    return text.starts_with("S-") && text.size() > 2 && text.size() <= 42 &&
           std::all_of(text.begin() + 2, text.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
           });
}

std::string to_bytes(Header const& header, json::object const& facts)
{
    json::array recipients;
    for (auto const& recipient : header.recipients)
        recipients.push_back(json::object{
            {"name", recipient.name},
            {"certificate_sha256", recipient.certificate_sha256},
            {"file", recipient.file},
            {"sha256", recipient.sha256}});
    json::object object{
        {"format", header_format},
        {"session", header.session},
        {"created", header.created},
        {"mono_ms", header.mono_ms},
        {"recorder", header.recorder},
        {"session_key", to_base64(header.session_key)},
        {"key_id", header.key_id},
        {"key_commitment", header.key_commitment},
        {"recipients", std::move(recipients)}};
    if (header.evidence_certificate_sha256)
        object["evidence_certificate_sha256"] = *header.evidence_certificate_sha256;
    object["facts"] = facts;
    return json::serialize(object) + "\n";
}

Result<Header> parse_header(std::string_view bytes)
{
    if (bytes.size() > header_bytes_max) return Error{Errc::too_large, "header: too large"};
    auto const object = ECLUSE_TRY(parse_object(bytes));
    Fields fields{object};
    if (fields.text("format", 64) != header_format) fields.fault("format", "unknown");
    Header header;
    header.session = fields.text("session", 64);
    header.created = fields.text("created", 64);
    header.mono_ms = static_cast<std::uint64_t>(fields.number("mono_ms", 0));
    header.recorder = fields.text("recorder", 64);
    auto key = from_base64(fields.text("session_key", 4096));
    header.key_id = fields.text("key_id", 32);
    header.key_commitment = fields.text("key_commitment", 64);
    auto const recipients = fields.array("recipients", recipients_max);
    header.evidence_certificate_sha256 = fields.optional_text("evidence_certificate_sha256", 64);
    header.facts = json::serialize(fields.object("facts"));
    if (!is_session_id(header.session)) fields.fault("session", "not a session id");
    if (!key) fields.fault("session_key", "not base64");
    if (!is_hex(header.key_commitment, 64)) fields.fault("key_commitment", "not hex");
    if (header.key_id != header.key_commitment.substr(0, 32)) fields.fault("key_id", "wrong");
    if (recipients.empty()) fields.fault("recipients", "nobody");
    if (header.evidence_certificate_sha256 && !is_hex(*header.evidence_certificate_sha256, 64))
        fields.fault("evidence_certificate_sha256", "not hex");
    ECLUSE_TRY(fields.finish());
    header.session_key = *std::move(key);
    for (auto const& value : recipients)
        header.recipients.push_back(ECLUSE_TRY(parse_recipient(value)));
    return header;
}

} // namespace ecluse::recording
