# Debian packages only; nothing is downloaded.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 REQUIRED)
# Boost 1.83 everywhere: Debian 12 takes it from backports.
find_package(Boost 1.83 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libssh REQUIRED IMPORTED_TARGET libssh>=0.10.6)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(qrencode REQUIRED IMPORTED_TARGET libqrencode) # the TOTP code on a terminal
find_package(tomlplusplus REQUIRED)
# The intervention report: drawn by Pango and Cairo, finished by libqpdf, colours by Little CMS.
pkg_check_modules(pangocairo REQUIRED IMPORTED_TARGET pangocairo>=1.50 cairo-pdf>=1.16)
pkg_check_modules(fontconfig REQUIRED IMPORTED_TARGET fontconfig)
pkg_check_modules(lcms2 REQUIRED IMPORTED_TARGET lcms2)
# By hand, because its own version file takes another major number (12 on Debian 13) for another library.
find_package(qpdf REQUIRED)
if(qpdf_VERSION VERSION_LESS 11.3)
  message(FATAL_ERROR "qpdf ${qpdf_VERSION} is older than 11.3")
endif()
# The letters of films of terminals, and at build time those of the RDP worker's own screens (gateway/rdp/screen/bake_glyphs.cpp).
pkg_check_modules(freetype REQUIRED IMPORTED_TARGET freetype2)
# RDP: one small file hides what differs between 3.10 and 3.32 (gateway/rdp/freerdp_compat.cpp).
pkg_check_modules(freerdp REQUIRED IMPORTED_TARGET freerdp3>=3.10 winpr3>=3.10)
pkg_check_modules(freerdp_server REQUIRED IMPORTED_TARGET freerdp-server3>=3.10 freerdp-server-proxy3>=3.10)
pkg_check_modules(freerdp_client REQUIRED IMPORTED_TARGET freerdp-client3>=3.10)
pkg_check_modules(x264 REQUIRED IMPORTED_TARGET x264>=0.164) # the video of desktops and terminals
pkg_check_modules(tsm REQUIRED IMPORTED_TARGET libtsm>=4.0) # the terminal of those films
if(ECLUSE_TESTS)
  find_package(Catch2 3 REQUIRED)
endif()
# The password estimator has no pkg-config file.
find_path(ZXCVBN_INCLUDE_DIR zxcvbn.h REQUIRED)
find_library(ZXCVBN_LIBRARY zxcvbn REQUIRED)
add_library(zxcvbn::zxcvbn UNKNOWN IMPORTED)
set_target_properties(zxcvbn::zxcvbn PROPERTIES
  IMPORTED_LOCATION ${ZXCVBN_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${ZXCVBN_INCLUDE_DIR})
