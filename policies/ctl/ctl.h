#pragma once

#include "common/packet.h"
#include "common/secret.h"
#include "common/text.h"
#include "policies/ctl/arguments.h"
#include "policies/ctl/exit.h"

#include <boost/json/fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ecluse::ctl {

/// Documents that come by descriptor; a larger one is a fault of ours.
constexpr std::size_t document_bytes_max = 64 * 1024 * 1024;

struct Answered; // show.h: the object and its descriptors

/// One run of eclusectl: what was typed, the connection to policyd, and the way to talk to the
/// person. Whatever goes wrong has been said when a function here returns nothing; `exit()` is then
/// the program's.
class Ctl {
public:
    Ctl(Globals globals, Typed typed);
    ~Ctl();
    Ctl(Ctl const&) = delete;
    Ctl& operator=(Ctl const&) = delete;

    [[nodiscard]] Globals const& globals() const { return globals_; }
    [[nodiscard]] Language language() const { return globals_.language; }
    [[nodiscard]] bool json() const { return globals_.json; }
    [[nodiscard]] Typed const& typed() const { return typed_; }
    /// The value of an option, or "" when absent.
    [[nodiscard]] std::string value(std::string_view option) const;
    [[nodiscard]] bool has(std::string_view option) const;

    /// Asks policyd; an object comes back, or nothing after the refusal was shown.
    [[nodiscard]] std::optional<Answered>
    ask(std::string_view request,
        boost::json::object fields,
        std::vector<int> const& descriptors = {});
    /// Adds `password` and `code`, asked or from files.
    [[nodiscard]] bool sign(boost::json::object& fields);
    /// From --NAME-file, --NAME-stdin, or asked without echo (twice when `twice`).
    [[nodiscard]] std::optional<Secret>
    secret(std::string_view name, TextKey prompt, bool twice = false);
    [[nodiscard]] std::optional<std::string> code(TextKey prompt);

    /// On standard output, unless --json.
    void say(TextKey key, TextHoles holes = {}) const;
    void say(std::string_view line) const;
    /// On standard error: what, why (both in the sentence) and what to do.
    Exit fail(Exit exit, TextKey key, TextHoles holes = {}, std::optional<TextKey> remedy = {});
    Exit fail(Error const& error);
    [[nodiscard]] Exit exit() const { return exit_; }

    /// The folder of tokens, created 0700.
    [[nodiscard]] Result<std::string> token_folder() const;
    Result<> keep_token(std::string_view login, std::string_view token) const;
    void drop_token(std::string_view login) const;
    /// The login chosen with --as, or the only one that is connected.
    [[nodiscard]] std::optional<std::string> login() const;

private:
    [[nodiscard]] bool connect();
    Exit tell(std::string_view code, std::string_view what, std::string_view remedy, Exit exit);

    Globals globals_;
    Typed typed_;
    PacketSocket socket_;
    std::int64_t next_id_ = 1;
    Exit exit_ = Exit::failed;
};

} // namespace ecluse::ctl
