#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::ctl {

/// What an .rdp file of ours says.
struct RdpFile {
    std::string_view host;
    std::uint16_t port = 3389;
    std::string_view ticket;
    std::vector<std::string> functions = {}; // "desktop", "clipboard_in", …
};
/// The file for mstsc and other clients: lines of "name:type:value", ended by CR LF, ASCII.
[[nodiscard]] std::string rdp_file(RdpFile const& file);

} // namespace ecluse::ctl
