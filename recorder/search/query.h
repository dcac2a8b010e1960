#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ecluse::recording {

/// More words than anybody types; each is looked up.
constexpr std::size_t query_words_max = 16;

/// What a person typed, as an FTS5 expression that says nothing else: all the words, in any order;
/// "several words" between quotation marks are a phrase, a final * is any ending. Whatever else was
/// typed is text. Nothing when there is no letter and no digit in it.
[[nodiscard]] std::optional<std::string> to_query(std::string_view typed);

} // namespace ecluse::recording
