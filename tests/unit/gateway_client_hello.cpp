#include "gateway/ssh/client_hello.h"
#include "gateway/ssh/wire.h"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace ecluse::ssh;

namespace {

std::string number(std::size_t value)
{
    std::string bytes;
    put_u32(bytes, static_cast<std::uint32_t>(value));
    return bytes;
}

/// A packet as it goes over the wire before any cipher.
std::string packet(std::string const& payload)
{
    std::size_t padding = 8 - (payload.size() + 5) % 8;
    if (padding < 4) padding += 8;
    return number(payload.size() + padding + 1) + static_cast<char>(padding) + payload +
           std::string(padding, '\x55');
}

std::string kexinit(std::string const& kex, char type = 20)
{
    auto payload = std::string(1, type) + std::string(16, 'c') + number(kex.size()) + kex;
    for (int list = 0; list < 9; ++list)
        payload += number(4) + "none";
    return packet(payload + std::string(5, '\0'));
}

std::string const line = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
std::string const strict = "kex-strict-c-v00@openssh.com";

} // namespace

TEST_CASE("a client that knows strict key exchange is told from one that does not")
{
    struct Row {
        char const* what;
        std::string bytes;
        StrictKex expected;
    };
    auto const plain = kexinit("curve25519-sha256,ext-info-c," + strict);
    auto wrong_list = kexinit("a," + strict);
    wrong_list[4 + 1 + 1 + 16] = '\x7f'; // its length
    for (auto const& row :
         {Row{"last of its list", line + plain, StrictKex::offered},
          Row{"first of its list", line + kexinit(strict + ",a"), StrictKex::offered},
          Row{"its only word", line + kexinit(strict), StrictKex::offered},
          Row{"more behind it", line + plain + "more", StrictKex::offered},
          Row{"a line without return", "SSH-2.0-x\n" + plain, StrictKex::offered},
          Row{"an older client", line + kexinit("curve25519-sha256"), StrictKex::absent},
          Row{"a word around it", line + kexinit("x" + strict), StrictKex::absent},
          Row{"a longer word", line + kexinit(strict + "x"), StrictKex::absent},
          Row{"the server's word",
              line + kexinit("kex-strict-s-v00@openssh.com"),
              StrictKex::absent},
          Row{"an empty list", line + kexinit(""), StrictKex::absent},
          Row{"another packet first", line + packet(std::string(1, 2)) + plain, StrictKex::absent},
          Row{"another type", line + kexinit(strict, 21), StrictKex::absent},
          Row{"version 1", "SSH-1.5-x\r\n" + plain, StrictKex::absent},
          Row{"something else", "GET / HTTP/1.1\r\n\r\n", StrictKex::absent},
          Row{"words before the version", "hello\r\n" + line + plain, StrictKex::absent},
          Row{"a list beyond its packet", line + wrong_list, StrictKex::absent},
          Row{"a length of nothing", line + number(4) + std::string(4, '\0'), StrictKex::absent},
          Row{"an odd length", line + number(13) + std::string(13, '\4'), StrictKex::absent},
          Row{"a length without end", line + number(0xffff'fffc), StrictKex::absent},
          Row{"padding over all", line + number(12) + std::string(12, '\x0b'), StrictKex::absent},
          Row{"nothing yet", "", StrictKex::unknown},
          Row{"a long version line", "SSH-2.0-" + std::string(247, 'x'), StrictKex::absent},
          Row{"a version line of all it may be",
              "SSH-2.0-" + std::string(245, 'x') + "\r\n" + plain,
              StrictKex::offered}}) {
        CAPTURE(row.what);
        CHECK(strict_kex(row.bytes) == row.expected);
    }
}

TEST_CASE("a hello that comes in pieces is waited for, and decided once")
{
    auto const whole = line + kexinit("a," + strict + ",b");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK(strict_kex(whole.substr(0, size)) == StrictKex::unknown);
    }
    CHECK(strict_kex(whole) == StrictKex::offered);
    // One that is announced longer than anybody needs is not waited for.
    auto const endless = line + number(8188) + std::string(8192 - line.size() - 4, 'x');
    CHECK(strict_kex(endless) == StrictKex::absent);
}

TEST_CASE("without strict key exchange what Terrapin breaks is withdrawn")
{
    Algorithms lists;
    lists.ciphers = "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes256-cbc";
    lists.macs = "hmac-sha2-512-etm@openssh.com,hmac-sha2-256";
    CHECK(without_truncation(lists).ciphers == "aes256-gcm@openssh.com,aes256-ctr");
    lists.macs = "hmac-sha2-256";
    CHECK(without_truncation(lists).ciphers == "aes256-gcm@openssh.com,aes256-ctr,aes256-cbc");
    lists.ciphers = "chacha20-poly1305@openssh.com";
    CHECK(without_truncation(lists).ciphers.empty());
}
