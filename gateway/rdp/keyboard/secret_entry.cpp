#include "gateway/rdp/keyboard/secret_entry.h"

namespace ecluse::rdp {
namespace {

/// No password is longer (policies/core/passwords.h allows 128): beyond, something else is being
/// typed.
constexpr std::size_t characters_max = 256;

bool asks_for_secret(TypedKey const& typed)
{
    if (typed.ctrl && typed.alt && (typed.key == Key::del || typed.key == Key::end)) return true;
    return typed.key == Key::character && typed.name == "Win+L";
}

} // namespace

bool SecretEntry::hides(TypedKey const& typed)
{
    if (!is_on_) return false;
    auto const index =
        static_cast<std::size_t>(typed.stroke.code) + (typed.stroke.extended ? 256U : 0U);
    if (!typed.stroke.down) {
        bool const was_hidden = hidden_down_[index];
        hidden_down_[index] = false;
        return was_hidden || (is_hiding_ && !typed.text.empty());
    }
    if (asks_for_secret(typed)) {
        is_hiding_ = true;
        typed_ = 0;
        return false;
    }
    bool const hides = is_hiding_;
    hidden_down_[index] = hides;
    if (!hides) return false;
    if (typed.key == Key::enter) {
        is_hiding_ = typed_ == 0;
    } else if (!typed.text.empty() && ++typed_ == characters_max) {
        is_hiding_ = false;
    }
    return true;
}

} // namespace ecluse::rdp
