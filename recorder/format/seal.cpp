#include "recorder/format/seal.h"

#include "common/json.h"
#include "recorder/format/header.h"

namespace ecluse::recording {
namespace {

std::uint64_t count(Fields& fields, std::string_view name)
{
    return static_cast<std::uint64_t>(fields.number(name, 0));
}

std::string digest(Fields& fields, std::string_view name)
{
    auto text = fields.text(name, 64);
    if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
        fields.fault(name, "not a SHA-256");
    return text;
}

template <class Item, class Read>
Result<std::vector<Item>> list(json::array const& array, Read read)
{
    std::vector<Item> items;
    for (auto const& value : array) {
        if (!value.is_object()) return Error{Errc::malformed, "seal: a list holds no object"};
        Fields fields{value.get_object()};
        items.push_back(read(fields));
        ECLUSE_TRY(fields.finish());
    }
    return items;
}

Result<Torn> parse_torn(json::object const& object)
{
    Fields fields{object};
    Torn torn{
        .record_bytes = count(fields, "record_bytes"),
        .record_sha256 = digest(fields, "record_sha256"),
        .chain_bytes = count(fields, "chain_bytes"),
        .chain_sha256 = digest(fields, "chain_sha256"),
    };
    ECLUSE_TRY(fields.finish());
    return torn;
}

Result<SealedText> parse_text(json::object const& object)
{
    Fields fields{object};
    SealedText text{.bytes = count(fields, "bytes"), .sha256 = digest(fields, "sha256")};
    ECLUSE_TRY(fields.finish());
    return text;
}

} // namespace

void Continuity::add(std::uint64_t segment, std::uint64_t mono_ms, std::uint64_t utc_ms)
{
    auto const passed = mono_ms - mono_ms_;
    if (passed > gap_min_ms) {
        ++gaps_total;
        if (gaps.size() < listed_max) gaps.push_back({segment, passed});
    }
    auto const jump = static_cast<std::int64_t>(utc_ms - utc_ms_ - passed);
    if (jump > static_cast<std::int64_t>(clock_jump_min_ms) ||
        jump < -static_cast<std::int64_t>(clock_jump_min_ms)) {
        ++clock_jumps_total;
        if (clock_jumps.size() < listed_max) clock_jumps.push_back({segment, jump});
    }
    mono_ms_ = mono_ms;
    utc_ms_ = utc_ms;
}

std::string to_bytes(Seal const& seal)
{
    json::array gaps;
    for (auto const& gap : seal.gaps)
        gaps.push_back(json::object{
            {"before_segment", gap.before_segment}, {"silence_ms", gap.silence_ms}});
    json::array jumps;
    for (auto const& jump : seal.clock_jumps)
        jumps.push_back(json::object{{"at_segment", jump.at_segment}, {"jump_ms", jump.jump_ms}});
    json::object object{
        {"format", seal_format},
        {"session", seal.session},
        {"header_sha256", seal.header_sha256},
        {"segments", seal.segments},
        {"record_bytes", seal.record_bytes},
        {"chain_bytes", seal.chain_bytes},
        {"last_link", seal.last_link},
        {"end_reason", seal.end_reason},
        {"interrupted", seal.interrupted},
        {"first_mono_ms", seal.first_mono_ms},
        {"last_mono_ms", seal.last_mono_ms},
        {"sealed_utc_ms", seal.sealed_utc_ms},
        {"gaps_total", seal.gaps_total},
        {"gaps", std::move(gaps)},
        {"clock_jumps_total", seal.clock_jumps_total},
        {"clock_jumps", std::move(jumps)}};
    if (seal.torn)
        object["torn"] = json::object{
            {"record_bytes", seal.torn->record_bytes},
            {"record_sha256", seal.torn->record_sha256},
            {"chain_bytes", seal.torn->chain_bytes},
            {"chain_sha256", seal.torn->chain_sha256}};
    if (seal.text)
        object["text"] = json::object{{"bytes", seal.text->bytes}, {"sha256", seal.text->sha256}};
    return json::serialize(object) + "\n";
}

Result<Seal> parse_seal(std::string_view bytes)
{
    if (bytes.size() > seal_bytes_max) return Error{Errc::too_large, "seal: too large"};
    auto const object = ECLUSE_TRY(parse_object(bytes));
    Fields fields{object};
    if (fields.text("format", 64) != seal_format) fields.fault("format", "unknown");
    Seal seal;
    seal.session = fields.text("session", 64);
    seal.header_sha256 = digest(fields, "header_sha256");
    seal.segments = count(fields, "segments");
    seal.record_bytes = count(fields, "record_bytes");
    seal.chain_bytes = count(fields, "chain_bytes");
    seal.last_link = digest(fields, "last_link");
    seal.end_reason = fields.text("end_reason", 40);
    seal.interrupted = fields.flag("interrupted");
    seal.first_mono_ms = count(fields, "first_mono_ms");
    seal.last_mono_ms = count(fields, "last_mono_ms");
    seal.sealed_utc_ms = count(fields, "sealed_utc_ms");
    seal.gaps_total = count(fields, "gaps_total");
    auto const gaps = fields.array("gaps", listed_max);
    seal.clock_jumps_total = count(fields, "clock_jumps_total");
    auto const jumps = fields.array("clock_jumps", listed_max);
    auto const torn = fields.optional_object("torn");
    auto const text = fields.optional_object("text");
    if (text && seal.interrupted) fields.fault("text", "of an interrupted recording");
    if (!is_session_id(seal.session)) fields.fault("session", "not a session id");
    if (!is_end_reason(seal.end_reason)) fields.fault("end_reason", "not a word");
    ECLUSE_TRY(fields.finish());
    seal.gaps = ECLUSE_TRY(list<Gap>(gaps, [](Fields& item) {
        return Gap{count(item, "before_segment"), count(item, "silence_ms")};
    }));
    seal.clock_jumps = ECLUSE_TRY(list<ClockJump>(jumps, [](Fields& item) {
        return ClockJump{count(item, "at_segment"), item.number("jump_ms")};
    }));
    if (torn) seal.torn = ECLUSE_TRY(parse_torn(*torn));
    if (text) seal.text = ECLUSE_TRY(parse_text(*text));
    // Written in one way only: a seal that means the same but reads otherwise is not a seal.
    if (to_bytes(seal) != bytes) return Error{Errc::malformed, "seal: not as written"};
    return seal;
}

bool is_end_reason(std::string_view text)
{
    return !text.empty() && text.size() <= 40 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

} // namespace ecluse::recording
