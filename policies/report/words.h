#pragma once

#include "common/text.h"
#include "policies/report/facts.h"

#include <string>
#include <string_view>
#include <vector>

/// Small pieces of the report's language, shared by its parts.
namespace ecluse::report {

class Words {
public:
    explicit Words(Language language) : language_{language} {}

    [[nodiscard]] Language language() const { return language_; }
    [[nodiscard]] std::string say(TextKey key, TextHoles holes = {}) const;
    /// The catalogue's word for a code ("end", "window_end"); an unknown code is shown as it is.
    [[nodiscard]] std::string word(std::string_view family, std::string_view code) const;
    [[nodiscard]] std::string words(std::string_view family, std::vector<std::string> const&) const;
    /// "ssh_key+totp" and lists of such.
    [[nodiscard]] std::string factors(std::vector<std::string> const& factors) const;
    [[nodiscard]] std::string yes_no(bool yes) const;
    /// Hour of Paris, with the zone's name.
    [[nodiscard]] std::string instant(UtcTime at) const;
    [[nodiscard]] std::string instant(std::optional<UtcTime> at) const;
    /// "21 h 05" is for prose: tables use "09:05:30".
    [[nodiscard]] std::string size(std::int64_t bytes) const;
    /// "2026-11-21" or "2026-11-21T09:05" of the form, the French way.
    [[nodiscard]] std::string declared_date(std::string_view iso) const;
    [[nodiscard]] std::string count(std::int64_t count) const;
    [[nodiscard]] std::string or_none(std::optional<std::string> const& text) const;

private:
    Language language_;
};

/// Everything of a text that somebody else wrote, safe to show; its line breaks are kept.
[[nodiscard]] std::string shown(std::string_view text);

} // namespace ecluse::report
