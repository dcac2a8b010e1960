# All texts for people: i18n/fr.json and i18n/en.json become an enum and two tables. A key missing in
# one language, a {hole} that differs, or an accent in a key named *.ascii stops the build.
set(ECLUSE_CATALOGUE_DIR ${PROJECT_BINARY_DIR}/generated)
set(ECLUSE_CATALOGUE_HEADER ${ECLUSE_CATALOGUE_DIR}/common/text_keys.h)
set(ECLUSE_CATALOGUE_SOURCE ${ECLUSE_CATALOGUE_DIR}/common/text_tables.cpp)
file(MAKE_DIRECTORY ${ECLUSE_CATALOGUE_DIR}/common)
add_custom_command(
  OUTPUT ${ECLUSE_CATALOGUE_HEADER} ${ECLUSE_CATALOGUE_SOURCE}
  COMMAND ${CMAKE_COMMAND}
    -DFRENCH=${PROJECT_SOURCE_DIR}/i18n/fr.json -DENGLISH=${PROJECT_SOURCE_DIR}/i18n/en.json
    -DHEADER=${ECLUSE_CATALOGUE_HEADER} -DSOURCE=${ECLUSE_CATALOGUE_SOURCE}
    -P ${PROJECT_SOURCE_DIR}/cmake/generate_catalogue.cmake
  DEPENDS ${PROJECT_SOURCE_DIR}/i18n/fr.json ${PROJECT_SOURCE_DIR}/i18n/en.json
    ${PROJECT_SOURCE_DIR}/cmake/generate_catalogue.cmake
  COMMENT "Checking and generating the text catalogue")
add_custom_target(ecluse_catalogue DEPENDS ${ECLUSE_CATALOGUE_HEADER} ${ECLUSE_CATALOGUE_SOURCE})
