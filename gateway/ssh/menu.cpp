#include "gateway/ssh/menu.h"

#include "common/bytes.h"
#include "common/left_text.h"
#include "common/text_keys.h"

#include <charconv>

namespace ecluse::ssh {
namespace {

/// A choice is a number of at most three digits or one letter.
constexpr std::size_t line_max = 8;
/// Something that types at random is not a person.
constexpr int mistakes_max = 20;
constexpr std::size_t name_chars = 40;

} // namespace

std::string MenuDialog::question() const
{
    return text(language_, TextKey::ssh_menu_choice, {{"n", std::to_string(menu_.windows.size())}});
}

std::string MenuDialog::show() const
{
    std::string shown = text(language_, TextKey::ssh_menu_title) + "\n";
    std::size_t number = 0;
    for (auto const& window : menu_.windows) {
        shown += text(
            language_,
            TextKey::ssh_menu_row,
            {{"n", std::to_string(++number)},
             {"target", printable(window.asset_name, name_chars)},
             {"protocol", printable(window.protocol, 8)},
             {"left", left_text(window.left_ms)}}
        );
        shown += "\n";
    }
    return shown + question();
}

void MenuDialog::on_line(Step& step)
{
    auto const line = std::exchange(line_, {});
    if (line == "q" || line == "Q") {
        step.quit = true;
        return;
    }
    if (line == "e" || line == "f" || line == "E" || line == "F") {
        language_ = line == "e" || line == "E" ? Language::english : Language::french;
        step.output += show();
        return;
    }
    if (line == "?") {
        step.output += text(language_, TextKey::ssh_menu_help) + "\n" + question();
        return;
    }
    std::size_t number = 0;
    auto const [end, fault] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (fault == std::errc{} && end == line.data() + line.size() && number >= 1 &&
        number <= menu_.windows.size()) {
        step.chosen = &menu_.windows[number - 1];
        return;
    }
    if (!line.empty() && ++mistakes_ >= mistakes_max) step.quit = true;
    step.output += question();
}

MenuDialog::Step MenuDialog::on_input(std::string_view bytes)
{
    Step step;
    for (char const c : bytes) {
        if (step.chosen || step.quit) break;
        if (c == '\r' || c == '\n') {
            if (echo_) step.output += "\n";
            on_line(step);
        } else if (c == '\x03' || c == '\x04') {
            step.quit = true;
        } else if (c == '\x7f' || c == '\b') {
            if (line_.empty()) continue;
            line_.pop_back();
            if (echo_) step.output += "\b \b";
        } else if (c > 0x20 && c < 0x7f && line_.size() < line_max) {
            line_.push_back(c);
            if (echo_) step.output.push_back(c);
        }
    }
    return step;
}

} // namespace ecluse::ssh
