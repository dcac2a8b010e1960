#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse {

/// What the hospital may set, with the product's defaults. Read once at start; every value has been
/// judged against its bounds, so nobody checks again.
struct Config {
    struct Site {
        std::string name = "Établissement non nommé";
        std::string phone = "-";  // shown with every refusal
        std::string portal = "-"; // where to ask for a window
        std::string language = "fr";
    } site;

    /// What each door has of its own.
    struct Door {
        std::int64_t per_source_max = 10;
        std::int64_t connections_max = 600;
        bool answer_undeclared = false;
        std::int64_t auth_timeout_s = 60;
        std::int64_t attempts_max = 6;
        std::int64_t idle_minutes = 15;
        std::int64_t connect_timeout_s = 5;
    };

    /// Defaults of notes on OpenSSL and libssh: nothing that ssh-audit marks.
    struct Ssh : Door {
        std::string kex = "curve25519-sha256,curve25519-sha256@libssh.org,"
                          "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512";
        std::string ciphers = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
                              "chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr";
        std::string macs = "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com";
        std::string host_keys = "ssh-ed25519,rsa-sha2-512,rsa-sha2-256";
        std::string user_keys = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
                                "ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,"
                                "sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com";
        std::string version_string = "Ecluse";
        /// A client that has logged in and asks for nothing holds a place for nothing.
        std::int64_t first_channel_s = 60;
        std::int64_t channels_max = 10;
        std::int64_t command_bytes_max = 256 * 1024;
        std::vector<std::string> env_allow = {"LANG", "LC_*", "TERM"};
        std::int64_t rekey_bytes = 1024 * 1024 * 1024;
        std::int64_t rekey_s = 3600;
    } ssh;

    struct Rdp : Door {
        // A desktop and its encoder take 80 MiB and a good part of a core; reading a certificate
        // and typing into a drawn form takes longer than answering a prompt.
        Rdp()
        {
            connections_max = 60;
            auth_timeout_s = 120;
        }
        /// How vendors reach this door: the names and addresses in its certificate, the first of
        /// them in .rdp files. None: the machine's own name.
        std::vector<std::string> names = {};
        std::int64_t port = 3389; // as vendors reach it
        std::int64_t frames_per_second = 8;
        std::int64_t clipboard_bytes_max = 1024 * 1024;
        std::int64_t file_bytes_max = std::int64_t{2} << 30;
        /// Keys typed into what looks like a password field are hidden in the recording.
        bool keyboard_mask_rules = true;
        std::int64_t ticket_s = 60;
    } rdp;

    /// One instance of ecluse-web. Where it listens is its own start's business (socket unit).
    struct Web {
        /// How people reach it: the names and addresses in its certificate. None: the machine's
        /// own.
        std::vector<std::string> names = {};
        std::int64_t per_source_max = 64; // a company's browsers share one address
        std::int64_t connections_max = 2000;
        std::int64_t idle_minutes = 15;
        /// Reverse proxies whose X-Forwarded-For is believed; nobody else's is.
        std::vector<std::string> proxies = {};
    };
    struct Portal : Web {
        /// declared: others are closed before TLS. any: they get as far as the sentence that says
        /// why.
        std::string from = "declared";
    } portal;
    struct Console : Web {
        /// Without it the console refuses to start on a wildcard or public address.
        bool allow_public = false;
    } console;

    struct Windows {
        std::int64_t max_hours = 8;
        std::int64_t emergency_max_hours = 2;
        std::int64_t extension_max_hours = 4;
        std::vector<std::int64_t> warn_minutes = {10, 5, 1};
        std::string open = "auto"; // default of new assets: auto | manual
    } windows;

    struct Report {
        std::string working_hours =
            "mon-fri 08:00-18:00";       // Paris time, as core/calendar.h reads it
        std::string holidays = "france"; // none | france | alsace_moselle
        /// never | until_submitted | until_accepted: when a late report stops the next window.
        std::string blocking = "until_accepted";
    } report;

    struct Passwords {
        std::int64_t length_min = 12;
        bool composition = true; // CHM 5.2: upper, lower, digit, special
        std::int64_t history = 5;
        std::int64_t renew_days = 365; // 0: never
        std::int64_t invitation_hours = 72;
    } passwords;

    struct Accounts {
        std::int64_t dormant_days = 90; // WEB:GA4: unused for so long, an account is suspended
        std::int64_t review_months = 6; // CHM:2.6
        std::int64_t review_grace_days = 15;
    } accounts;

    struct Audits {
        std::int64_t every_months = 3; // HDS:EXI-19: sessions drawn by lot, looked at and signed
    } audits;

    struct Recording {
        std::int64_t stall_ms = 1000;
        std::int64_t exec_budget_bytes = 4 * 1024 * 1024;
        std::int64_t retention_days = 365;
        std::int64_t journal_days = 1095;
    } recording;

    /// Who outside the state folders is told the journal's head.
    struct Witness {
        std::string folder = {};         // on another disk; empty: none
        std::string syslog = "/dev/log"; // empty: none
    } witness;

    /// Who says when (RFC 3161).
    struct Timestamp {
        std::string url = {};                                      // empty: nobody
        std::string ca = {};                                       // PEM: whose tokens are believed
        std::string tls_ca = "/etc/ssl/certs/ca-certificates.crt"; // PEM: for https only
        std::string policy = {}; // object identifier; empty: theirs
        std::int64_t timeout_s = 10;
    } timestamp;
};

/// One text over another: fragments of ecluse.toml.d/ come after the main file, in order of name.
struct ConfigText {
    std::string name;
    std::string text;
};
/// Unknown keys and values out of bounds are refused with the closest known name; nothing is
/// guessed.
[[nodiscard]] Result<Config> parse_config(std::vector<ConfigText> const& texts);
/// The main file (absent: defaults) and the fragments beside it.
[[nodiscard]] Result<Config> load_config(std::string const& path);

} // namespace ecluse
