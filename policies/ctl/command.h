#pragma once

#include "policies/ctl/exit.h"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// One table says what may be typed: parsing, help and completion all read it.
namespace ecluse::ctl {

class Ctl;

enum class Kind {
    text,
    number,
    flag,
    list,   // repeated, or separated by commas
    moment, // hour of Paris, "now", or "+2h" from now; travels as UTC
    day,    // "2026-12-31": its first second in Paris
    file,   // its contents travel, at most 48 KiB
    secret, // --NAME-file F, --NAME-stdin, or asked without echo; never an argument
    path,   // stays here
};

struct Option {
    std::string_view name; // "opens", or an argument in its place
    Kind kind = Kind::text;
    bool required = false;
    bool positional = false;
    std::string_view values = {}; // closed list "a|b|c"

    /// The request's field: dashes as underscores.
    [[nodiscard]] std::string field() const;
};

struct Command;
/// `fields` holds every typed option; `path` options stay out of the request.
using Run = Exit (*)(Ctl& ctl, Command const& command, boost::json::object fields);

struct Command {
    std::string_view object;
    std::string_view verb = {};    // empty: one word is enough ("doctor")
    std::string_view request = {}; // what policyd is asked; empty when `run` decides
    std::vector<Option> options = {};
    std::string_view example = {};              // after "eclusectl "
    std::vector<std::string_view> columns = {}; // of a list answer, in order
    bool signs = false;                         // password and code are asked again
    Run run = nullptr;                          // absent: ask, then show the answer

    /// "ctl.window.approve", below which its texts are.
    [[nodiscard]] std::string key() const;
    [[nodiscard]] std::string words() const;
};

/// Every command, in the order of the help.
[[nodiscard]] std::span<Command const> commands();
[[nodiscard]] Command const* find_command(std::string_view object, std::string_view verb);

// One file per group of objects; each appends its rows.
void add_people_commands(std::vector<Command>& to);
void add_place_commands(std::vector<Command>& to); // vendors, sources, assets
void add_window_commands(std::vector<Command>& to);
void add_rdp_commands(std::vector<Command>& to); // tickets, the door's certificate
void add_report_commands(std::vector<Command>& to);
void add_evidence_commands(std::vector<Command>& to);
void add_system_commands(std::vector<Command>& to);

} // namespace ecluse::ctl
