# Run by cmake -P: see cmake/catalogue.cmake.
cmake_policy(SET CMP0057 NEW)
file(READ ${FRENCH} french)
file(READ ${ENGLISH} english)

string(JSON french_count LENGTH "${french}")
string(JSON english_count LENGTH "${english}")

function(holes_of text result)
  string(REGEX MATCHALL "{[^}]*}" holes "${text}")
  list(SORT holes)
  list(REMOVE_DUPLICATES holes)
  set(${result} "${holes}" PARENT_SCOPE)
endfunction()

set(keys "")
math(EXPR last "${french_count} - 1")
foreach(index RANGE ${last})
  string(JSON key MEMBER "${french}" ${index})
  list(APPEND keys ${key})
endforeach()
math(EXPR last "${english_count} - 1")
foreach(index RANGE ${last})
  string(JSON key MEMBER "${english}" ${index})
  if(NOT key IN_LIST keys)
    message(FATAL_ERROR "i18n: \"${key}\" is in en.json but not in fr.json")
  endif()
endforeach()

set(enumerators "")
set(rows "")
foreach(key IN LISTS keys)
  string(JSON fr GET "${french}" ${key})
  string(JSON en ERROR_VARIABLE missing GET "${english}" ${key})
  if(missing)
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

namespace ecluse {

/// Generated from i18n/*.json: one enumerator per key, dots written as underscores.
enum class TextKey {
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
