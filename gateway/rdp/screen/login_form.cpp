#include "gateway/rdp/screen/login_form.h"

#include "common/utf8.h"

#include <algorithm>

namespace ecluse::rdp {
namespace {

/// policies/core/passwords.h allows 128 characters; login parts 64 bytes each; a recovery code has
/// 12 characters and may be typed with dashes.
constexpr std::size_t login_characters_max = 200;
constexpr std::size_t password_characters_max = 128;
constexpr std::size_t code_characters_max = 32;
constexpr std::size_t utf8_bytes_max = 4;

bool is_typable(char32_t point)
{
    return point >= 0x20 && !(point >= 0x7F && point < 0xA0);
}

} // namespace

Field::Field(std::size_t characters_max) : characters_max_{characters_max}
{
    text_.reserve(characters_max * utf8_bytes_max);
}

Field::~Field()
{
    wipe(text_);
}

Field::Field(Field&& other) noexcept
    : characters_max_{other.characters_max_}, text_{std::move(other.text_)}, caret_{other.caret_}
{
    other.caret_ = 0;
}

Field& Field::operator=(Field&& other) noexcept
{
    if (this != &other) {
        wipe(text_);
        characters_max_ = other.characters_max_;
        text_ = std::move(other.text_);
        caret_ = std::exchange(other.caret_, 0);
    }
    return *this;
}

std::size_t Field::byte_at(std::size_t character) const
{
    std::size_t at = 0;
    while (character-- > 0 && at < text_.size())
        at += std::max<std::size_t>(decode_utf8(std::string_view{text_}.substr(at)).length, 1);
    return at;
}

std::size_t Field::characters() const
{
    return static_cast<std::size_t>(std::count_if(text_.begin(), text_.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

void Field::insert(std::string_view text)
{
    while (!text.empty()) {
        auto const [point, length] = decode_utf8(text);
        if (length == 0) return;
        // INVARIANT: text_.size() <= capacity as reserved, so that the buffer never moves.
        if (is_typable(point) && characters() < characters_max_) {
            text_.insert(byte_at(caret_), text.substr(0, length));
            ++caret_;
        }
        text.remove_prefix(length);
    }
}

void Field::erase_before()
{
    if (caret_ == 0) return;
    --caret_;
    erase_after();
}

void Field::erase_after()
{
    auto const from = byte_at(caret_);
    auto const to = byte_at(caret_ + 1);
    text_.erase(from, to - from);
}

void Field::move(int characters_by)
{
    auto const to = static_cast<std::ptrdiff_t>(caret_) + characters_by;
    caret_ = static_cast<std::size_t>(
        std::clamp<std::ptrdiff_t>(to, 0, static_cast<std::ptrdiff_t>(characters()))
    );
}

void Field::move_to_end()
{
    caret_ = characters();
}

void Field::clear()
{
    wipe(text_);
    caret_ = 0;
}

LoginForm::LoginForm()
    : fields_{
          Field{login_characters_max}, Field{password_characters_max}, Field{code_characters_max}}
{
}

void LoginForm::refuse(Deadline until)
{
    fields_[password].clear();
    fields_[code].clear();
    focus_ = fields_[login].text().empty() ? login : password;
    is_checking_ = false;
    is_incomplete_ = false;
    is_refused_ = true;
    until_ = until;
}

std::int64_t LoginForm::wait_s(Deadline now) const
{
    if (now >= until_) return 0;
    return std::chrono::ceil<std::chrono::seconds>(until_ - now).count();
}

Secret LoginForm::take(Part part)
{
    auto secret = Secret::copy_of(fields_[part].text());
    fields_[part].clear();
    return secret;
}

LoginForm::Step LoginForm::feed(TypedKey const& key, Deadline now)
{
    if (is_checking_) return Step::editing;
    auto& field = fields_[focus_];
    auto const go = [&](unsigned by) {
        focus_ = static_cast<Part>((focus_ + by) % part_count);
        fields_[focus_].move_to_end();
    };
    if (!key.text.empty()) {
        is_incomplete_ = false;
        field.insert(key.text);
    }
    if (!key.stroke.down || key.ctrl || key.alt || key.win) return Step::editing;
    switch (key.key) {
    case Key::escape:
        return Step::quit;
    case Key::tab:
        go(key.shift ? part_count - 1U : 1U);
        break;
    case Key::down:
        go(1);
        break;
    case Key::up:
        go(part_count - 1U);
        break;
    case Key::left:
        field.move(-1);
        break;
    case Key::right:
        field.move(1);
        break;
    case Key::home:
        field.move_to_start();
        break;
    case Key::end:
        field.move_to_end();
        break;
    case Key::backspace:
        field.erase_before();
        break;
    case Key::del:
        field.erase_after();
        break;
    case Key::enter: {
        // The way of a person who fills the form: Enter goes on to the next empty field, and sends
        // from the last.
        auto const empty = std::find_if(fields_.begin(), fields_.end(), [](Field const& each) {
            return each.text().empty();
        });
        if (empty != fields_.end()) {
            is_incomplete_ = focus_ == code || field.text().empty();
            focus_ = static_cast<Part>(empty - fields_.begin());
            break;
        }
        if (wait_s(now) > 0) break;
        is_checking_ = true;
        is_refused_ = false;
        return Step::submit;
    }
    default:
        break;
    }
    return Step::editing;
}

} // namespace ecluse::rdp
