#include "policies/ctl/rdp_file.h"
#include "policies/ctl/target_certificate.h"

#include <catch2/catch_test_macros.hpp>

using namespace ecluse::ctl;

namespace {

bool has_line(std::string const& file, std::string const& line)
{
    return ("\r\n" + file).find("\r\n" + line + "\r\n") != std::string::npos;
}

/// A target's answer [MS-RDPBCGR 2.2.1.2], with what differs.
std::string answer(char type, char protocol)
{
    std::string bytes("\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00", 11);
    bytes += type;
    bytes += std::string("\x00\x08\x00", 3);
    bytes += protocol;
    bytes += std::string(3, '\0');
    return bytes;
}

} // namespace

TEST_CASE("an .rdp file names door and ticket, and switches off what was not granted")
{
    auto const closed = rdp_file({.host = "acces.chu.example", .port = 3390, .ticket = "TICKET"});
    for (auto const* line :
         {"full address:s:acces.chu.example:3390",
          "username:s:TICKET",
          "enablecredsspsupport:i:0",
          "prompt for credentials:i:0",
          "authentication level:i:2",
          "autoreconnection enabled:i:0",
          "redirectclipboard:i:0",
          "audiomode:i:2",
          "drivestoredirect:s:",
          "redirectprinters:i:0",
          "redirectsmartcards:i:0",
          "usbdevicestoredirect:s:"}) {
        CAPTURE(line);
        CHECK(has_line(closed, line));
    }
    // Every line is "name:type:value" and ends in CR LF: other endings are ignored by clients.
    for (std::size_t at = 0; at < closed.size(); ++at)
        if (closed[at] == '\n') CHECK(closed[at - 1] == '\r');
    auto const open = rdp_file(
        {.host = "2001:db8::4", .ticket = "T", .functions = {"desktop", "file_up", "sound"}}
    );
    CHECK(has_line(open, "full address:s:[2001:db8::4]:3389"));
    CHECK(has_line(open, "redirectclipboard:i:1"));
    CHECK(has_line(open, "audiomode:i:0"));
    CHECK(has_line(open, "drivestoredirect:s:"));
}

TEST_CASE("a target is asked for its certificate only when it chose TLS or NLA")
{
    CHECK(check_negotiation(answer(2, 1)));
    CHECK(check_negotiation(answer(2, 2)));
    CHECK_FALSE(check_negotiation(answer(2, 0))); // RDP's own old security
    CHECK_FALSE(check_negotiation(answer(2, 3)));
    auto const refused = check_negotiation(answer(3, 5));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what == "refused, reason 5");
    CHECK_FALSE(check_negotiation(answer(1, 1)));
    CHECK_FALSE(check_negotiation(""));
    CHECK_FALSE(check_negotiation("SSH-2.0-OpenSSH_9.2\r\n"));
    auto const good = answer(2, 1);
    for (std::size_t cut = 0; cut < good.size(); ++cut)
        CHECK_FALSE(check_negotiation(good.substr(0, cut)));
    for (std::size_t at = 0; at < good.size(); ++at) {
        if (at >= 6 && at <= 10) continue; // references and class: the target's own
        if (at == 1 || at == 12) continue; // reserved, and flags
        auto damaged = good;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
        CAPTURE(at);
        CHECK_FALSE(check_negotiation(damaged));
    }
}
