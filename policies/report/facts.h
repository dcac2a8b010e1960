#pragma once

#include "common/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The half of an intervention report that nobody types: read from the journal, never edited. The
/// document is specified in docs/formats/report.md; a field here is a field there.
namespace ecluse::report {

/// 200 sessions with thousands of transfers stay under a tenth of this.
constexpr std::size_t facts_bytes_max = 16 * 1024 * 1024;

/// What the hospital validated beforehand (Clausier 2024 O-12.2.5.1).
struct Procedure {
    std::optional<std::string> reference, tools, functions_kept, safeguards;
    std::optional<std::string> update_origin, update_sha256, rollback_plan;
};

struct Override {
    std::string rule, reason, by;
    UtcTime at;
};

struct Extension {
    UtcTime from, to;
    std::string reason, by;
    UtcTime at;
};

struct WindowFacts {
    std::string id;
    UtcTime start, end;
    bool emergency = false;
    std::string nature, reason;
    std::optional<std::string> ticket;
    std::optional<bool> service_interruption, health_data_possible;
    std::optional<Procedure> procedure;
    std::vector<std::string> functions;
    std::string requested_by;
    UtcTime requested_at;
    std::string approved_by;
    UtcTime approved_at;
    std::optional<UtcTime> opened_at;
    std::optional<std::string> opened_by;
    std::optional<UtcTime> closed_at;
    std::optional<std::string> closed_by, close_reason;
    std::vector<Override> overrides;
    std::vector<Extension> extensions;
};

struct Vendor {
    std::string name;
    std::optional<std::string> contract;
    std::optional<std::string> parent; // the company that answers for a subcontractor
};

struct Person {
    std::string name, login;
    std::optional<std::string> company;
    std::vector<std::string> sources, factors;
};

struct Asset {
    std::string id, name;
};

struct Presence {
    std::string name;
    UtcTime from;
    std::optional<UtcTime> until;
};

struct Escort {
    std::string name; // named, or else the first who was there
    std::optional<UtcTime> told_at;
    std::optional<bool> required; // no session began without one; absent in facts of before
    std::optional<std::vector<Presence>> presences;
};

struct Command {
    UtcTime at;
    std::string text;
    std::optional<std::int64_t> exit;
};

struct Transfer {
    std::optional<UtcTime> at;
    std::string name, direction; // "up": towards the target, "down": away from it
    std::int64_t bytes = 0;
    std::optional<std::string> sha256;
    bool complete = true;
    std::string scan; // "clean", "infected", "refused", "unavailable", "not_scanned"
};

struct Alert {
    UtcTime at;
    std::string what, detail;
};

struct Cut {
    UtcTime at;
    std::string by, reason;
};

struct Session {
    std::string id, person, asset, account, protocol, source;
    std::optional<std::string> client; // "browser": the portal's own terminal
    UtcTime started;
    std::optional<UtcTime> ended;
    std::optional<std::string> end_reason;
    std::vector<Command> commands;
    std::int64_t commands_omitted = 0; // the recording holds them all
    std::vector<Transfer> transfers;
    std::int64_t transfers_omitted = 0;
    std::vector<Alert> alerts;
    std::int64_t alerts_omitted = 0;
    std::vector<Cut> cuts;
};

struct RefusalFacts {
    std::string reference;
    UtcTime at;
    std::string code, address;
    std::optional<std::string> login, detail;
};

struct RecordingFacts {
    std::string session, state; // "open", "sealed", "interrupted", "failed", "purged"
    std::optional<std::string> header_sha256, last_link, seal_sha256;
    std::int64_t segments = 0;
    std::vector<std::string> gaps;
};

struct JournalPosition {
    std::int64_t first_sequence = 0, last_sequence = 0;
    std::string link;
};

struct DecisionFacts {
    std::string what; // "signed", "accepted", "returned"
    std::string person;
    UtcTime at;
    std::vector<std::string> factors;
    std::optional<std::string> comment;
};

struct Facts {
    std::string report;
    std::int64_t version = 1;
    std::string site;
    UtcTime generated_at;
    std::optional<UtcTime> due_at;
    WindowFacts window;
    Vendor vendor;
    std::vector<Person> people;
    std::vector<Asset> assets;
    std::optional<Escort> escort;
    std::vector<Session> sessions;
    std::vector<RefusalFacts> refusals;
    std::vector<RecordingFacts> recordings;
    JournalPosition journal;
    std::vector<DecisionFacts> decisions;
};

/// Strict: a missing, unknown or misshapen field is an error that names it.
[[nodiscard]] Result<Facts> parse_facts(std::string_view text);
/// One line, fields in the documented order, absent ones left out: the same facts give the same
/// bytes, so that a hash of them means something.
[[nodiscard]] std::string canonical_facts(Facts const& facts);
/// Whether somebody signed the version these facts describe; otherwise it is a draft.
[[nodiscard]] bool is_signed(Facts const& facts);

} // namespace ecluse::report
