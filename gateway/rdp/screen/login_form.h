#pragma once

#include "common/secret.h"
#include "common/time.h"
#include "gateway/rdp/keyboard/key.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ecluse::rdp {

/// One line of text being typed, in a buffer that never moves: no copy of a secret is left behind
/// by growing.
class Field {
public:
    /// `characters_max`: what is typed beyond is ignored.
    explicit Field(std::size_t characters_max);
    ~Field();
    Field(Field&&) noexcept;
    Field& operator=(Field&&) noexcept;

    void insert(std::string_view text); // printable characters only
    void erase_before();
    void erase_after();
    void move(int characters);
    void move_to_start() { caret_ = 0; }
    void move_to_end();
    void clear();

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] std::size_t characters() const;
    /// In characters from the start.
    [[nodiscard]] std::size_t caret() const { return caret_; }

private:
    [[nodiscard]] std::size_t byte_at(std::size_t character) const;

    std::size_t characters_max_;
    std::string text_;
    std::size_t caret_ = 0;
};

/// Identifier, password, code: what is typed and where the caret is. Both factors are sent
/// together: no answer ever tells which one was wrong.
class LoginForm {
public:
    enum Part : std::uint8_t { login, password, code, part_count };
    enum class Step : std::uint8_t { editing, submit, quit };

    LoginForm();

    [[nodiscard]] Step feed(TypedKey const& key, Deadline now);
    /// Wipes the secrets, keeps the identifier, lets nothing be sent before `until`.
    void refuse(Deadline until);

    [[nodiscard]] Field const& field(Part part) const { return fields_[part]; }
    [[nodiscard]] Part focus() const { return focus_; }
    [[nodiscard]] bool is_checking() const { return is_checking_; } // sent, no answer yet
    [[nodiscard]] bool is_refused() const { return is_refused_; }
    [[nodiscard]] bool is_incomplete() const { return is_incomplete_; } // Enter with an empty field
    [[nodiscard]] std::int64_t wait_s(Deadline now) const;              // rounded up

    /// After `Step::submit`: the secrets, which the form no longer holds then.
    [[nodiscard]] Secret take(Part part);

private:
    std::array<Field, part_count> fields_;
    Part focus_ = login;
    bool is_checking_ = false;
    bool is_refused_ = false;
    bool is_incomplete_ = false;
    Deadline until_{};
};

} // namespace ecluse::rdp
