#pragma once

#include <cstdlib>
#include <string>

namespace ecluse::policyd {

/// Where policyd's files are: installed, or all under one folder (demo and tests).
struct Paths {
    std::string config, master_key, rssi, escrow; // etc/
    std::string database, journal;                // state/, journal/
    std::string listen_socket, operator_socket, portal_socket, console_socket, recorder_socket;

    /// `root` empty means installed.
    [[nodiscard]] static Paths under(std::string const& root)
    {
        auto const etc = root.empty() ? std::string{"/etc/ecluse"} : root + "/etc";
        auto const var = root.empty() ? std::string{"/var/lib/ecluse"} : root;
        auto const run = root.empty() ? std::string{"/run/ecluse"} : root + "/run";
        // systemd hands the master key over as a credential: its file is root's alone.
        char const* const credentials =
            root.empty() ? std::getenv("CREDENTIALS_DIRECTORY") : nullptr;
        return {
            .config = etc + "/ecluse.toml",
            .master_key = (credentials ? std::string{credentials} : etc) + "/master.key",
            .rssi = etc + "/rssi.pem",
            .escrow = etc + "/escrow.pem",
            .database = var + "/state/ecluse.db",
            .journal = var + "/journal",
            .listen_socket = run + "/listen.sock",
            .operator_socket = run + "/operator.sock",
            .portal_socket = run + "/portal.sock",
            .console_socket = run + "/console.sock",
            .recorder_socket = run + "/recorder.sock"};
    }
};

} // namespace ecluse::policyd
