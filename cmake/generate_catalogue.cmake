# Run by cmake -P: see cmake/catalogue.cmake.
cmake_policy(SET CMP0057 NEW)
# One key per line, so that each line is read alone: string(JSON) reads its whole text again at every call, and
# with the whole file that was seconds of each build that changed a sentence.
function(read_catalogue path prefix)
  file(READ "${path}" content)
  # CMake's own lists: neither ";" nor "[" may be seen as theirs.
  string(REPLACE ";" "\\u003b" content "${content}")
  string(REPLACE "[" "\\u005b" content "${content}")
  string(REPLACE "]" "\\u005d" content "${content}")
  string(REPLACE "\n" ";" lines "${content}")
  set(keys "")
  foreach(line IN LISTS lines)
    if(line MATCHES "^[{}]?$")
      continue()
    endif()
    string(REGEX REPLACE ",$" "" line "${line}")
    string(JSON key ERROR_VARIABLE wrong MEMBER "{${line}}" 0)
    if(wrong)
      message(FATAL_ERROR "i18n: ${path}: not one \"key\": \"text\" per line: ${line}")
    endif()
    string(JSON text GET "{${line}}" "${key}")
    if(DEFINED ${prefix}_${key})
      message(FATAL_ERROR "i18n: ${path}: \"${key}\" is there twice")
    endif()
    set(${prefix}_${key} "${text}")
    set(${prefix}_${key} "${text}" PARENT_SCOPE)
    list(APPEND keys "${key}")
  endforeach()
  set(${prefix}_keys "${keys}" PARENT_SCOPE)
endfunction()
read_catalogue("${FRENCH}" french)
read_catalogue("${ENGLISH}" english)

function(holes_of text result)
  string(REGEX MATCHALL "{[^}]*}" holes "${text}")
  list(SORT holes)
  list(REMOVE_DUPLICATES holes)
  set(${result} "${holes}" PARENT_SCOPE)
endfunction()

foreach(key IN LISTS english_keys)
  if(NOT DEFINED french_${key})
    message(FATAL_ERROR "i18n: \"${key}\" is in en.json but not in fr.json")
  endif()
endforeach()

set(enumerators "")
set(rows "")
foreach(key IN LISTS french_keys)
  set(fr "${french_${key}}")
  set(en "${english_${key}}")
  if(NOT DEFINED english_${key})
    message(FATAL_ERROR "i18n: \"${key}\" is in fr.json but not in en.json")
  endif()
  if(NOT key MATCHES "^[a-z0-9_]+(\\.[a-z0-9_]+)*$")
    message(FATAL_ERROR "i18n: \"${key}\" is not a key (lower case, digits, underscores, dots)")
  endif()
  holes_of("${fr}" fr_holes)
  holes_of("${en}" en_holes)
  if(NOT "${fr_holes}" STREQUAL "${en_holes}")
    message(FATAL_ERROR "i18n: \"${key}\" has holes ${fr_holes} in French and ${en_holes} in English")
  endif()
  if(key MATCHES "\\.ascii$" AND NOT "${fr}${en}" MATCHES "^[ -~\n]*$")
    message(FATAL_ERROR "i18n: \"${key}\" must be pure ASCII (OpenSSH escapes accents there)")
  endif()
  string(REPLACE "." "_" name ${key})
  string(APPEND enumerators "    ${name},\n")
  string(APPEND rows "    {\"${key}\", R\"~~(${fr})~~\", R\"~~(${en})~~\"},\n")
endforeach()

file(WRITE ${HEADER}.new "#pragma once

#include <cstdint>

namespace ecluse {

/// Generated from i18n/*.json: one enumerator per key, dots written as underscores.
enum class TextKey : std::uint16_t {
${enumerators}};

} // namespace ecluse
")
file(WRITE ${SOURCE}.new "#include \"common/text_table.h\"

namespace ecluse {

TextRow const text_table[] = {
${rows}};

std::size_t const text_count = sizeof text_table / sizeof text_table[0];

} // namespace ecluse
")
# An unchanged header must not rebuild the world when only a sentence was edited.
file(COPY_FILE ${HEADER}.new ${HEADER} ONLY_IF_DIFFERENT)
file(COPY_FILE ${SOURCE}.new ${SOURCE})
