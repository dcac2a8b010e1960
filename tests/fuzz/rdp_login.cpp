#include "gateway/rdp/keyboard/keyboard.h"
#include "gateway/rdp/keyboard/secret_entry.h"
#include "gateway/rdp/screen/screens.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

using namespace ecluse;
using namespace ecluse::rdp;

/// The first byte picks a layout; then three bytes each are an event: what kind, and two of
/// content.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size < 1) return 0;
    auto const layouts = all_layouts();
    Keyboard keyboard{data[0] < layouts.size() ? layouts[data[0]].id : data[0]};
    SecretEntry secrets{true};
    Screens screens{{"Hôpital", "01"}, Language::french};
    Canvas canvas{320, 240};
    Deadline now{std::chrono::hours{1}};
    bool awaits_answer = false;
    for (std::size_t at = 1; at + 3 <= size && at < 3000; at += 3) {
        auto const kind = data[at];
        auto const a = data[at + 1];
        auto const b = data[at + 2];
        TypedKey typed;
        if (kind == 0xF0) {
            keyboard.synchronise({(a & 1U) != 0, (a & 2U) != 0, (a & 4U) != 0});
            continue;
        }
        if (kind == 0xF1) {
            screens.login_refused(a, now);
            awaits_answer = false;
            continue;
        }
        if (kind == 0xF2) {
            screens.show_menu("x", std::vector<WindowRow>(a, {"cible", "compte", "18:00", now}));
            awaits_answer = false;
            continue;
        }
        if (kind == 0xF3)
            typed = keyboard.unicode(static_cast<char16_t>(a * 256 + b), true);
        else
            typed = keyboard.press(
                {.code = a,
                 .extended = (kind & 1U) != 0,
                 .pause = (kind & 2U) != 0,
                 .down = (kind & 4U) != 0}
            );
        // What a key types is short, printable and UTF-8.
        if (typed.text.size() > 12 || typed.name.size() > 40) std::abort();
        for (char const c : typed.text)
            if (static_cast<unsigned char>(c) < 0x20) std::abort();
        (void)secrets.hides(typed);
        auto const action = screens.feed(typed, now);
        if (auto const* submit = std::get_if<Submit>(&action)) {
            // Never twice without an answer, never incomplete, never endless.
            if (awaits_answer || submit->login.empty() || submit->password.empty() ||
                submit->code.empty())
                std::abort();
            if (submit->login.size() > 800 || submit->password.reveal().size() > 512) std::abort();
            awaits_answer = true;
        }
        if (auto const* choose = std::get_if<Choose>(&action))
            if (choose->row >= Screens::rows_max) std::abort();
        now += std::chrono::milliseconds{b};
    }
    if (screens.draw(canvas, now).empty()) std::abort();
    return 0;
}
