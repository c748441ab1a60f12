# Everything comes from Debian packages; `./cartwise setup` installs them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Catch2 2 REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(Boost 1.81 REQUIRED)
# Asio and Beast compiled once, instead of into every file that includes them.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/gen/boost_asio.cpp
  CONTENT "#include <boost/asio/impl/src.hpp>\n#include <boost/beast/src.hpp>\n")
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/gen/boost_asio_ssl.cpp
  CONTENT "#include <boost/asio/ssl/impl/src.hpp>\n")
add_library(boost_asio STATIC ${PROJECT_BINARY_DIR}/gen/boost_asio.cpp)
target_compile_definitions(boost_asio PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(boost_asio PUBLIC Boost::headers Threads::Threads)
add_library(boost_asio_ssl STATIC ${PROJECT_BINARY_DIR}/gen/boost_asio_ssl.cpp)
target_link_libraries(boost_asio_ssl PUBLIC boost_asio OpenSSL::SSL)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(pq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
# Not by pkg-config: its _FILE_OFFSET_BITS would make the precompiled headers useless.
find_library(HIREDIS_LIBRARY hiredis REQUIRED)
add_library(hiredis::hiredis UNKNOWN IMPORTED)
set_target_properties(hiredis::hiredis PROPERTIES IMPORTED_LOCATION ${HIREDIS_LIBRARY})
# Without pkg-config.
find_library(ZXCVBN_LIBRARY zxcvbn REQUIRED)
add_library(zxcvbn::zxcvbn UNKNOWN IMPORTED)
set_target_properties(zxcvbn::zxcvbn PROPERTIES IMPORTED_LOCATION ${ZXCVBN_LIBRARY})
# The archive: a few functions of it, and no library more in every service.
find_library(OATH_ARCHIVE NAMES liboath.a oath REQUIRED)
add_library(oath::oath UNKNOWN IMPORTED)
set_target_properties(oath::oath PROPERTIES IMPORTED_LOCATION ${OATH_ARCHIVE})
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)

# Holds google/api/{annotations,http}.proto.
set(GOOGLEAPIS_DIR /usr/share/gocode/src/github.com/gogo/googleapis)
