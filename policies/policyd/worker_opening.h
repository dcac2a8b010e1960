#pragma once

#include "policies/core/decide.h"
#include "policies/policyd/dial.h"
#include "policies/policyd/worker_role.h"

#include <optional>
#include <string>
#include <vector>

namespace ecluse::policyd {

/// An `open`, as asked.
struct OpenRequest {
    std::int64_t channel = 0;
    std::optional<std::string> asset = {}, account = {}, window = {};
    std::string kind = {}, command = {};
    Function function = Function::shell;
};

/// How the session reaches its target: read once, when it is granted.
struct TargetFacts {
    std::string id, name, host, user;
    std::uint16_t port = 0;
    std::vector<std::string> host_keys;    // "ssh-ed25519 AAAA…", or "x509-sha256 <hexadecimal>"
    std::optional<std::string> algorithms; // JSON of the dated exception in force
    std::string security, domain;          // of RDP: "tls" | "nla", and where the account lives
    std::string account, method, secret_sealed;
    std::string approver;
};
[[nodiscard]] Result<TargetFacts> load_target(
    Context& context,
    std::string const& window,
    std::string const& asset,
    std::string const& account,
    UtcTime now
);

/// A first grant under way: decided, then recorded, then dialled; each step only after the one
/// before.
struct WorkerRole::Opening {
    OpenRequest asked;
    Answer answer;
    Granted granted;
    std::string company;
    TargetFacts target;
    Fd intake = {};
    std::shared_ptr<Dial> dial = {};
};

/// The header's facts (docs/formats/recording.md).
[[nodiscard]] boost::json::object recording_facts(
    Context& context,
    LiveSession const& session,
    Accepted const& person,
    TargetFacts const& target,
    std::string const& company,
    std::uint16_t source_port
);

[[nodiscard]] boost::json::object
granted_object(Context& context, LiveSession const& session, Permissions const& permissions);

} // namespace ecluse::policyd
