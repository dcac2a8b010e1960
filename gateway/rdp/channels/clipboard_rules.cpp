#include "gateway/rdp/channels/clipboard_rules.h"

#include "common/bytes.h"
#include "common/json.h"
#include "gateway/rdp/channels/text.h"
#include "gateway/rdp/channels/wire.h"

#include <fmt/format.h>

#include <algorithm>

namespace ecluse::rdp {
namespace {

enum Type : std::uint16_t {
    monitor_ready = 1,
    format_list = 2,
    format_list_response = 3,
    format_data_request = 4,
    format_data_response = 5,
    temp_directory = 6,
    capabilities = 7,
    contents_request = 8,
    contents_response = 9,
    lock = 10,
    unlock = 11
};
constexpr std::uint16_t response_ok = 1;
constexpr std::uint16_t response_fail = 2;
constexpr std::uint16_t ascii_names = 4;

constexpr std::uint32_t long_names = 0x02;
/// Files as streams, without paths, larger than 4 GiB. Locking is left out: it keeps an older list
/// alive behind the newer one, and serves nothing but a copy during which somebody copies again.
constexpr std::uint32_t file_capabilities = 0x04 | 0x08 | 0x20;

constexpr std::uint32_t contents_size = 1;
constexpr std::uint32_t contents_range = 2;

constexpr std::size_t header_bytes = 8;
/// Some implementations pad their messages by four bytes that mean nothing; they end here.
constexpr std::size_t padding_max = 8;
/// Room for a file list and for the largest piece of a file that may be asked for.
constexpr std::size_t other_bytes_max = (16U << 20) + 1024;
/// A side asks for one format at a time, and for a few pieces of files.
constexpr std::size_t requests_max = 64;
/// So that a record frame (1 MiB) holds the part even when every byte of it is escaped in JSON.
constexpr std::size_t text_part_bytes = 128U * 1024;

std::string message(std::uint16_t type, std::uint16_t flags, std::string_view body)
{
    std::string bytes;
    bytes.reserve(header_bytes + body.size());
    put_u16(bytes, type);
    put_u16(bytes, flags);
    put_u32(bytes, static_cast<std::uint32_t>(body.size()));
    bytes += body;
    return bytes;
}

std::string refused_data()
{
    return message(format_data_response, response_fail, {});
}

std::string refused_contents(std::uint32_t stream)
{
    std::string body;
    put_u32(body, stream);
    return message(contents_response, response_fail, body);
}

std::string decode(FormatKind kind, std::string_view bytes)
{
    switch (kind) {
    case FormatKind::unicode_text:
        return utf8_from_utf16(bytes);
    case FormatKind::ansi_text:
        return utf8_from_ansi(bytes);
    case FormatKind::oem_text:
        return utf8_from_oem(bytes);
    case FormatKind::files:
    case FormatKind::other:
        return {};
    }
    return {};
}

/// The text once for the journal by its hash, and in full for the recording.
std::vector<Fact> clipboard_facts(Direction direction, FormatKind kind, std::string_view bytes)
{
    json::object const event{
        {"type", "clipboard"},
        {"direction", direction == Direction::to_target ? "in" : "out"},
        {"bytes", bytes.size()},
        {"sha256", to_hex(sha256(bytes))}};
    std::vector<Fact> facts{{json::serialize(event), {}}};
    auto const text = decode(kind, bytes);
    std::string_view left = text;
    // The terminator says nothing to a reader.
    while (!left.empty() && left.back() == '\0')
        left.remove_suffix(1);
    std::size_t const parts = left.size() / text_part_bytes + 1;
    std::size_t part = 1;
    do {
        auto cut = std::min(left.size(), text_part_bytes);
        // Never inside a character.
        while (cut < left.size() && (static_cast<unsigned char>(left[cut]) & 0xC0U) == 0x80U)
            --cut;
        auto recorded = event;
        if (parts > 1) recorded["part"] = part++;
        recorded["text"] = left.substr(0, cut);
        facts.push_back({{}, json::serialize(recorded)});
        left.remove_prefix(cut);
    } while (!left.empty());
    return facts;
}

} // namespace

ClipboardRules::ClipboardRules(Grants const& grants, Limits const& limits, Refusals& refusals)
    : limits_{limits}, refusals_{refusals}, in_{Direction::to_target,
                                                grants.clipboard_in,
                                                grants.file_up,
                                                limits},
      out_{Direction::to_vendor, grants.clipboard_out, grants.file_down, limits}
{
}

std::size_t ClipboardRules::kept_max() const
{
    return static_cast<std::size_t>(std::max<std::uint64_t>(
        other_bytes_max, std::min<std::uint64_t>(limits_.clipboard_bytes_max, 1U << 30) + 1024
    ));
}

std::string_view ClipboardRules::text_function(Direction direction) const
{
    return direction == Direction::to_target ? "clipboard_in" : "clipboard_out";
}

std::string_view ClipboardRules::files_function(Direction direction) const
{
    return direction == Direction::to_target ? "file_up" : "file_down";
}

NameSpelling ClipboardRules::spelling(std::uint16_t flags) const
{
    if (((in_.capabilities.value_or(0) & out_.capabilities.value_or(0)) & long_names) != 0)
        return NameSpelling::long_unicode;
    return (flags & ascii_names) != 0 ? NameSpelling::short_ascii : NameSpelling::short_unicode;
}

Outcome ClipboardRules::on_message(Message const& whole)
{
    Outcome out;
    WireReader reader{whole.bytes};
    Header header{.type = reader.u16(), .flags = reader.u16(), .body = {}, .body_bytes = 0};
    header.body_bytes = reader.u32();
    auto const after = whole.size - std::min<std::uint64_t>(header_bytes, whole.size);
    if (!reader.good() || header.body_bytes > after || after - header.body_bytes > padding_max) {
        out.fault = "clipboard: length";
        return out;
    }
    header.body = reader.rest().substr(0, static_cast<std::size_t>(header.body_bytes));
    // Only what we answer by a failure may be longer than what we keep.
    if (header.body.size() < header.body_bytes && header.type != format_data_response &&
        header.type != contents_response) {
        out.fault = "clipboard: too long";
        return out;
    }
    auto const from = opposite(whole.direction);
    switch (header.type) {
    case monitor_ready:
        if (whole.direction != Direction::to_vendor || !header.body.empty())
            out.fault = "clipboard: monitor ready";
        else
            out.send(whole.direction, message(monitor_ready, 0, {}));
        break;
    case temp_directory:
        // A folder of the vendor's machine, for a way of copying files that is not offered.
        break;
    case lock:
    case unlock:
        break;
    case capabilities:
        on_capabilities(from, header, out);
        break;
    case format_list:
        on_format_list(from, header, out);
        break;
    case format_list_response:
        on_list_response(from, header, out);
        break;
    case format_data_request:
        on_data_request(from, header, out);
        break;
    case format_data_response:
        on_data_response(from, header, out);
        break;
    case contents_request:
        on_contents_request(from, header, out);
        break;
    case contents_response:
        on_contents_response(from, header, out);
        break;
    default:
        out.fault = "clipboard: message type";
    }
    return out;
}

void ClipboardRules::on_capabilities(Direction from, Header const& header, Outcome& out)
{
    WireReader reader{header.body};
    auto const sets = reader.u16();
    reader.take(2);
    std::uint32_t version = 0;
    std::uint32_t flags = 0;
    for (unsigned i = 0; i < sets && reader.good(); ++i) {
        auto const type = reader.u16();
        auto const length = reader.u16();
        if (length < 4) {
            out.fault = "clipboard: capability length";
            return;
        }
        WireReader set{reader.take(length - 4U)};
        if (type != 1) continue; // only one kind exists
        version = set.u32();
        flags = set.u32();
        if (!set.good()) version = 0;
    }
    if (!reader.good() || version == 0) {
        out.fault = "clipboard: capabilities";
        return;
    }
    auto const allowed = long_names | (in_.files || out_.files ? file_capabilities : 0);
    auto const towards = opposite(from);
    flow(towards).capabilities = flags & allowed;
    std::string body;
    put_u16(body, 1);
    put_u16(body, 0);
    put_u16(body, 1);
    put_u16(body, 12);
    put_u32(body, std::min<std::uint32_t>(version, 2));
    put_u32(body, flags & allowed);
    out.send(towards, message(capabilities, 0, body));
}

void ClipboardRules::on_format_list(Direction from, Header const& header, Outcome& out)
{
    auto const towards = opposite(from);
    auto& to = flow(towards);
    auto const names = spelling(header.flags);
    auto const formats = parse_formats(header.body, names);
    if (!formats) {
        out.fault = "clipboard: format list";
        return;
    }
    bool has_text = false;
    bool has_files = false;
    to.offered.clear();
    for (auto const& format : *formats) {
        switch (format.kind) {
        case FormatKind::unicode_text:
        case FormatKind::ansi_text:
        case FormatKind::oem_text:
            has_text = true;
            if (to.text) to.offered.push_back(format);
            break;
        case FormatKind::files:
            has_files = true;
            if (to.files) to.offered.push_back(format);
            break;
        case FormatKind::other:
            break;
        }
    }
    // A new list makes the owner's files new as well.
    out.tell_all(to.contents.offer({}));
    ++to.list_number;
    if (has_text && !to.text) out.tell_all(refusals_.function(text_function(towards), "text"));
    if (has_files && !to.files)
        out.tell_all(refusals_.function(files_function(towards), "clipboard"));

    // The first list is part of the greeting. Later ones of a direction that is not granted would
    // do nothing but empty the other side's clipboard each time somebody copies: we answer them.
    if (!to.text && !to.files && to.list_forwarded) {
        out.send(from, message(format_list_response, response_ok, {}));
        return;
    }
    to.list_forwarded = true;
    if (++to.lists_unanswered > requests_max) {
        out.fault = "clipboard: format lists unanswered";
        return;
    }
    auto const flags = names == NameSpelling::short_ascii ? ascii_names : std::uint16_t{0};
    out.send(towards, message(format_list, flags, build_formats(to.offered, names)));
}

void ClipboardRules::on_list_response(Direction from, Header const& header, Outcome& out)
{
    auto& about = flow(from); // the list went to the side that answers now
    if (about.lists_unanswered == 0) return;
    --about.lists_unanswered;
    auto const flags = (header.flags & response_ok) != 0 ? response_ok : response_fail;
    out.send(opposite(from), message(format_list_response, flags, {}));
}

void ClipboardRules::answer_refused(Flow& flow, Outcome& out)
{
    while (!flow.data.empty() && flow.data.front().refused) {
        flow.data.pop_front();
        out.send(flow.direction, refused_data());
    }
}

void ClipboardRules::on_data_request(Direction from, Header const& header, Outcome& out)
{
    auto& wanted = flow(from); // data flows to the side that asks
    WireReader reader{header.body};
    auto const id = reader.u32();
    if (!reader.good() || !reader.empty()) {
        out.fault = "clipboard: data request";
        return;
    }
    if (wanted.data.size() >= requests_max) {
        out.fault = "clipboard: data requests unanswered";
        return;
    }
    auto const format =
        std::find_if(wanted.offered.begin(), wanted.offered.end(), [&](auto const& f) {
            return f.id == id;
        });
    bool const refused = format == wanted.offered.end();
    // Answers have no number: ours must wait for its turn.
    wanted.data.push_back({refused ? FormatKind::other : format->kind, refused});
    if (refused) {
        answer_refused(wanted, out);
        return;
    }
    std::string body;
    put_u32(body, id);
    out.send(opposite(from), message(format_data_request, 0, body));
}

void ClipboardRules::on_data_response(Direction from, Header const& header, Outcome& out)
{
    auto& about = flow(opposite(from));
    // Data that nobody asked for goes nowhere.
    if (about.data.empty()) return;
    auto const request = about.data.front();
    about.data.pop_front();
    auto answer = refused_data();
    if ((header.flags & response_ok) != 0) {
        answer = request.kind == FormatKind::files ? judge_file_list(about, header, out)
                                                   : judge_text(about, request.kind, header, out);
    }
    out.send(about.direction, std::move(answer));
    answer_refused(about, out);
}

std::string
ClipboardRules::judge_text(Flow& flow, FormatKind kind, Header const& header, Outcome& out)
{
    if (header.body_bytes > limits_.clipboard_bytes_max || header.body.size() < header.body_bytes) {
        out.facts.push_back(
            refused_act(text_function(flow.direction), fmt::format("{} bytes", header.body_bytes))
        );
        return refused_data();
    }
    out.tell_all(clipboard_facts(flow.direction, kind, header.body));
    return message(format_data_response, response_ok, header.body);
}

std::string ClipboardRules::judge_file_list(Flow& flow, Header const& header, Outcome& out)
{
    auto list = header.body.size() < header.body_bytes ? FileList{{}, FileListFault::too_many, {}}
                                                       : parse_file_list(header.body);
    if (list.fault) {
        switch (*list.fault) {
        case FileListFault::malformed:
            out.fault = "clipboard: file list";
            return {};
        case FileListFault::too_many:
            out.facts.push_back(
                refused_act(files_function(flow.direction), "clipboard: too many files")
            );
            break;
        case FileListFault::escaping_name:
            out.facts.push_back(refused_act(files_function(flow.direction), list.culprit));
            break;
        }
        return refused_data();
    }
    // Asked for again while its files are being copied: nothing changes for them.
    if (!same_files(list.files, flow.contents.offered())) {
        out.tell_all(flow.contents.offer(std::move(list.files)));
        ++flow.list_number;
    }
    return message(format_data_response, response_ok, header.body);
}

void ClipboardRules::on_contents_request(Direction from, Header const& header, Outcome& out)
{
    auto& wanted = flow(from);
    WireReader reader{header.body};
    ContentsRequest request{};
    request.stream = reader.u32();
    request.piece.index = reader.u32();
    auto const what = reader.u32();
    std::uint64_t const low = reader.u32();
    request.piece.offset = low | std::uint64_t{reader.u32()} << 32;
    request.piece.bytes = reader.u32();
    // A lock's number may follow; nobody was offered locks.
    bool const long_enough = reader.good() && (reader.empty() || reader.rest().size() == 4);
    if (!long_enough || (what != contents_size && what != contents_range)) {
        out.fault = "clipboard: contents request";
        return;
    }
    if (wanted.pieces.size() >= requests_max) {
        out.fault = "clipboard: contents requests unanswered";
        return;
    }
    request.size_only = what == contents_size;
    if (request.size_only) request.piece = {request.piece.index, 0, 8};
    request.list = wanted.list_number;
    auto verdict =
        wanted.files ? wanted.contents.may_ask(request.piece) : ClipboardFiles::Answer::refuse;
    // How large it is may be known, however large.
    if (request.size_only && verdict == ClipboardFiles::Answer::too_large)
        verdict = ClipboardFiles::Answer::pass;
    // Whoever reads until nothing comes asks once more; xrdp would call that a failure.
    if (verdict == ClipboardFiles::Answer::at_end) {
        std::string nothing;
        put_u32(nothing, request.stream);
        out.send(from, message(contents_response, response_ok, nothing));
        return;
    }
    if (verdict != ClipboardFiles::Answer::pass) {
        if (!wanted.files)
            out.tell_all(refusals_.function(files_function(wanted.direction), "clipboard"));
        else if (verdict == ClipboardFiles::Answer::too_large)
            out.facts.push_back(refused_act(
                files_function(wanted.direction), wanted.contents.name(request.piece.index)
            ));
        out.send(from, refused_contents(request.stream));
        return;
    }
    std::string body;
    put_u32(body, request.stream);
    put_u32(body, request.piece.index);
    put_u32(body, what);
    put_u64(body, request.piece.offset);
    put_u32(body, request.piece.bytes);
    wanted.pieces.push_back(request);
    out.send(opposite(from), message(contents_request, 0, body));
}

void ClipboardRules::on_contents_response(Direction from, Header const& header, Outcome& out)
{
    auto& about = flow(opposite(from));
    WireReader reader{header.body};
    auto const stream = reader.u32();
    if (!reader.good()) {
        // A failure without its number exists; whose it is cannot be known.
        if ((header.flags & response_ok) != 0) out.fault = "clipboard: contents response";
        return;
    }
    auto const found = std::find_if(about.pieces.begin(), about.pieces.end(), [&](auto const& p) {
        return p.stream == stream;
    });
    if (found == about.pieces.end()) return;
    auto const request = *found;
    about.pieces.erase(found);
    auto answer = refused_contents(stream);
    if ((header.flags & response_ok) != 0 && request.list == about.list_number)
        answer = judge_piece(about, request, header, out);
    out.send(about.direction, std::move(answer));
}

std::string ClipboardRules::judge_piece(
    Flow& flow, ContentsRequest const& request, Header const& header, Outcome& out
)
{
    auto const data = header.body.substr(4);
    auto const data_bytes = header.body_bytes - 4;
    if (data_bytes > request.piece.bytes || data.size() < data_bytes) {
        out.fault = "clipboard: more contents than asked for";
        return {};
    }
    if (request.size_only) {
        if (data_bytes != 8) {
            out.fault = "clipboard: contents size";
            return {};
        }
        flow.contents.learn_size(request.piece.index, WireReader{data}.u64());
        return message(contents_response, response_ok, header.body);
    }
    switch (flow.contents.receive(request.piece, data, out.facts)) {
    case ClipboardFiles::Answer::pass:
        return message(contents_response, response_ok, header.body);
    case ClipboardFiles::Answer::too_large:
        out.facts.push_back(
            refused_act(files_function(flow.direction), flow.contents.name(request.piece.index))
        );
        break;
    case ClipboardFiles::Answer::refuse:
    case ClipboardFiles::Answer::at_end:
        break;
    }
    return refused_contents(request.stream);
}

std::vector<Fact> ClipboardRules::conclude()
{
    auto facts = in_.contents.conclude();
    auto const more = out_.contents.conclude();
    facts.insert(facts.end(), more.begin(), more.end());
    return facts;
}

} // namespace ecluse::rdp
