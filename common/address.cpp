#include "common/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ecluse {

namespace {

constexpr SourceAddress::Bytes mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned mapped_prefix_bits = 96;
constexpr unsigned address_bits = 128;

SourceAddress::Bytes mapped(in_addr const& address)
{
    auto bytes = mapped_prefix;
    std::memcpy(bytes.data() + 12, &address, 4);
    return bytes;
}

SourceAddress::Bytes plain(in6_addr const& address)
{
    SourceAddress::Bytes bytes;
    std::memcpy(bytes.data(), &address, bytes.size());
    return bytes;
}

bool same_prefix(SourceAddress const& a, SourceAddress const& b, unsigned bits)
{
    auto const whole = bits / 8;
    if (!std::equal(a.bytes().begin(), a.bytes().begin() + whole, b.bytes().begin())) return false;
    auto const rest = bits % 8;
    return rest == 0 || (a.bytes()[whole] ^ b.bytes()[whole]) >> (8 - rest) == 0;
}

bool host_bits_set(SourceAddress const& address, unsigned bits)
{
    for (unsigned bit = bits; bit < address_bits; ++bit)
        if ((address.bytes()[bit / 8] >> (7 - bit % 8) & 1) != 0) return true;
    return false;
}

template <std::size_t count>
bool touches(AddressRange const& range, std::array<char const*, count> const& blocks)
{
    return std::any_of(blocks.begin(), blocks.end(), [&](char const* block) {
        auto const parsed = AddressRange::parse(block);
        ECLUSE_ASSERT(parsed);
        return range.overlaps(*parsed);
    });
}

} // namespace

Result<SourceAddress> SourceAddress::parse(std::string_view text)
{
    Error const malformed{Errc::malformed, "not an IPv4 or IPv6 address"};
    if (text.empty() || text.size() > text_bytes_max) return malformed;
    if (text.find('\0') != std::string_view::npos) return malformed;
    std::string const terminated{text};
    if (in_addr v4{}; inet_pton(AF_INET, terminated.c_str(), &v4) == 1)
        return SourceAddress{mapped(v4)};
    if (in6_addr v6{}; inet_pton(AF_INET6, terminated.c_str(), &v6) == 1)
        return SourceAddress{plain(v6)};
    return malformed;
}

Result<SourceAddress> SourceAddress::from_socket(sockaddr_storage const& peer)
{
    if (peer.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &peer, sizeof v4);
        return SourceAddress{mapped(v4.sin_addr)};
    }
    if (peer.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &peer, sizeof v6);
        // The same link-local bytes mean another machine on another link: never a declared source.
        if (v6.sin6_scope_id != 0) return Error{Errc::refused, "peer address has a zone"};
        return SourceAddress{plain(v6.sin6_addr)};
    }
    return Error{Errc::malformed, "peer is not an Internet address"};
}

bool SourceAddress::is_v4() const
{
    return std::equal(bytes_.begin(), bytes_.begin() + 12, mapped_prefix.begin());
}

std::string SourceAddress::to_string() const
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    auto const* written =
        is_v4() ? inet_ntop(AF_INET, bytes_.data() + 12, text.data(), INET6_ADDRSTRLEN)
                : inet_ntop(AF_INET6, bytes_.data(), text.data(), INET6_ADDRSTRLEN);
    ECLUSE_ASSERT(written != nullptr);
    return text.data();
}

Result<AddressRange> AddressRange::parse(std::string_view text)
{
    auto const slash = text.find('/');
    auto const first = ECLUSE_TRY(SourceAddress::parse(text.substr(0, slash)));
    if (slash == std::string_view::npos) return AddressRange{first, address_bits};

    Error const malformed{Errc::malformed, "not a prefix length"};
    auto const digits = text.substr(slash + 1);
    unsigned bits = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size()) return malformed;
    if (digits.size() > 1 && digits.front() == '0') return malformed;

    // "::ffff:203.0.113.0/120" counts from the IPv6 side; "203.0.113.0/24" does not.
    bool const dotted_only = text.substr(0, slash).find(':') == std::string_view::npos;
    if (bits > (dotted_only ? address_bits - mapped_prefix_bits : address_bits)) return malformed;
    if (dotted_only) bits += mapped_prefix_bits;
    if (host_bits_set(first, bits))
        return Error{Errc::malformed, "address has bits set beyond its prefix"};
    return AddressRange{first, bits};
}

bool AddressRange::contains(SourceAddress const& address) const
{
    return first_.is_v4() == address.is_v4() && same_prefix(first_, address, bits_);
}

bool AddressRange::overlaps(AddressRange const& other) const
{
    return first_.is_v4() == other.first_.is_v4() &&
           same_prefix(first_, other.first_, std::min(bits_, other.bits_));
}

bool AddressRange::is_private() const
{
    static constexpr std::array blocks{
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10"};
    return touches(*this, blocks);
}

unsigned AddressRange::prefix_bits() const
{
    return first_.is_v4() ? bits_ - mapped_prefix_bits : bits_;
}

std::string AddressRange::to_string() const
{
    return first_.to_string() + "/" + std::to_string(prefix_bits());
}

std::optional<DeclarationFault> validate_declaration(AddressRange const& range, SourceKind kind)
{
    // CLAUSIER:O-12.2.5.3: the vendor declares the addresses its operators use, so a range may
    // cover a company's block and no more.
    constexpr unsigned v4_prefix_min = 24;
    constexpr unsigned v6_prefix_min = 64;
    static constexpr std::array never_a_source{
        "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8"};
    if (range.prefix_bits() == 0) return DeclarationFault::everybody;
    if (range.prefix_bits() < (range.first().is_v4() ? v4_prefix_min : v6_prefix_min))
        return DeclarationFault::too_wide;
    if (range.is_private() && kind != SourceKind::vpn) return DeclarationFault::private_range;
    if (touches(range, never_a_source)) return DeclarationFault::not_a_source;
    return std::nullopt;
}

} // namespace ecluse
