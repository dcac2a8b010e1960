#pragma once

#include "gateway/rdp/keyboard/key.h"

#include <bitset>
#include <cstddef>

namespace ecluse::rdp {

/// Which keys are recorded as hidden, judged from the keys alone: nothing on the target says where
/// a secret is typed.
///
/// After Ctrl+Alt+Del (or Ctrl+Alt+End) and after Win+L, every key is hidden until an Enter that
/// follows at least one typed character: a bare Enter only lifts the curtain of a locked screen.
///
/// What it cannot know: a password typed again after a wrong one, or into a program, a browser, a
/// terminal or an elevation prompt, is recorded as it is typed. And what is typed after
/// Ctrl+Alt+Del to another end than a password is hidden up to its first Enter: hidden keys are
/// recorded too (kind `n`), exports mask them.
class SecretEntry {
public:
    /// Off: nothing is ever hidden (`keyboard_mask_rules`).
    explicit SecretEntry(bool is_on) : is_on_{is_on} {}

    /// Every key event, in order. Whether this one is to be recorded as hidden.
    [[nodiscard]] bool hides(TypedKey const& typed);

private:
    bool is_on_;
    bool is_hiding_ = false;
    std::size_t typed_ = 0;
    std::bitset<512>
        hidden_down_; // so that the release of a hidden key is hidden, even after the Enter
};

} // namespace ecluse::rdp
