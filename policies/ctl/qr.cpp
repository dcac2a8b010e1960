#include "policies/ctl/qr.h"

#include <memory>
#include <qrencode.h>

namespace ecluse::ctl {
namespace {

/// What the standard asks around a code so that a camera finds it.
constexpr int margin = 2;

struct QrFree {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

bool is_dark(QRcode const& code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code.width || y >= code.width) return false;
    return (code.data[y * code.width + x] & 1U) != 0;
}

} // namespace

std::string qr_code(std::string_view text)
{
    std::unique_ptr<QRcode, QrFree> const code{
        QRcode_encodeString8bit(std::string{text}.c_str(), 0, QR_ECLEVEL_M)};
    if (!code) return {};
    std::string shown;
    for (int y = -margin; y < code->width + margin; y += 2) {
        // Black on white said explicitly: on a dark terminal an uncoloured code is inverted.
        shown += "\033[30;107m";
        for (int x = -margin; x < code->width + margin; ++x) {
            bool const upper = is_dark(*code, x, y);
            bool const lower = is_dark(*code, x, y + 1);
            shown += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
        }
        shown += "\033[0m\n";
    }
    return shown;
}

} // namespace ecluse::ctl
