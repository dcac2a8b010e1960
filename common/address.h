#pragma once

#include "common/result.h"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr_storage;

namespace ecluse {

/// Where a connection comes from. IPv4 is kept in its IPv4-mapped form, so that an address seen
/// through a dual-stack socket and the same one seen directly are equal without a second thought.
class SourceAddress {
public:
    static constexpr std::size_t text_bytes_max = 45;
    using Bytes = std::array<std::uint8_t, 16>;

    /// "203.0.113.24" or "2001:db8::24". No zone, no leading zero in an IPv4 part (some readers
    /// take those for octal), nothing around.
    [[nodiscard]] static Result<SourceAddress> parse(std::string_view text);
    /// The peer of a socket; an address with a zone (link-local) is refused.
    [[nodiscard]] static Result<SourceAddress> from_socket(sockaddr_storage const& peer);

    [[nodiscard]] bool is_v4() const;
    [[nodiscard]] std::string to_string() const;
    /// Network order; IPv4 in the last four bytes.
    [[nodiscard]] Bytes const& bytes() const { return bytes_; }
    friend auto operator<=>(SourceAddress const&, SourceAddress const&) = default;

private:
    friend class AddressRange;
    explicit SourceAddress(Bytes const& bytes) : bytes_{bytes} {}
    Bytes bytes_;
};

/// A CIDR range of one family. A single address is its own /32 or /128.
class AddressRange {
public:
    /// "203.0.113.0/24"; without a prefix, one address. Host bits that are set are refused rather
    /// than cleared: they mean that the writer had another range in mind.
    [[nodiscard]] static Result<AddressRange> parse(std::string_view text);

    /// An IPv6 range never contains an IPv4 address, not even ::/0.
    [[nodiscard]] bool contains(SourceAddress const& address) const;
    [[nodiscard]] bool overlaps(AddressRange const& other) const;
    /// Touches RFC 1918, unique local, loopback, link-local or carrier-grade NAT addresses.
    [[nodiscard]] bool is_private() const;
    [[nodiscard]] SourceAddress const& first() const { return first_; }
    /// As written: 24 for "203.0.113.0/24".
    [[nodiscard]] unsigned prefix_bits() const;
    /// Always with its prefix.
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(AddressRange const&, AddressRange const&) = default;

private:
    AddressRange(SourceAddress const& first, unsigned bits) : first_{first}, bits_{bits} {}
    SourceAddress first_;
    unsigned bits_; // of the 16-byte form: an IPv4 /24 is 120
};

/// How a vendor's people come in: straight from the Internet, or out of the hospital's own VPN
/// pool.
enum class SourceKind { direct, vpn };
enum class DeclarationFault { everybody, too_wide, private_range, not_a_source };

/// Why this range cannot be declared for a vendor, if it cannot.
[[nodiscard]] std::optional<DeclarationFault>
validate_declaration(AddressRange const& range, SourceKind kind);

} // namespace ecluse
