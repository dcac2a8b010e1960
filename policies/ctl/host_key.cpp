#include "policies/ctl/host_key.h"

#include <libssh/libssh.h>

#include <memory>

namespace ecluse::ctl {
namespace {

constexpr long connect_limit_s = 5;
/// Asked one after the other: a server shows one key per connection.
constexpr char const* wanted_types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"};

struct Free {
    void operator()(ssh_session_struct* session) const { ssh_free(session); }
    void operator()(ssh_key_struct* key) const { ssh_key_free(key); }
    void operator()(char* text) const { ssh_string_free_char(text); }
};

Result<std::string> fetch_one(std::string const& host, std::uint16_t port, char const* type)
{
    std::unique_ptr<ssh_session_struct, Free> const session{ssh_new()};
    if (!session) return Error{Errc::io, "ssh session"};
    unsigned const number = port;
    int off = 0;
    long const limit = connect_limit_s;
    ssh_options_set(session.get(), SSH_OPTIONS_HOST, host.c_str());
    ssh_options_set(session.get(), SSH_OPTIONS_PORT, &number);
    ssh_options_set(session.get(), SSH_OPTIONS_HOSTKEYS, type);
    ssh_options_set(session.get(), SSH_OPTIONS_TIMEOUT, &limit);
    // No configuration file of whoever runs this may change what is shown.
    ssh_options_set(session.get(), SSH_OPTIONS_PROCESS_CONFIG, &off);
    if (ssh_connect(session.get()) != SSH_OK)
        return Error{Errc::unavailable, ssh_get_error(session.get())};
    ssh_key raw = nullptr;
    bool const has_key = ssh_get_server_publickey(session.get(), &raw) == SSH_OK;
    std::unique_ptr<ssh_key_struct, Free> const key{raw};
    char* text = nullptr;
    bool const has_text = has_key && ssh_pki_export_pubkey_base64(key.get(), &text) == SSH_OK;
    std::unique_ptr<char, Free> const base64{text};
    ssh_disconnect(session.get());
    if (!has_text) return Error{Errc::io, "host key"};
    return std::string{ssh_key_type_to_char(ssh_key_type(key.get()))} + " " + base64.get();
}

} // namespace

Result<std::vector<std::string>> fetch_host_keys(std::string const& host, std::uint16_t port)
{
    std::vector<std::string> keys;
    Error last{Errc::unavailable, "no key"};
    for (auto const* type : wanted_types) {
        auto key = fetch_one(host, port, type);
        if (key)
            keys.push_back(*std::move(key));
        else
            last = key.error();
    }
    if (keys.empty()) return last.within("fetch host keys");
    return keys;
}

} // namespace ecluse::ctl
