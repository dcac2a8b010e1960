#include "common/address.h"
#include "tests/support/must.h"

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

using namespace ecluse;

namespace {

SourceAddress address(char const* text)
{
    return must(SourceAddress::parse(text));
}

AddressRange range(char const* text)
{
    return must(AddressRange::parse(text));
}

sockaddr_storage v6_peer(char const* text, std::uint32_t zone)
{
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_scope_id = zone;
    REQUIRE(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
    sockaddr_storage peer{};
    std::memcpy(&peer, &v6, sizeof v6);
    return peer;
}

} // namespace

TEST_CASE("an address is printed in its one canonical form")
{
    struct Row {
        char const* written;
        char const* printed;
    };
    for (auto const& row :
         {Row{"203.0.113.24", "203.0.113.24"},
          Row{"::ffff:203.0.113.24", "203.0.113.24"},
          Row{"::FFFF:cb00:7118", "203.0.113.24"},
          Row{"2001:DB8:0:0:0:0:0:24", "2001:db8::24"},
          Row{"::1", "::1"},
          Row{"255.255.255.255", "255.255.255.255"}}) {
        CAPTURE(row.written);
        CHECK(address(row.written).to_string() == row.printed);
        CHECK(address(row.printed) == address(row.written));
    }
}

TEST_CASE("what is not exactly an address is refused")
{
    for (auto const* text :
         {"",
          "203.0.113",
          "203.0.113.256",
          "203.0.113.024",
          "203.0.113.24 ",
          " 203.0.113.24",
          "0xcb.0.113.24",
          "3405803800",
          "::ffff:203.0.113.024",
          "fe80::1%eth0",
          "[::1]",
          "1::2::3",
          "localhost",
          "0000:0000:0000:0000:0000:0000:0000:0000:00000000000001"}) {
        CAPTURE(text);
        CHECK_FALSE(SourceAddress::parse(text));
    }
    CHECK_FALSE(SourceAddress::parse(std::string_view{"1.2.3.4\0", 8}));
}

TEST_CASE("the peer of a socket is read off it, and a zone is refused", "[WEB:TR2]")
{
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    REQUIRE(inet_pton(AF_INET, "203.0.113.24", &v4.sin_addr) == 1);
    sockaddr_storage peer{};
    std::memcpy(&peer, &v4, sizeof v4);
    CHECK(must(SourceAddress::from_socket(peer)) == address("203.0.113.24"));

    CHECK(
        must(SourceAddress::from_socket(v6_peer("::ffff:203.0.113.24", 0))) ==
        address("203.0.113.24")
    );
    CHECK(SourceAddress::from_socket(v6_peer("fe80::1", 0)));
    CHECK_FALSE(SourceAddress::from_socket(v6_peer("fe80::1", 2)));
    peer.ss_family = AF_UNIX;
    CHECK_FALSE(SourceAddress::from_socket(peer));
}

TEST_CASE("a range contains its first and last address and not its neighbours")
{
    struct Row {
        char const* range;
        char const* address;
        bool inside;
    };
    for (auto const& row :
         {Row{"203.0.113.0/24", "203.0.113.0", true},
          Row{"203.0.113.0/24", "203.0.113.255", true},
          Row{"203.0.113.0/24", "203.0.112.255", false},
          Row{"203.0.113.0/24", "203.0.114.0", false},
          Row{"203.0.113.0/24", "::ffff:203.0.113.7", true},
          Row{"::ffff:203.0.113.0/120", "203.0.113.7", true},
          Row{"203.0.113.32/27", "203.0.113.31", false},
          Row{"203.0.113.32/27", "203.0.113.63", true},
          Row{"203.0.113.32/27", "203.0.113.64", false},
          Row{"203.0.113.24", "203.0.113.24", true},
          Row{"203.0.113.24", "203.0.113.25", false},
          Row{"2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff", true},
          Row{"2001:db8::/64", "2001:db8:0:1::", false},
          Row{"::/0", "2001:db8::1", true},
          // Their 16 bytes agree; they are still of different families.
          Row{"::/0", "203.0.113.24", false},
          Row{"::/64", "203.0.113.24", false},
          Row{"0.0.0.0/0", "2001:db8::1", false}}) {
        CAPTURE(row.range, row.address);
        CHECK(range(row.range).contains(address(row.address)) == row.inside);
    }
}

TEST_CASE("a range that does not say what it means is refused")
{
    for (auto const* text :
         {"203.0.113.1/24",
          "203.0.113.0/33",
          "203.0.113.0/024",
          "203.0.113.0/",
          "203.0.113.0/-1",
          "203.0.113.0/+24",
          "203.0.113.0/24 ",
          "203.0.113.0/4294967320",
          "/24",
          "2001:db8::1/64",
          "2001:db8::/129",
          "::ffff:0:0/90",
          "fe80::%eth0/64"}) {
        CAPTURE(text);
        CHECK_FALSE(AddressRange::parse(text));
    }
    CHECK(range("203.0.113.24").to_string() == "203.0.113.24/32");
    CHECK(range("::ffff:203.0.113.0/120").to_string() == "203.0.113.0/24");
}

TEST_CASE("a declaration is refused when it is too wide, private or no source at all", "[CHM:8.1]")
{
    using enum DeclarationFault;
    struct Row {
        char const* range;
        SourceKind kind;
        std::optional<DeclarationFault> fault;
    };
    for (auto const& row :
         {Row{"203.0.113.0/24", SourceKind::direct, std::nullopt},
          Row{"203.0.112.0/23", SourceKind::direct, too_wide},
          Row{"0.0.0.0/0", SourceKind::direct, everybody},
          Row{"::/0", SourceKind::vpn, everybody},
          Row{"::ffff:0:0/96", SourceKind::vpn, everybody},
          Row{"2001:db8::/64", SourceKind::direct, std::nullopt},
          Row{"2001:db8::/63", SourceKind::direct, too_wide},
          Row{"10.1.2.0/24", SourceKind::direct, private_range},
          Row{"10.1.2.0/24", SourceKind::vpn, std::nullopt},
          Row{"10.1.0.0/23", SourceKind::vpn, too_wide},
          Row{"172.15.255.255", SourceKind::direct, std::nullopt},
          Row{"172.16.0.0", SourceKind::direct, private_range},
          Row{"172.31.255.255", SourceKind::direct, private_range},
          Row{"172.32.0.0", SourceKind::direct, std::nullopt},
          Row{"192.168.1.1", SourceKind::direct, private_range},
          Row{"100.63.255.255", SourceKind::direct, std::nullopt},
          Row{"100.64.0.1", SourceKind::direct, private_range},
          Row{"100.128.0.0", SourceKind::direct, std::nullopt},
          Row{"169.254.1.1", SourceKind::direct, private_range},
          Row{"127.0.0.2", SourceKind::direct, private_range},
          Row{"127.0.0.2", SourceKind::vpn, std::nullopt},
          Row{"::1", SourceKind::direct, private_range},
          Row{"::/64", SourceKind::direct, private_range},
          Row{"fd00::/64", SourceKind::direct, private_range},
          Row{"fe80::/64", SourceKind::direct, private_range},
          Row{"0.0.0.0", SourceKind::vpn, not_a_source},
          Row{"224.0.0.1", SourceKind::vpn, not_a_source},
          Row{"255.255.255.255", SourceKind::vpn, not_a_source},
          Row{"ff02::1", SourceKind::vpn, not_a_source}}) {
        CAPTURE(row.range);
        CHECK(validate_declaration(range(row.range), row.kind) == row.fault);
    }
}
