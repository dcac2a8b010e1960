# Run by cmake -P, with ROUTES (admin-web/routes.tsv) and any of SOURCE (C++), TYPESCRIPT, OPENAPI: the files to
# write. A row that is not understood, or a route or request that is there twice, stops the build.
cmake_policy(SET CMP0057 NEW)
file(STRINGS "${ROUTES}" lines ENCODING UTF-8)

set(seen "")
set(cpp "")
set(ts "")
set(paths "")
function(field_type kind result)
  if(kind STREQUAL "[]")
    set(${result} "\"type\":\"array\",\"items\":{\"type\":\"string\"}" PARENT_SCOPE)
  elseif(kind STREQUAL ":flag")
    set(${result} "\"type\":\"boolean\"" PARENT_SCOPE)
  elseif(kind STREQUAL ":number")
    set(${result} "\"type\":\"integer\"" PARENT_SCOPE)
  elseif(kind STREQUAL ":object")
    set(${result} "\"type\":\"object\"" PARENT_SCOPE)
  else()
    set(${result} "\"type\":\"string\"" PARENT_SCOPE)
  endif()
endfunction()

set(header yes)
foreach(line IN LISTS lines)
  if(line MATCHES "^#")
    continue()
  endif()
  if(header)
    set(header no)
    if(NOT line STREQUAL "door\tmethod\tpath\trequest\tfields\tanswer")
      message(FATAL_ERROR "routes: unexpected heading: ${line}")
    endif()
    continue()
  endif()
  # CMake's own lists: a field list may hold "[]".
  if(NOT line MATCHES "^(portal|console|both)\t(GET|POST)\t(/api/v1/[a-z0-9_./{}]+)\t([a-z0-9_]+[.a-z0-9_]*)\t([^\t]+)\t([^\t]+)$")
    message(FATAL_ERROR "routes: not understood: ${line}")
  endif()
  set(door "${CMAKE_MATCH_1}")
  set(method "${CMAKE_MATCH_2}")
  set(path "${CMAKE_MATCH_3}")
  set(request "${CMAKE_MATCH_4}")
  set(fields "${CMAKE_MATCH_5}")
  set(answer "${CMAKE_MATCH_6}")
  if(NOT answer MATCHES "^(json|file|bytes|websocket|parts:[a-z_,]+|text:[a-z_]+)$")
    message(FATAL_ERROR "routes: unknown answer: ${line}")
  endif()
  foreach(key IN ITEMS "${method} ${path}" "${request}")
    if(key IN_LIST seen)
      message(FATAL_ERROR "routes: twice: ${key}")
    endif()
    list(APPEND seen "${key}")
  endforeach()

  # fields
  if(fields STREQUAL "-")
    set(fields "")
  endif()
  string(REPLACE "[]" "@list" names "${fields}")
  string(REPLACE "," ";" names "${names}")
  set(ts_fields "")
  set(query "")
  set(body "")
  set(required "")
  set(in_path "")
  foreach(field IN LISTS names)
    if(NOT field MATCHES "^([a-z][a-z0-9_]*)(@list|:flag|:number|:object)?([?])?$")
      message(FATAL_ERROR "routes: not a field: ${field} in ${line}")
    endif()
    set(name "${CMAKE_MATCH_1}")
    set(kind "${CMAKE_MATCH_2}")
    set(optional "${CMAKE_MATCH_3}")
    string(REPLACE "@list" "[]" kind "${kind}")
    field_type("${kind}" type)
    set(ts_kind "string")
    if(kind STREQUAL "[]")
      set(ts_kind "string[]")
    elseif(kind STREQUAL ":flag")
      set(ts_kind "boolean")
    elseif(kind STREQUAL ":number")
      set(ts_kind "number")
    elseif(kind STREQUAL ":object")
      set(ts_kind "Record<string, unknown>")
    endif()
    string(APPEND ts_fields " ${name}${optional}: ${ts_kind};")
    set(need "true")
    if(optional)
      set(need "false")
    endif()
    if(path MATCHES "{${name}}")
      list(APPEND in_path "{\"name\":\"${name}\",\"in\":\"path\",\"required\":true,\"schema\":{${type}}}")
    elseif(method STREQUAL "GET")
      list(APPEND query "{\"name\":\"${name}\",\"in\":\"query\",\"required\":${need},\"schema\":{${type}}}")
    else()
      list(APPEND body "\"${name}\":{${type}}")
      if(NOT optional)
        list(APPEND required "\"${name}\"")
      endif()
    endif()
  endforeach()
  string(REGEX MATCHALL "{[^}]*}" holes "${path}")
  list(LENGTH holes hole_count)
  list(LENGTH in_path filled)
  if(NOT hole_count EQUAL filled)
    message(FATAL_ERROR "routes: a {hole} without its field: ${line}")
  endif()

  string(APPEND cpp "    {RouteDoor::${door}, \"${method}\", \"${path}\", \"${request}\", \"${fields}\", \"${answer}\"},\n")
  string(APPEND ts "  \"${request}\": { door: \"${door}\", method: \"${method}\", path: \"${path}\", answer: \"${answer}\" },\n")
  string(APPEND ts_types "  \"${request}\": {${ts_fields} };\n")

  list(JOIN in_path "," path_parameters)
  list(JOIN query "," query_parameters)
  list(APPEND in_path ${query})
  list(JOIN in_path "," parameters)
  list(JOIN body "," properties)
  list(JOIN required "," required)
  # A token of automation knows one door, signs nothing, and does not listen.
  set(security "")
  if(NOT door STREQUAL "portal" AND NOT "${fields}" MATCHES "(^|,)password(,|$)" AND NOT answer STREQUAL "websocket")
    set(security "\"security\":[{\"session\":[]},{\"token\":[]}],")
  endif()
  set(operation "\"operationId\":\"${request}\",\"x-door\":\"${door}\",${security}\"parameters\":[${parameters}]")
  if(method STREQUAL "POST")
    string(APPEND operation ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{${properties}},\"required\":[${required}]}}}}")
  endif()
  if(answer MATCHES "^(file|bytes)$")
    set(content "\"application/octet-stream\":{}")
  elseif(answer STREQUAL "websocket")
    set(content "")
  else()
    set(content "\"application/json\":{\"schema\":{\"type\":\"object\"}}")
  endif()
  if(answer STREQUAL "websocket")
    set(success "\"101\":{\"description\":\"WebSocket\"}")
  else()
    set(success "\"200\":{\"description\":\"OK\",\"content\":{${content}}}")
  endif()
  string(APPEND operation ",\"responses\":{${success},\"default\":{\"description\":\"Problem\",\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}")
  string(TOLOWER "${method}" verb)
  string(MAKE_C_IDENTIFIER "${path}" id)
  if(NOT id IN_LIST path_ids)
    list(APPEND path_ids ${id})
    set(path_of_${id} "${path}")
    set(operations_of_${id} "\"${verb}\":{${operation}}")
  else()
    string(APPEND operations_of_${id} ",\"${verb}\":{${operation}}")
  endif()
endforeach()

foreach(id IN LISTS path_ids)
  if(paths)
    string(APPEND paths ",\n")
  endif()
  string(APPEND paths "\"${path_of_${id}}\":{${operations_of_${id}}}")
endforeach()
set(openapi "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Écluse\",\"version\":\"1\"},
\"components\":{\"schemas\":{\"Problem\":{\"type\":\"object\",\"required\":[\"status\",\"code\",\"title\"],\"properties\":{\"status\":{\"type\":\"integer\"},\"code\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"},\"remedy\":{\"type\":\"string\"},\"reference\":{\"type\":\"string\"}}}},
\"securitySchemes\":{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-ecluse\"},\"token\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"ecluse_ and 64 hexadecimal digits\",\"description\":\"Made with eclusectl token create; console only, without a cookie, with the rights of its role. What people do for themselves, and what they sign, refuses it (E-JET-07).\"}}},
\"security\":[{\"session\":[]}],
\"paths\":{
${paths}
}}
")

if(SOURCE)
  file(WRITE "${SOURCE}" "#include \"admin-web/routes/routes.h\"

namespace ecluse {

extern RouteRow const route_rows[];
extern std::size_t const route_count;
extern char const openapi_text[];

RouteRow const route_rows[] = {
${cpp}};

std::size_t const route_count = sizeof route_rows / sizeof route_rows[0];

char const openapi_text[] = R\"~~(${openapi})~~\";

} // namespace ecluse
")
endif()
if(TYPESCRIPT)
  file(WRITE "${TYPESCRIPT}" "// Generated from admin-web/routes.tsv.

export const routes = {
${ts}} as const;

export type RequestName = keyof typeof routes;

/** The fields of each request. */
export interface RequestFields {
${ts_types}}
")
endif()
if(OPENAPI)
  file(WRITE "${OPENAPI}" "${openapi}")
endif()
