#include "policies/ctl/ctl.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/prompt.h"
#include "policies/ctl/show.h"
#include "policies/policyd/paths.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse::ctl {
namespace {

/// Password hashing waits its turn behind others; a report may have to be drawn.
constexpr std::chrono::seconds answer_limit{60};
constexpr std::size_t token_bytes_max = 1024;

Exit exit_of(std::string_view code)
{
    if (code == "E-INC-01") return Exit::not_found;
    if (code.starts_with("E-SYS")) return Exit::failed;
    if (code.starts_with("E-INT")) return Exit::integrity;
    return Exit::refused;
}

Result<> make_folder(std::string const& path)
{
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return os_error("create " + path);
}

std::string text_of(json::object const& object, std::string_view field)
{
    auto const* value = object.if_contains(field);
    return value && value->is_string() ? std::string{std::string_view{value->get_string()}} : "";
}

/// What policyd writes holds typed values: they stay text here. Its own line ends stay too, because
/// a list of faults is read line by line.
std::string shown(std::string_view text)
{
    constexpr std::size_t chars_max = 8192;
    std::string lines;
    for (;;) {
        auto const end = text.find('\n');
        lines += printable(text.substr(0, end), chars_max);
        if (end == std::string_view::npos) return lines;
        lines += '\n';
        text.remove_prefix(end + 1);
    }
}

} // namespace

Ctl::Ctl(Globals globals, Typed typed) : globals_{std::move(globals)}, typed_{std::move(typed)} {}
Ctl::~Ctl() = default;

std::string Ctl::value(std::string_view option) const
{
    auto const found = typed_.values.find(option);
    return found == typed_.values.end() ? std::string{} : found->second.back();
}

bool Ctl::has(std::string_view option) const
{
    return typed_.values.find(option) != typed_.values.end();
}

void Ctl::say(TextKey key, TextHoles holes) const
{
    say(text(language(), key, holes));
}

void Ctl::say(std::string_view line) const
{
    if (!json()) fmt::print("{}\n", line);
}

Exit Ctl::tell(std::string_view code, std::string_view what, std::string_view remedy, Exit exit)
{
    exit_ = exit;
    if (json()) {
        json::object error{{"code", code}, {"text", what}, {"remedy", remedy}};
        fmt::print("{}\n", json::serialize(json::object{{"ok", false}, {"error", error}}));
        return exit;
    }
    std::fflush(stdout);
    fmt::print(
        stderr, "eclusectl: {}{}\n", code.empty() ? "" : std::string{code} + " – ", shown(what)
    );
    if (!remedy.empty()) fmt::print(stderr, "  → {}\n", shown(remedy));
    return exit;
}

Exit Ctl::fail(Exit exit, TextKey key, TextHoles holes, std::optional<TextKey> remedy)
{
    return tell(
        "", text(language(), key, holes), remedy ? text(language(), *remedy, holes) : "", exit
    );
}

Exit Ctl::fail(Error const& error)
{
    auto const exit = error.code == Errc::corrupt     ? Exit::integrity
                      : error.code == Errc::not_found ? Exit::not_found
                                                      : Exit::failed;
    auto const what = printable(error.what, 1024);
    return fail(exit, TextKey::ctl_error_technical, {{"what", what}});
}

bool Ctl::connect()
{
    if (socket_) return true;
    auto const path = policyd::Paths::under(globals_.root).operator_socket;
    auto socket = PacketSocket::connect(path);
    if (!socket) {
        fail(
            Exit::unreachable,
            TextKey::ctl_error_unreachable,
            {{"path", path}, {"why", socket.error().what}},
            TextKey::ctl_error_unreachable_remedy
        );
        return false;
    }
    socket_ = std::move(*socket);
    return ask("operator.hello", {{"version", ECLUSE_VERSION}, {"language", to_code(language())}}
    ).has_value();
}

std::optional<Answered>
Ctl::ask(std::string_view request, json::object fields, std::vector<int> const& descriptors)
{
    if (request != "operator.hello" && !connect()) return std::nullopt;
    auto const id = next_id_++;
    fields["do"] = request;
    fields["id"] = id;
    if (request != "operator.hello" && request != "login") {
        if (auto const who = login()) {
            auto const folder = token_folder();
            if (folder)
                if (auto token = read_file(*folder + "/" + *who, token_bytes_max))
                    fields["token"] = *token;
        }
    }
    auto const lost = [&](std::string const& why) {
        socket_ = {};
        fail(
            Exit::unreachable,
            TextKey::ctl_error_lost,
            {{"why", why}},
            TextKey::ctl_error_unreachable_remedy
        );
        return std::nullopt;
    };
    if (auto const sent = socket_.send(fields, descriptors); !sent) return lost(sent.error().what);
    auto packet = socket_.receive(answer_limit);
    if (!packet) return lost(packet.error().what);
    if (!*packet) return lost("closed");
    auto answer = parse_object((*packet)->json);
    if (!answer) return lost(answer.error().what);
    auto const* ok = answer->if_contains("ok");
    if (!ok || !ok->is_bool() || !ok->get_bool()) {
        auto const* error = answer->if_contains("error");
        auto const object = error && error->is_object() ? error->get_object() : json::object{};
        auto const code = text_of(object, "code");
        tell(code, text_of(object, "text"), text_of(object, "remedy"), exit_of(code));
        return std::nullopt;
    }
    answer->erase("re");
    answer->erase("ok");
    Answered answered{std::move(*answer), std::move((*packet)->descriptors)};
    if (auto const whole = unfold(answered); !whole) return lost(whole.error().what);
    exit_ = Exit::ok;
    return answered;
}

std::optional<Secret> Ctl::secret(std::string_view name, TextKey prompt, bool twice)
{
    auto const from_file = std::string{name} + "-file";
    auto const from_stdin = std::string{name} + "-stdin";
    Result<Secret> read = Secret{};
    if (has(from_file)) {
        read = read_secret(value(from_file));
    } else if (has(from_stdin)) {
        read = read_secret("-");
    } else {
        read = ask_terminal(text(language(), prompt), false);
        if (read && twice) {
            auto const again = ask_terminal(text(language(), TextKey::ctl_prompt_again), false);
            if (!again || !equal_in_constant_time(again->reveal(), read->reveal())) {
                fail(Exit::usage, TextKey::ctl_error_different);
                return std::nullopt;
            }
        }
    }
    if (!read) {
        fail(
            Exit::usage,
            TextKey::ctl_error_secret,
            {{"name", name}, {"why", read.error().what}},
            TextKey::ctl_error_secret_remedy
        );
        return std::nullopt;
    }
    return std::move(*read);
}

std::optional<std::string> Ctl::code(TextKey prompt)
{
    if (has("code")) return value("code");
    auto const typed = ask_terminal(text(language(), prompt), true);
    if (typed) return std::string{typed->reveal()};
    fail(
        Exit::usage,
        TextKey::ctl_error_secret,
        {{"name", "code"}, {"why", typed.error().what}},
        TextKey::ctl_error_code_remedy
    );
    return std::nullopt;
}

bool Ctl::sign(json::object& fields)
{
    auto const password = secret("password", TextKey::ctl_prompt_password);
    if (!password) return false;
    auto const typed = code(TextKey::ctl_prompt_code);
    if (!typed) return false;
    fields["password"] = password->reveal();
    fields["code"] = *typed;
    return true;
}

Result<std::string> Ctl::token_folder() const
{
    std::string folder;
    if (!globals_.root.empty()) {
        folder = globals_.root + "/run/operator";
        ECLUSE_TRY(make_folder(globals_.root + "/run"));
    } else if (auto const* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && *runtime) {
        folder = std::string{runtime} + "/ecluse";
    } else if (auto const* home = std::getenv("HOME"); home && *home) {
        folder = std::string{home} + "/.ecluse";
    } else {
        return Error{Errc::not_found, "XDG_RUNTIME_DIR, HOME: neither is set"};
    }
    ECLUSE_TRY(make_folder(folder));
    return folder;
}

Result<> Ctl::keep_token(std::string_view login, std::string_view token) const
{
    auto const folder = ECLUSE_TRY(token_folder());
    return write_file_durably(folder + "/" + std::string{login}, token, 0600);
}

void Ctl::drop_token(std::string_view login) const
{
    if (auto const folder = token_folder()) ::unlink((*folder + "/" + std::string{login}).c_str());
}

std::optional<std::string> Ctl::login() const
{
    if (!globals_.as.empty()) {
        // It becomes a file name.
        if (globals_.as.find('/') != std::string::npos || globals_.as.starts_with('.'))
            return std::nullopt;
        return globals_.as;
    }
    auto const folder = token_folder();
    if (!folder) return std::nullopt;
    std::unique_ptr<DIR, int (*)(DIR*)> const listing{::opendir(folder->c_str()), &::closedir};
    if (!listing) return std::nullopt;
    std::optional<std::string> only;
    while (auto const* entry = ::readdir(listing.get())) {
        std::string_view const name{entry->d_name};
        if (name.starts_with('.') || name.find('.') == 0) continue;
        if (only) return std::nullopt; // two are connected: --as must choose
        only = std::string{name};
    }
    return only;
}

} // namespace ecluse::ctl
