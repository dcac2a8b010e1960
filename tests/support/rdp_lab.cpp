#include "tests/support/rdp_lab.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <poll.h>
#include <set>
#include <sys/wait.h>

namespace ecluse::test {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Nine programs start for a desktop, on machines that are busy with other tests.
constexpr auto start_limit = 60s;
/// What scripts/*-target.sh say when this machine cannot run them.
constexpr int cannot = 77;

std::string contents(std::string const& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// Ends with this test even when the test is killed.
std::vector<std::string> tied(std::vector<std::string> words)
{
    std::vector<std::string> all{"setpriv", "--pdeathsig", "KILL"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
}

std::string first_word_after(std::string const& text, std::string const& mark)
{
    auto const at = text.find(mark);
    if (at == std::string::npos) return {};
    auto const from = at + mark.size();
    return text.substr(from, text.find_first_of(" \n", from) - from);
}

void pace(int ms)
{
    ::poll(nullptr, 0, ms);
}

} // namespace

Picture::Colour Picture::at(int x, int y) const
{
    auto const from = (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                       static_cast<std::size_t>(x)) *
                      3;
    if (from + 2 >= rgb.size()) return {-1, -1, -1};
    return {rgb[from], rgb[from + 1], rgb[from + 2]};
}

bool Picture::is_near(int x, int y, Colour colour, int tolerance) const
{
    auto const found = at(x, y);
    return std::abs(found.red - colour.red) <= tolerance &&
           std::abs(found.green - colour.green) <= tolerance &&
           std::abs(found.blue - colour.blue) <= tolerance;
}

Picture Picture::part(int x, int y, int wide, int high) const
{
    Picture cut{wide, high, {}};
    for (int row = y; row < y + high; ++row) {
        for (int column = x; column < x + wide; ++column) {
            auto const colour = at(column, row);
            for (int const channel : {colour.red, colour.green, colour.blue})
                cut.rgb.push_back(static_cast<std::uint8_t>(channel));
        }
    }
    return cut;
}

int Picture::colours() const
{
    constexpr std::size_t enough = 8;
    std::set<int> seen;
    for (std::size_t i = 0; i + 2 < rgb.size() && seen.size() < enough; i += 3)
        seen.insert(rgb[i] << 16 | rgb[i + 1] << 8 | rgb[i + 2]);
    return static_cast<int>(seen.size());
}

double psnr(Picture const& one, Picture const& other)
{
    if (one.width != other.width || one.height != other.height || one.rgb.empty()) return 0;
    double sum = 0;
    for (std::size_t i = 0; i < one.rgb.size(); ++i) {
        double const difference = one.rgb[i] - other.rgb[i];
        sum += difference * difference;
    }
    if (sum == 0) return 99;
    return 10 * std::log10(255.0 * 255.0 * static_cast<double>(one.rgb.size()) / sum);
}

Picture read_picture(std::string const& path, double second)
{
    Picture picture;
    auto const raw = path + ".rgb";
    std::vector<std::string> words{"ffmpeg", "-v", "error", "-y"};
    // The last frame is the one that overwrites all before it.
    if (second > 0) words.insert(words.end(), {"-ss", std::to_string(second)});
    words.insert(words.end(), {"-i", path});
    if (second >= 0) words.insert(words.end(), {"-frames:v", "1"});
    words.insert(words.end(), {"-update", "1", "-f", "image2", "-c:v", "ppm", raw});
    auto const made = run(words, {}, {}, 120s);
    INFO(made.err);
    if (made.status != 0) return picture;
    std::ifstream file{raw, std::ios::binary};
    std::string magic;
    int depth = 0;
    file >> magic >> picture.width >> picture.height >> depth;
    file.get();
    picture.rgb.assign(std::istreambuf_iterator<char>{file}, {});
    std::filesystem::remove(raw);
    return picture;
}

RdpTarget::RdpTarget(Kind kind, std::string folder, int accounts)
    : kind_{kind}, folder_{std::move(folder)}, accounts_{accounts}
{
    start();
}

RdpTarget::~RdpTarget()
{
    stop();
}

void RdpTarget::start()
{
    std::vector<std::string> words{"bash"};
    if (kind_ == Kind::xrdp)
        words.insert(
            words.end(),
            {ECLUSE_SCRIPTS "/xrdp-target.sh", folder_, std::to_string(accounts_), port_, "true"}
        );
    else
        words.insert(
            words.end(),
            {ECLUSE_SCRIPTS "/shadow-target.sh",
             folder_,
             kind_ == Kind::shadow_nla ? "nla" : "tls",
             port_}
        );
    program_ = std::make_unique<Program>(Program::Options{tied(words), {}, false, true});
    if (program_->wait_for_output("\n", start_limit)) {
        port_ = first_word_after(program_->out(), "port ");
        return;
    }
    auto const ended = program_->finish(1s);
    if (ended.status == cannot) SKIP(ended.err);
    FAIL("no target: " << ended.err << logs());
}

void RdpTarget::stop()
{
    if (!program_) return;
    // The script ends first and takes the rest along; what it held is free once it is gone.
    program_->signal(SIGTERM);
    (void)program_->finish(5s);
    program_.reset();
}

void RdpTarget::change_certificate()
{
    stop();
    std::filesystem::remove(folder_ + "/key.pem");
    start();
}

std::string RdpTarget::password() const
{
    return contents(folder_ + "/password");
}

std::string RdpTarget::fingerprint() const
{
    auto const said =
        run({"openssl", "x509", "-in", certificate(), "-noout", "-fingerprint", "-sha256"}).out;
    std::string hex;
    for (char const letter : said.substr(said.find('=') + 1))
        if (std::isxdigit(static_cast<unsigned char>(letter)) != 0)
            hex += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return hex;
}

std::string RdpTarget::file(std::string const& account, std::string const& name) const
{
    return contents(folder_ + "/homes/" + account + "/" + name);
}

bool RdpTarget::wait_for_file(
    std::string const& account,
    std::string const& name,
    std::string_view text,
    std::chrono::seconds limit
) const
{
    for (auto const until = Clock::now() + limit; Clock::now() < until; pace(30))
        if (file(account, name).find(text) != std::string::npos) return true;
    return false;
}

void RdpTarget::put_file(std::string const& account, std::string const& name, std::string_view text)
    const
{
    std::ofstream{folder_ + "/homes/" + account + "/" + name, std::ios::binary} << text;
}

std::string RdpTarget::logs() const
{
    std::string all;
    std::error_code none;
    for (auto const& entry : std::filesystem::directory_iterator{folder_ + "/logs", none})
        all += "\n--- " + entry.path().filename().string() + "\n" + contents(entry.path().string());
    return all;
}

bool RdpTarget::desktop_shown(Picture const& picture)
{
    // The terminal of the target scripts, below its first lines, and the empty root beside it.
    constexpr Picture::Colour paper{0xf8, 0xf8, 0xf0}, root{0, 0, 0};
    return picture.is_near(800, 540, paper) && picture.is_near(400, 500, paper) &&
           picture.is_near(1200, 700, root);
}

RdpDesk::RdpDesk(std::string folder, std::string const& layout) : folder_{std::move(folder)}
{
    for (auto const* const program :
         {"Xvfb", "xfreerdp3", "xdotool", "xclip", "import", "socat", "ffmpeg"})
        if (run({"which", program}).status != 0) SKIP(program << " is not installed");
    std::filesystem::create_directories(folder_);
    screen_ = std::make_unique<Program>(Program::Options{
        tied(
            {"Xvfb",
             "-displayfd",
             "1",
             "-screen",
             "0",
             "1280x800x24",
             "-nolisten",
             "tcp",
             "-noreset"}
        ),
        {},
        false,
        true});
    REQUIRE(screen_->wait_for_output("\n", start_limit));
    display_ = ":" + screen_->out().substr(0, screen_->out().find('\n'));
    auto const laid = tool({"setxkbmap", layout});
    INFO(laid.err);
    REQUIRE(laid.status == 0);
}

RdpDesk::~RdpDesk() = default;

Outcome RdpDesk::tool(std::vector<std::string> const& words)
{
    return run(words, {}, {"DISPLAY=" + display_}, 30s);
}

std::string RdpDesk::leaving_from(std::string const& address, std::string const& port)
{
    // Its words go to standard error, where the port it got is.
    auto wire = std::make_unique<Program>(Program::Options{
        tied(
            {"sh",
             "-c",
             "exec setpriv --pdeathsig KILL socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork "
             "TCP:127.0.0.1:" +
                 port + ",bind=" + address + " 2>&1"}
        ),
        {},
        false,
        true});
    REQUIRE(wire->wait_for_output("listening on", start_limit));
    REQUIRE(wire->wait_for_output("\n", start_limit));
    auto listening = first_word_after(wire->out(), "127.0.0.1:");
    wires_.push_back(std::move(wire));
    return listening;
}

void RdpDesk::freeze_wire(bool frozen)
{
    for (auto const& wire : wires_) {
        std::ifstream children{
            "/proc/" + std::to_string(wire->pid()) + "/task/" + std::to_string(wire->pid()) +
            "/children"};
        for (int pid = 0; children >> pid;)
            ::kill(pid, frozen ? SIGSTOP : SIGCONT);
    }
}

std::unique_ptr<Program> RdpDesk::connect(std::vector<std::string> const& words)
{
    auto all = tied(
        {"env",
         "HOME=" + folder_,
         "DISPLAY=" + display_,
         "setpriv",
         "--pdeathsig",
         "KILL",
         "xfreerdp3"}
    );
    all.insert(all.end(), words.begin(), words.end());
    for (auto const* const word :
         {"/size:1280x800", "/bpp:32", "-decorations", "/kbd:layout:0x0000040C", "/log-level:WARN"})
        all.emplace_back(word);
    return std::make_unique<Program>(Program::Options{all, {}, false, true});
}

std::vector<std::string> RdpDesk::direct(RdpTarget const& target, std::string const& account)
{
    return {
        "/v:127.0.0.1:" + target.port(),
        "/u:" + account,
        "/p:" + target.password(),
        "/cert:fingerprint:sha256:" + target.fingerprint()};
}

void RdpDesk::type(std::string const& text)
{
    // What a French keyboard has no key for, people type in two strokes.
    static std::map<std::string, std::pair<char const*, char const*>> const two_strokes{
        {"â", {"dead_circumflex", "a"}},
        {"ê", {"dead_circumflex", "e"}},
        {"î", {"dead_circumflex", "i"}},
        {"ô", {"dead_circumflex", "o"}},
        {"û", {"dead_circumflex", "u"}},
        {"ë", {"dead_diaeresis", "e"}},
        {"ï", {"dead_diaeresis", "i"}},
        {"ü", {"dead_diaeresis", "u"}},
    };
    std::string plain;
    auto const send = [&](std::vector<std::string> words) {
        auto const typed = tool(words);
        INFO(typed.err);
        REQUIRE(typed.status == 0);
    };
    // As fast as a quick typist's bursts; X clients see each key.
    auto const send_plain = [&] {
        if (!plain.empty()) send({"xdotool", "type", "--delay", "25", plain});
        plain.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        // "xdotool type" leaves these two out on some keyboards.
        if (text[at] == '\n' || text[at] == '\t') {
            send_plain();
            key(text[at++] == '\n' ? "Return" : "Tab");
            continue;
        }
        auto const found = two_strokes.find(text.substr(at, 2));
        if (found == two_strokes.end()) {
            plain += text[at++];
            continue;
        }
        send_plain();
        send({"xdotool", "key", "--delay", "25", found->second.first, found->second.second});
        at += 2;
    }
    send_plain();
}

void RdpDesk::key(std::string const& name)
{
    REQUIRE(tool({"xdotool", "key", name}).status == 0);
}

void RdpDesk::click(int x, int y)
{
    REQUIRE(
        tool({"xdotool", "mousemove", std::to_string(x), std::to_string(y), "click", "1"}).status ==
        0
    );
}

void RdpDesk::resize(int width, int height)
{
    auto const done = tool(
        {"xdotool",
         "search",
         "--onlyvisible",
         "--class",
         "xfreerdp",
         "windowsize",
         std::to_string(width),
         std::to_string(height)}
    );
    INFO(done.err);
    REQUIRE(done.status == 0);
}

void RdpDesk::copy(std::string const& what, std::string const& type)
{
    auto const file = folder_ + "/copied";
    std::ofstream{file, std::ios::binary} << what;
    // It holds the selection as long as it lives, as the program with the text would.
    copied_ = std::make_unique<Program>(Program::Options{
        tied(
            {"env",
             "DISPLAY=" + display_,
             "xclip",
             "-quiet",
             "-selection",
             "clipboard",
             "-t",
             type,
             "-i",
             file}
        ),
        {},
        false,
        true});
}

std::string RdpDesk::paste(std::string const& type)
{
    return tool({"timeout", "5", "xclip", "-selection", "clipboard", "-t", type, "-o"}).out;
}

bool RdpDesk::pastes(std::string_view text, std::chrono::seconds limit)
{
    for (auto const until = Clock::now() + limit; Clock::now() < until; pace(100))
        if (paste() == text) return true;
    return false;
}

std::string RdpDesk::plug_loudspeaker()
{
    if (run({"which", "pulseaudio"}).status != 0) SKIP("pulseaudio is not installed");
    auto const settings = folder_ + "/.config/pulse";
    auto const pipe = folder_ + "/loudspeaker";
    std::filesystem::create_directories(settings);
    std::ofstream{settings + "/client.conf"} << "default-server = unix:" << pipe
                                             << ".socket\nautospawn = no\n";
    // Both end with the test.
    auto const script = "setpriv --pdeathsig KILL pulseaudio -n --daemonize=no --exit-idle-time=-1 "
                        "--log-target=null "
                        "-L 'module-native-protocol-unix auth-anonymous=1 socket=" +
                        pipe + ".socket' -L 'module-pipe-sink file=" + pipe +
                        " rate=44100 channels=2 format=s16le use_system_clock_for_timing=yes' & "
                        "until test -p " +
                        pipe + " && test -S " + pipe +
                        ".socket; do sleep 0.1; done; echo ready; "
                        "exec cat " +
                        pipe + " >" + pipe + ".raw";
    loudspeaker_ = std::make_unique<Program>(Program::Options{
        tied({"env", "HOME=" + folder_, "PULSE_RUNTIME_PATH=" + folder_, "sh", "-c", script}),
        {},
        false,
        true});
    REQUIRE(loudspeaker_->wait_for_output("ready", start_limit));
    return pipe + ".raw";
}

Picture RdpDesk::look()
{
    auto const path = folder_ + "/screen.ppm";
    auto const taken = tool({"import", "-silent", "-window", "root", "-depth", "8", path});
    INFO(taken.err);
    REQUIRE(taken.status == 0);
    Picture picture;
    std::ifstream file{path, std::ios::binary};
    std::string magic;
    int depth = 0;
    file >> magic >> picture.width >> picture.height >> depth;
    file.get();
    picture.rgb.assign(std::istreambuf_iterator<char>{file}, {});
    REQUIRE(picture.rgb.size() == static_cast<std::size_t>(picture.width * picture.height * 3));
    return picture;
}

bool RdpDesk::wait_until_seen(
    std::function<bool(Picture const&)> const& is_right, std::chrono::seconds limit
)
{
    for (auto const until = Clock::now() + limit; Clock::now() < until; pace(50))
        if (is_right(look())) return true;
    return false;
}

} // namespace ecluse::test
