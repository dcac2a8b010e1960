# Warnings, hardening and sanitizers, carried by one interface target: nothing is global.
add_library(ecluse_build INTERFACE)
add_library(ecluse::build ALIAS ecluse_build)
target_include_directories(ecluse_build INTERFACE ${PROJECT_SOURCE_DIR})

target_compile_options(ecluse_build INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2 -Wcast-qual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ecluse_build INTERFACE
    -Wduplicated-cond -Wduplicated-branches -Wlogical-op -ftrivial-auto-var-init=zero)
  # ECLUSE_TRY is a statement expression, which -Wpedantic accepts only behind __extension__.
endif()
if(ECLUSE_WERROR)
  target_compile_options(ecluse_build INTERFACE -Werror)
endif()

target_compile_definitions(ecluse_build INTERFACE _GLIBCXX_ASSERTIONS ECLUSE_VERSION="${PROJECT_VERSION}")
target_compile_options(ecluse_build INTERFACE
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fPIE)
target_link_options(ecluse_build INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
if(ECLUSE_SANITIZE)
  target_compile_options(ecluse_build INTERFACE
    -fsanitize=${ECLUSE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ecluse_build INTERFACE -fsanitize=${ECLUSE_SANITIZE})
  target_compile_definitions(ecluse_build INTERFACE ECLUSE_SANITIZED=1)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  # FORTIFY needs optimisation, and hides faults from the sanitizers.
  target_compile_options(ecluse_build INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(ECLUSE_FUZZ)
  target_compile_options(ecluse_build INTERFACE -fsanitize=fuzzer-no-link)
endif()

# ecluse_library(name SOURCES... LINK public... PRIVATE private...): alias ecluse::name.
function(ecluse_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  add_library(ecluse_${name} STATIC ${ARG_SOURCES})
  add_library(ecluse::${name} ALIAS ecluse_${name})
  target_link_libraries(ecluse_${name} PUBLIC ${ARG_LINK} PRIVATE ecluse::build ${ARG_PRIVATE})
  target_include_directories(ecluse_${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# ecluse_program(name SOURCES... PRIVATE libraries...): built into bin/, installed in libexec/ecluse.
function(ecluse_program name)
  cmake_parse_arguments(ARG "USER" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ecluse::build ${ARG_PRIVATE})
  if(ARG_USER)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  else()
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/ecluse)
  endif()
endfunction()
