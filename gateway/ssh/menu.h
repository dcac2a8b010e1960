#pragma once

#include "common/text.h"
#include "gateway/ssh/words.h"

#include <optional>
#include <string>
#include <string_view>

namespace ecluse::ssh {

/// The list of open windows and the person's answer, as text in, text out.
class MenuDialog {
public:
    /// `echo`: the client has a terminal in raw mode, so what is typed must be shown by us.
    MenuDialog(Menu menu, Language language, bool echo)
        : menu_{std::move(menu)}, language_{language}, echo_{echo}
    {
    }

    [[nodiscard]] std::string show() const;
    struct Step {
        std::string output;
        OpenWindow const* chosen = nullptr;
        bool quit = false;
    };
    [[nodiscard]] Step on_input(std::string_view bytes);

private:
    [[nodiscard]] std::string question() const;
    void on_line(Step& step);

    Menu menu_;
    Language language_;
    bool echo_;
    std::string line_;
    int mistakes_ = 0;
};

} // namespace ecluse::ssh
