#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/prompt.h"
#include "policies/ctl/run.h"
#include "policies/ctl/setup_keys.h"
#include "policies/ctl/show.h"
#include "policies/policyd/paths.h"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

namespace ecluse::ctl {
namespace {

/// A passphrase guards a file that may be stolen and attacked at leisure.
constexpr std::size_t passphrase_chars_min = 12;

bool exists(std::string const& path)
{
    struct stat seen {};
    return ::lstat(path.c_str(), &seen) == 0;
}

Result<> make_folders(std::string const& path)
{
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
        if (::mkdir(path.substr(0, at).c_str(), 0755) != 0 && errno != EEXIST)
            return os_error("create " + path.substr(0, at));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return os_error("create " + path);
    return {};
}

/// Certificates and settings are read by other accounts than the one that wrote them, whatever its
/// umask.
Result<> write_public(std::string const& path, std::string_view bytes)
{
    ECLUSE_TRY(write_file_durably(path, bytes, 0644));
    if (::chmod(path.c_str(), 0644) != 0) return os_error("chmod " + path);
    return {};
}

/// Everything between quotes in TOML; control characters cannot be typed in a site's name.
std::string toml_text(std::string_view words)
{
    std::string quoted = "\"";
    for (char const letter : words) {
        if (letter == '"' || letter == '\\') quoted += '\\';
        if (static_cast<unsigned char>(letter) >= 0x20) quoted += letter;
    }
    return quoted + "\"";
}

std::optional<std::string> answer_for(Ctl& ctl, std::string_view option, TextKey prompt)
{
    if (ctl.has(option)) return ctl.value(option);
    auto const typed = ask_terminal(text(ctl.language(), prompt), true);
    if (typed && !typed->empty()) return std::string{typed->reveal()};
    auto const shown = "--" + std::string{option};
    ctl.fail(Exit::usage, TextKey::ctl_usage_missing, {{"option", shown}, {"command", "setup"}});
    return std::nullopt;
}

struct Owner {
    std::string_view file;       // "rssi"
    std::string_view passphrase; // "rssi-passphrase"
    TextKey prompt;
    TextKey common_name;
};

Exit write_pair(
    Ctl& ctl,
    Owner const& owner,
    std::string const& site,
    std::string const& certificate_path,
    std::string const& folder
)
{
    auto const passphrase = ctl.secret(owner.passphrase, owner.prompt, true);
    if (!passphrase) return ctl.exit();
    if (width(passphrase->reveal()) < passphrase_chars_min)
        return ctl.fail(
            Exit::usage,
            TextKey::ctl_setup_passphrase_short,
            {{"count", std::to_string(passphrase_chars_min)}}
        );
    auto const pair =
        make_key_pair(text(ctl.language(), owner.common_name, {{"site", site}}), *passphrase);
    if (!pair) return ctl.fail(pair.error());
    auto const file = folder + "/" + std::string{owner.file} + ".p12";
    if (auto const kept = write_file_durably(file, pair->pkcs12, 0400); !kept)
        return ctl.fail(kept.error());
    // The certificate comes last: with it, policyd believes that somebody holds the key.
    if (auto const kept = write_public(certificate_path, pair->certificate); !kept)
        return ctl.fail(kept.error());
    return Exit::ok;
}

/// Before any daemon: what they cannot start without.
Exit prepare(Ctl& ctl, policyd::Paths const& paths)
{
    auto const site = answer_for(ctl, "site", TextKey::ctl_setup_ask_site);
    if (!site) return ctl.exit();
    auto const phone = answer_for(ctl, "site-phone", TextKey::ctl_setup_ask_phone);
    if (!phone) return ctl.exit();
    auto const portal = answer_for(ctl, "portal", TextKey::ctl_setup_ask_portal);
    if (!portal) return ctl.exit();
    auto const folder = ctl.has("keys-folder")       ? ctl.value("keys-folder")
                        : ctl.globals().root.empty() ? std::string{"/root/ecluse-remise"}
                                                     : ctl.globals().root + "/remise";
    auto const etc = paths.config.substr(0, paths.config.rfind('/'));
    std::vector<std::string> folders{folder, etc};
    // Installed, the service manager makes the others, for the accounts that own them.
    if (!ctl.globals().root.empty())
        for (auto const* name : {"/run", "/state", "/journal"})
            folders.push_back(ctl.globals().root + name);
    for (auto const& path : folders)
        if (auto const made = make_folders(path); !made) return ctl.fail(made.error());
    for (auto const& path : {folder + "/rssi.p12", folder + "/escrow.p12"})
        if (exists(path))
            return ctl.fail(Exit::refused, TextKey::ctl_setup_exists, {{"path", path}});
    Owner const owners[] = {
        {"rssi",
         "rssi-passphrase",
         TextKey::ctl_setup_ask_rssi_passphrase,
         TextKey::ctl_setup_rssi_name},
        {"escrow",
         "escrow-passphrase",
         TextKey::ctl_setup_ask_escrow_passphrase,
         TextKey::ctl_setup_escrow_name}};
    for (auto const& owner : owners) {
        auto const& path = owner.file == "rssi" ? paths.rssi : paths.escrow;
        if (auto const done = write_pair(ctl, owner, *site, path, folder); done != Exit::ok)
            return done;
    }
    auto master = to_hex(random_bytes(32));
    auto const kept = write_file_durably(paths.master_key, master, 0400);
    wipe(master);
    if (!kept) return ctl.fail(kept.error());
    auto const config = "[site]\nname = " + toml_text(*site) + "\nphone = " + toml_text(*phone) +
                        "\nportal = " + toml_text(*portal) + "\n";
    if (auto const done = write_public(paths.config, config); !done) return ctl.fail(done.error());
    auto const note = text(ctl.language(), TextKey::ctl_setup_note, {{"site", *site}}) + "\n";
    if (auto const done = write_file_durably(folder + "/LISEZ-MOI.txt", note, 0444); !done)
        return ctl.fail(done.error());
    if (ctl.json())
        fmt::print(
            "{}\n",
            json::serialize(json::object{
                {"prepared", true}, {"config", paths.config}, {"keys", folder}})
        );
    ctl.say(TextKey::ctl_setup_prepared, {{"config", paths.config}, {"folder", folder}});
    return Exit::ok;
}

/// "Prénom;Nom;identifiant;mail".
std::optional<json::object> parse_first(std::string const& typed)
{
    std::vector<std::string> parts(1);
    for (char const letter : typed) {
        if (letter == ';')
            parts.emplace_back();
        else
            parts.back() += letter;
    }
    if (parts.size() != 4) return std::nullopt;
    return json::object{
        {"first_name", parts[0]}, {"last_name", parts[1]}, {"login", parts[2]}, {"mail", parts[3]}};
}

/// policyd runs and knows nobody: the three people without whom nothing can be decided.
Exit first_people(Ctl& ctl)
{
    json::object fields;
    std::pair<char const*, TextKey> const roles[] = {
        {"admin", TextKey::ctl_setup_ask_admin},
        {"dsi", TextKey::ctl_setup_ask_dsi},
        {"rssi", TextKey::ctl_setup_ask_rssi}};
    for (auto const& [role, prompt] : roles) {
        auto const typed = answer_for(ctl, role, prompt);
        if (!typed) return ctl.exit();
        auto person = parse_first(*typed);
        if (!person) return ctl.fail(Exit::usage, TextKey::ctl_setup_person_form, {{"role", role}});
        fields[role] = std::move(*person);
    }
    auto const answer = ctl.ask("setup.people", std::move(fields));
    if (!answer) return ctl.exit();
    if (ctl.json()) {
        fmt::print("{}\n", json::serialize(answer->fields));
        return Exit::ok;
    }
    ctl.say(TextKey::ctl_setup_people_done);
    auto const* rows = answer->fields.if_contains("invitations");
    if (rows && rows->is_array())
        fmt::print(
            "{}",
            table(rows->get_array(), {"login", "roles", "token", "expires_at"}, ctl.language())
        );
    return Exit::ok;
}

} // namespace

Exit run_setup(Ctl& ctl, Command const&, json::object)
{
    auto const paths = policyd::Paths::under(ctl.globals().root);
    std::string const must_be_new[] = {paths.config, paths.master_key, paths.rssi, paths.escrow};
    std::size_t present = 0;
    for (auto const& path : must_be_new)
        if (exists(path)) ++present;
    if (present == 0) return prepare(ctl, paths);
    if (present < std::size(must_be_new)) {
        for (auto const& path : must_be_new)
            if (exists(path))
                return ctl.fail(
                    Exit::refused,
                    TextKey::ctl_setup_half,
                    {{"path", path}},
                    TextKey::ctl_setup_half_remedy
                );
    }
    return first_people(ctl);
}

} // namespace ecluse::ctl
