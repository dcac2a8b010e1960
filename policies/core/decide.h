#pragma once

#include "common/address.h"
#include "common/time.h"
#include "policies/core/ids.h"
#include "policies/core/refusal.h"
#include "policies/core/roles.h"
#include "policies/core/window_rules.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The one decision that every door asks: shell, exec, sftp, scp, RDP, a second channel, a
/// reconnection, and the dry run of `eclusectl explain`. CLAUSIER:O-12.2.5.3.
namespace ecluse {

enum class Protocol { ssh, rdp };
/// "ssh": in the tables, the requests and the journal, where it also names the door.
[[nodiscard]] std::string_view to_code(Protocol protocol);
[[nodiscard]] std::optional<Protocol> parse_protocol(std::string_view code);
/// `menu` opens nothing: it asks whether there is anything to show. `sftp` may go either way; the
/// permissions granted with it say which transfers pass.
enum class Function { menu, shell, exec, sftp, sftp_up, sftp_down, desktop };

/// Everything off unless granted.
struct Permissions {
    bool shell = false;
    bool exec = false;
    bool file_up = false;       // from vendor to target, by whatever way
    bool file_down = false;     // from target to vendor
    bool desktop = false;       // without it, nothing else of RDP
    bool clipboard_in = false;  // text, from vendor to target
    bool clipboard_out = false; // text, from target to vendor
    bool sound = false;         // from target to vendor
    [[nodiscard]] bool allow(Function function) const;
    friend bool operator==(Permissions const&, Permissions const&) = default;
};

/// A function of a window by its word, the same in the tables, the requests and the texts, and the
/// doors where it means something.
struct FunctionWord {
    std::string_view word;
    bool Permissions::*permission;
    bool ssh = false;
    bool rdp = false;
    [[nodiscard]] bool is_of(Protocol protocol) const
    {
        return protocol == Protocol::ssh ? ssh : rdp;
    }
};
inline constexpr std::array function_words{
    FunctionWord{"shell", &Permissions::shell, true, false},
    FunctionWord{"exec", &Permissions::exec, true, false},
    FunctionWord{"file_up", &Permissions::file_up, true, true},
    FunctionWord{"file_down", &Permissions::file_down, true, true},
    FunctionWord{"desktop", &Permissions::desktop, false, true},
    FunctionWord{"clipboard_in", &Permissions::clipboard_in, false, true},
    FunctionWord{"clipboard_out", &Permissions::clipboard_out, false, true},
    FunctionWord{"sound", &Permissions::sound, false, true}};
/// Nothing for a word that is no function.
[[nodiscard]] FunctionWord const* find_function(std::string_view word);

struct Request {
    PersonId person;
    SourceAddress from;
    Protocol protocol = Protocol::ssh;
    Function function = Function::menu;
    std::optional<AssetId> asset = {};       // absent: the window's only one
    std::optional<std::string> account = {}; // absent: the asset's first
    std::optional<WindowId> window = {};     // absent: the best for this asset
    /// The session that this connection already holds: another channel of it, or its renewed
    /// judgement. It is not counted against the limits; a report that falls due, a charter that is
    /// replaced or a password that grows too old meanwhile stops the next session, not this one.
    std::optional<SessionId> session = {};
};

enum class PersonState { invited, active, suspended, blocked, archived };
enum class VendorState { active, suspended, archived };
[[nodiscard]] std::string_view to_code(PersonState state);
[[nodiscard]] std::optional<PersonState> parse_person_state(std::string_view code);
[[nodiscard]] std::string_view to_code(VendorState state);
[[nodiscard]] std::optional<VendorState> parse_vendor_state(std::string_view code);

/// What this connection proved. Two of one kind are one factor.
struct FactorsVerified {
    bool knowledge = false;         // password
    bool possession = false;        // ssh key, TOTP, recovery code, security key
    bool second_possession = false; // another device: key, then TOTP
    [[nodiscard]] bool two_distinct() const
    {
        return possession && (knowledge || second_possession);
    }
};

struct DeclaredRange {
    AddressRange range;
    UtcTime from;
    std::optional<UtcTime> until = {}; // half-open
};

struct HeldRole {
    Role role;
    std::optional<UtcTime> until = {}; // half-open
};

struct Contract {
    UtcTime from;
    std::optional<UtcTime> until = {}; // half-open
    std::vector<AssetId> assets = {};
};

struct AssetFacts {
    AssetId id;
    Protocol protocol = Protocol::ssh;
    bool active = false;
    std::vector<std::string> accounts = {}; // that vendors may use, the usual one first
};

struct WindowFacts {
    WindowId id;
    WindowTimes times = {};
    Permissions permissions = {};
    std::vector<PersonId> people = {};
    std::vector<AssetId> assets = {};
    bool report_lifted = false; // an emergency for which the DSI lifted E-CR-01, in writing
    bool escort_required = false;
    bool escort_present = false; // somebody of the hospital says so now
};

struct LiveSession {
    SessionId id;
    PersonId person;
    WindowId window;
    AssetId asset;
    SourceAddress from;
};

/// WEB:AA8. Defaults of the requirement; the administrator may widen them.
struct SessionLimits {
    unsigned per_window_asset = 1;
    unsigned per_person = 3;
};

/// Everything that decide() may know. An empty list admits nobody.
struct Facts {
    FactorsVerified factors;
    PersonState person = PersonState::invited;
    std::vector<HeldRole> roles = {};
    std::optional<UtcTime> password_renew_by = {}; // of the one in use; passwords.h: renew_by()
    bool identity_verified = false;
    bool charter_accepted = false; // the version in force
    bool clock_trusted = false;
    /// Nothing outside remembers more of the journal than we do, or the RSSI answers for it.
    bool state_current = false;
    VendorState vendor = VendorState::suspended;
    std::optional<Contract> contract = {};
    std::vector<DeclaredRange> declared = {};    // of this person's vendor
    std::vector<ReportId> blocking_reports = {}; // report_rules.h: blocks()
    std::vector<WindowFacts> windows = {};
    std::vector<AssetFacts> assets = {};    // those of the windows, and the one asked for
    std::vector<LiveSession> sessions = {}; // of this person and in these windows
    SessionLimits limits;
    bool recorder_available = false;
};

struct Granted {
    WindowId window;
    std::optional<AssetId> asset = {}; // absent for the menu
    std::string account;
    /// The first of: the end of the window, the contract, the declaration, the technician's role.
    UtcTime until;
    Permissions permissions;
    bool emergency = false;
    friend bool operator==(Granted const&, Granted const&) = default;
};

/// A refusal with what its sentences need.
struct Denied {
    Refusal refusal = Refusal::no_window;
    std::optional<WindowId> window = {}; // the one that was judged
    std::optional<UtcTime> start = {};   // E-FEN-02
    std::optional<UtcTime> end = {};     // E-FEN-03
    std::optional<UtcTime> next = {};    // next opening for this person, whatever the refusal
    std::optional<ReportId> report = {}; // E-CR-01
    std::optional<SourceAddress> elsewhere = {}; // E-SES-01
    friend bool operator==(Denied const& denied, Refusal expected)
    {
        return denied.refusal == expected;
    }
};

using Decision = std::variant<Granted, Denied>;

/// Whether this request may become a session at `now`. Reads nothing else.
[[nodiscard]] Decision decide(Request const& request, Facts const& facts, UtcTime now);

/// Every reason against it, in the order in which decide() would find them; empty when granted.
[[nodiscard]] std::vector<Denied> explain(Request const& request, Facts const& facts, UtcTime now);

/// What the menu lists: each open window and asset that the person could enter now.
struct MenuEntry {
    WindowId window;
    AssetId asset;
    std::vector<std::string> accounts = {};
    Permissions permissions;
    UtcTime until;
};
[[nodiscard]] std::vector<MenuEntry>
menu_entries(Request const& request, Facts const& facts, UtcTime now);

} // namespace ecluse
