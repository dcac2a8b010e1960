#pragma once

#include "policies/policyd/reply.h"
#include "policies/store/scope.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What may be asked on a socket: one table per role, and nothing outside the table exists.
namespace ecluse::policyd {

/// Who asks. On machine roles (listener, worker) only `address` says anything.
struct Caller {
    std::string person; // "P-…"; empty before login
    std::string login;
    std::string name;               // "Jeanne Martin"
    std::vector<std::string> roles; // "dsi", "rssi", …; dated roles past their term are not here
    Language language = Language::french;
    unsigned uid = 0;
    std::string address = "local";
    std::string door = "cli";      // "cli", "portal", "console"
    std::string origin;            // of a browser's page, "https://portal.example"
    std::string token_sha256;      // of this login; empty before
    std::string api_token;         // "J-…" when automation acts for this person
    bool read_only = false;        // of that token
    bool password_too_old = false; // nothing but its change, before anything else
    std::string factors;           // "password+totp" when this very request was signed, else empty
    /// What this request may show, when only a limited auditor's role opens it (HDS:EXI-18).
    std::optional<store::Scope> scope = std::nullopt;

    [[nodiscard]] bool has_role(std::string_view role) const;
};

struct Request {
    std::string name;
    std::int64_t id = 0;
    boost::json::object
        fields; // without "do", "id", "token", and a signed act's "password" and "code"
    std::vector<Fd> descriptors;
};

/// Who may ask a request of the operator's table.
enum class Access {
    anyone,    // before login
    logged_in, // any active person with a valid token
    roles,     // a person holding one of `roles`
};

struct RequestRow {
    using Handler = std::function<Reply(Caller const&, Request&, Answer const&)>;

    Handler handler;
    Access access = Access::roles; // absent means nobody: an empty `roles` admits no one
    std::vector<std::string> roles = {};
    /// The request carries `password` and `code`, judged before the handler runs (in the pool,
    /// throttled); `caller.factors` then says so. For acts that sign.
    bool signs = false;
    bool with_old_password = false; // also for whoever must change it first
    /// Its handler keeps to `caller.scope`; a limited auditor may ask nothing else.
    bool limited_auditor = false;
    bool once = false;                       // a second one on the same connection is a violation
    bool answered = true;                    // false: a notice, its `id` may be absent
    std::function<bool()> allowed = nullptr; // the order of a machine role; false is a violation
};

class RequestTable {
public:
    /// A name added twice is a bug and stops the process.
    void add(std::string name, RequestRow row);
    [[nodiscard]] RequestRow const* find(std::string_view name) const;
    /// For documentation and tests.
    [[nodiscard]] std::map<std::string, RequestRow, std::less<>> const& rows() const
    {
        return rows_;
    }

private:
    std::map<std::string, RequestRow, std::less<>> rows_;
};

} // namespace ecluse::policyd
