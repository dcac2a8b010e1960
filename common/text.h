#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// Every sentence that a person reads, from one catalogue: i18n/fr.json and i18n/en.json.
namespace ecluse {

enum class Language { french, english };

/// One enumerator per sentence. Whoever names one includes "common/text_keys.h"; the others, which
/// only pass it on, need not be compiled again for each new sentence.
enum class TextKey : std::uint16_t;

/// "fr" or "en".
[[nodiscard]] std::optional<Language> parse_language(std::string_view code);
[[nodiscard]] std::string_view to_code(Language language);

using TextHoles = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// The sentence with its {named} holes filled; one that is not given stays as it is, for a later
/// hand. Values are inserted as they are: text from outsiders goes through `printable` first.
[[nodiscard]] std::string text(Language language, TextKey key, TextHoles holes = {});
/// By the key's written name ("refusal.e_fen_01.reason"), for keys made of a code.
[[nodiscard]] std::optional<TextKey> find_text(std::string_view key);

} // namespace ecluse
