# The few kinds of targets this project has. Each folder declares its own, with
# explicit sources.

add_library(cartwise_flags INTERFACE)
target_compile_options(cartwise_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wno-missing-field-initializers -fstack-protector-strong
  # Some libraries ask for it, and a precompiled header is of use to those alone that share its flags.
  -pthread)
target_include_directories(cartwise_flags INTERFACE
  ${PROJECT_SOURCE_DIR}/libs ${PROJECT_BINARY_DIR}/gen)

# Precompiled headers, each holding the one before it. What a file includes it
# still names; these only make it cheap.
#   (none)  the standard library, absl
#   GRPC    and gRPC, Protobuf
# Tests have both once more, with Catch2 and JSON. (Boost.Asio is not worth it: its
# files take their time for what they instantiate.)

# cartwise_library(name SOURCES a.cpp ... DEPS x y ... [GRPC])
# GRPC: the target includes gRPC or generated protos.
function(cartwise_library name)
  cmake_parse_arguments(ARG "GRPC" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC cartwise_flags ${ARG_DEPS})
    _cartwise_headers(${name} "${ARG_GRPC}")
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE cartwise_flags ${ARG_DEPS})
  endif()
endfunction()

# cartwise_executable(name SOURCES ... DEPS ... [GRPC]): lands in build/<preset>/bin.
function(cartwise_executable name)
  cmake_parse_arguments(ARG "GRPC" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE cartwise_flags ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  _cartwise_headers(${name} "${ARG_GRPC}")
endfunction()

# cartwise_test(name LABEL unit|pg|e2e SOURCES x_test.cpp ... DEPS ... [GRPC])
# Not optimised: a test's own code runs once.
function(cartwise_test name)
  cmake_parse_arguments(ARG "GRPC" "LABEL" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE cartwise_flags ${ARG_DEPS} cartwise_catch)
  target_compile_options(${name} PRIVATE ${CARTWISE_UNOPTIMISED})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(ARG_GRPC)
    target_link_libraries(${name} PRIVATE gRPC::grpc++ protobuf::libprotobuf)
    target_precompile_headers(${name} REUSE_FROM cartwise_catch_grpc_pch)
  else()
    target_precompile_headers(${name} REUSE_FROM cartwise_catch_pch)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600)
endfunction()

function(_cartwise_headers name grpc)
  if(grpc)
    target_link_libraries(${name} PRIVATE gRPC::grpc++ protobuf::libprotobuf)
    target_precompile_headers(${name} REUSE_FROM cartwise_grpc_pch)
  else()
    target_precompile_headers(${name} REUSE_FROM cartwise_std_pch)
  endif()
endfunction()

set(CARTWISE_UNOPTIMISED -O0 -U_FORTIFY_SOURCE)

set(STD_HEADERS
  <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <string_view>
  <utility> <vector> <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/time/time.h>)
set(GRPC_HEADERS
  <grpcpp/grpcpp.h> <google/protobuf/message.h> <google/protobuf/struct.pb.h>
  <google/protobuf/timestamp.pb.h>)
set(TEST_HEADERS <catch2/catch.hpp> <nlohmann/json.hpp>)

file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/gen/empty.cpp CONTENT "")

# _cartwise_pch(name HEADERS ... [OPTIONS ...])
function(_cartwise_pch name)
  cmake_parse_arguments(ARG "" "" "HEADERS;OPTIONS" ${ARGN})
  add_library(${name} STATIC ${PROJECT_BINARY_DIR}/gen/empty.cpp)
  target_link_libraries(${name} PUBLIC cartwise_flags)
  target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
  # A hundred megabytes and more, which ccache need not read for every file when this stands beside.
  set(pch ${PROJECT_BINARY_DIR}/CMakeFiles/${name}.dir/cmake_pch.hxx.gch)
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND sh -c "sha256sum <'${pch}' >'${pch}.sum'" VERBATIM)
endfunction()

_cartwise_pch(cartwise_std_pch HEADERS ${STD_HEADERS})
_cartwise_pch(cartwise_grpc_pch HEADERS ${STD_HEADERS} ${GRPC_HEADERS})
_cartwise_pch(cartwise_catch_pch
  HEADERS ${STD_HEADERS} ${TEST_HEADERS} OPTIONS ${CARTWISE_UNOPTIMISED})
_cartwise_pch(cartwise_catch_grpc_pch
  HEADERS ${STD_HEADERS} ${GRPC_HEADERS} ${TEST_HEADERS}
  OPTIONS ${CARTWISE_UNOPTIMISED})

add_library(cartwise_catch INTERFACE)
target_link_libraries(cartwise_catch INTERFACE Catch2::Catch2WithMain)
