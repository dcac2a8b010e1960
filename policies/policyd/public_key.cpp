#include "policies/policyd/public_key.h"

#include "common/bytes.h"
#include "policies/policyd/ssh_wire.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace ecluse::policyd {
namespace {

/// RSA of 16384 bits fits; nothing else comes near.
constexpr std::size_t line_bytes_max = 8192;

constexpr std::array<std::string_view, 7> known_types{
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa"};

std::vector<std::string_view> words(std::string_view text)
{
    std::vector<std::string_view> found;
    while (found.size() < 8) {
        auto const start = text.find_first_not_of(" \t\r\n");
        if (start == std::string_view::npos) break;
        text.remove_prefix(start);
        auto const end = text.find_first_of(" \t\r\n");
        found.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end);
    }
    return found;
}

std::size_t bits_of(std::string_view number)
{
    while (!number.empty() && number.front() == '\0')
        number.remove_prefix(1);
    if (number.empty()) return 0;
    auto const first = static_cast<unsigned char>(number.front());
    return number.size() * 8 - static_cast<std::size_t>(std::countl_zero(first));
}

Error malformed(char const* why)
{
    return {Errc::malformed, std::string{"public key: "} + why};
}

} // namespace

Result<PublicKey> parse_public_key(std::string_view text)
{
    if (text.size() > line_bytes_max) return Error{Errc::too_large, "public key"};
    if (text.find("PRIVATE KEY") != std::string_view::npos)
        return malformed("this is a private key");
    auto const parts = words(text);
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        if (std::find(known_types.begin(), known_types.end(), parts[i]) == known_types.end())
            continue;
        auto const blob = ECLUSE_TRY(from_base64(parts[i + 1]));
        SshReader reader{blob};
        auto const type = reader.text();
        if (!type || *type != parts[i]) return malformed("its type is not what it says");
        PublicKey key;
        key.type = std::string{*type};
        if (key.type == "ssh-rsa") {
            auto const exponent = reader.text();
            auto const modulus = reader.text();
            if (!exponent || !modulus || !reader.at_end()) return malformed("not an RSA key");
            key.bits = bits_of(*modulus);
        } else {
            // Each remaining field must be whole: a cut line must not become another key.
            while (!reader.at_end())
                if (!reader.text()) return malformed("cut short");
        }
        auto const encoded = to_base64(blob);
        key.line = key.type + " " + encoded;
        key.fingerprint = "SHA256:" + to_base64(sha256(blob));
        while (key.fingerprint.ends_with('='))
            key.fingerprint.pop_back();
        return key;
    }
    return malformed("no known type (ssh-ed25519, sk-ssh-ed25519@openssh.com, ecdsa, ssh-rsa)");
}

bool is_strong(PublicKey const& key)
{
    return key.type != "ssh-rsa" || key.bits >= rsa_bits_min;
}

} // namespace ecluse::policyd
