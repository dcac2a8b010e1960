#pragma once

#include "tests/support/gateway_rig.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The RDP world around Écluse: real targets (xrdp, FreeRDP's shadow server) and a technician's
/// computer with the stock xfreerdp3. Everything dies with the test, even when it is killed.
namespace ecluse::test {

/// What a screen showed: RGB, 8 bits each, rows from the top.
struct Picture {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgb;

    struct Colour {
        int red, green, blue;
        friend bool operator==(Colour, Colour) = default;
    };
    [[nodiscard]] Colour at(int x, int y) const;
    /// No channel further than this from that colour.
    [[nodiscard]] bool is_near(int x, int y, Colour colour, int tolerance = 12) const;
    [[nodiscard]] Picture part(int x, int y, int wide, int high) const;
    /// How many different colours, up to a few: 1 is an empty screen.
    [[nodiscard]] int colours() const;
};
/// Peak signal-to-noise ratio in dB: above 35 they look the same; 99 when equal, 0 for another
/// size.
[[nodiscard]] double psnr(Picture const& one, Picture const& other);
/// What ffmpeg makes of this still, or of a video at this second (negative: of its last frame).
[[nodiscard]] Picture read_picture(std::string const& path, double second = 0);

/// A desktop to maintain, on a free port of 127.0.0.1: a terminal with a prompt, nothing else.
class RdpTarget {
public:
    enum class Kind {
        xrdp,       // TLS, legacy bitmaps on Debian 12; one desktop per account; needs root
        shadow_nla, // NLA, graphics pipeline; one desktop, shared by all who come
        shadow_tls, // TLS, anybody may come
    };
    /// Starts it in this folder; skips the test, saying why, where this machine cannot. Accounts
    /// are desk1, desk2…; the same folder gives the same password, certificate and port again.
    RdpTarget(Kind kind, std::string folder, int accounts = 1);
    ~RdpTarget();
    RdpTarget(RdpTarget const&) = delete;
    RdpTarget& operator=(RdpTarget const&) = delete;

    void start();
    void stop();
    /// Comes back with another certificate.
    void change_certificate();

    [[nodiscard]] std::string const& port() const { return port_; }
    [[nodiscard]] std::string password() const;
    [[nodiscard]] std::string certificate() const { return folder_ + "/cert.pem"; }
    /// SHA-256 of the certificate, as openssl writes it without its colons, in small letters.
    [[nodiscard]] std::string fingerprint() const;
    /// A file that was made by typing on that desktop; empty when there is none.
    [[nodiscard]] std::string file(std::string const& account, std::string const& name) const;
    /// Waits for it, and for these words in it.
    [[nodiscard]] bool wait_for_file(
        std::string const& account,
        std::string const& name,
        std::string_view text,
        std::chrono::seconds limit = std::chrono::seconds{15}
    ) const;
    /// Puts a file there.
    void put_file(std::string const& account, std::string const& name, std::string_view text) const;
    [[nodiscard]] std::string logs() const;

    /// Whether this picture is of a desktop of ours, and not of a login or a message.
    [[nodiscard]] static bool desktop_shown(Picture const& picture);

private:
    Kind kind_;
    std::string folder_, port_{"0"};
    int accounts_;
    std::unique_ptr<Program> program_;
};

/// The technician's computer: a screen of 1280x800, a keyboard, a mouse, one xfreerdp3 at a time in
/// full screen.
class RdpDesk {
public:
    explicit RdpDesk(std::string folder, std::string const& layout = "fr");
    ~RdpDesk();
    RdpDesk(RdpDesk const&) = delete;
    RdpDesk& operator=(RdpDesk const&) = delete;

    /// A port of 127.0.0.1 from which everything goes on to `port`, leaving from this source
    /// address: no RDP client lets its user choose one.
    [[nodiscard]] std::string leaving_from(std::string const& address, std::string const& port);
    /// Stops (or lets go on) the wire of leaving_from(): a network that is gone without a word.
    void freeze_wire(bool frozen);
    /// xfreerdp3 with these words, French keyboard; "/v:" included in them.
    [[nodiscard]] std::unique_ptr<Program> connect(std::vector<std::string> const& words);
    /// The words for an account on a target, no gateway between.
    [[nodiscard]] static std::vector<std::string>
    direct(RdpTarget const& target, std::string const& account);

    /// Keys of the French layout, dead ones included.
    void type(std::string const& text);
    void key(std::string const& name);
    void click(int x, int y);
    /// Drags the client's window to this size.
    void resize(int width, int height);
    /// What a program of this computer copies: text, or with another type ("text/uri-list") that.
    void copy(std::string const& what, std::string const& type = "UTF8_STRING");
    /// What a program would paste now; empty: nothing, or not of this type.
    [[nodiscard]] std::string paste(std::string const& type = "UTF8_STRING");
    /// Pastes until this is what comes.
    [[nodiscard]] bool
    pastes(std::string_view text, std::chrono::seconds limit = std::chrono::seconds{15});
    /// From now on what a client plays with PulseAudio goes into this file: 44,100 times a second
    /// two channels of 16 bits. Skips the test where there is no PulseAudio.
    [[nodiscard]] std::string plug_loudspeaker();
    [[nodiscard]] std::string const& folder() const { return folder_; }
    [[nodiscard]] Picture look();
    /// Looks until this is true of the picture.
    [[nodiscard]] bool wait_until_seen(
        std::function<bool(Picture const&)> const& is_right,
        std::chrono::seconds limit = std::chrono::seconds{30}
    );
    [[nodiscard]] bool desktop_comes(std::chrono::seconds limit = std::chrono::seconds{30})
    {
        return wait_until_seen(&RdpTarget::desktop_shown, limit);
    }

private:
    Outcome tool(std::vector<std::string> const& words);

    std::string folder_, display_;
    std::unique_ptr<Program> screen_, copied_, loudspeaker_;
    std::vector<std::unique_ptr<Program>> wires_;
};

} // namespace ecluse::test
