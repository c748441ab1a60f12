# The few kinds of targets this project has. Each folder declares its own, with
# explicit sources.

add_library(cartwise_flags INTERFACE)
target_compile_options(cartwise_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wno-missing-field-initializers -fstack-protector-strong
  # Some libraries ask for it, and a precompiled header is of use to those alone that share its flags.
  -pthread)
target_include_directories(cartwise_flags INTERFACE
  ${PROJECT_SOURCE_DIR}/libs ${PROJECT_BINARY_DIR}/gen)

# cartwise_library(name SOURCES a.cpp ... DEPS x y ... [GRPC])
# GRPC: the target includes gRPC or generated protos; it shares their precompiled header.
function(cartwise_library name)
  cmake_parse_arguments(ARG "GRPC" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC cartwise_flags ${ARG_DEPS})
    _cartwise_grpc(${name} ${ARG_GRPC})
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
  _cartwise_grpc(${name} ${ARG_GRPC})
endfunction()

# cartwise_test(name LABEL unit|pg|e2e SOURCES x_test.cpp ... DEPS ... [GRPC])
function(cartwise_test name)
  cmake_parse_arguments(ARG "GRPC" "LABEL" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE cartwise_flags ${ARG_DEPS} cartwise_catch)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(ARG_GRPC)
    _cartwise_grpc(${name} TRUE)
  else()
    target_precompile_headers(${name} REUSE_FROM cartwise_catch_pch)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600)
endfunction()

function(_cartwise_grpc name wanted)
  if(wanted)
    target_link_libraries(${name} PRIVATE cartwise_grpc_pch_link)
    target_precompile_headers(${name} REUSE_FROM cartwise_grpc_pch)
  endif()
endfunction()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/gen)
file(WRITE ${PROJECT_BINARY_DIR}/gen/empty.cpp "")

add_library(cartwise_catch INTERFACE)
target_link_libraries(cartwise_catch INTERFACE Catch2::Catch2WithMain)

add_library(cartwise_catch_pch STATIC ${PROJECT_BINARY_DIR}/gen/empty.cpp)
target_link_libraries(cartwise_catch_pch PUBLIC cartwise_flags Catch2::Catch2)
target_precompile_headers(cartwise_catch_pch PRIVATE <catch2/catch.hpp> <string> <vector> <memory>)

add_library(cartwise_grpc_pch_link INTERFACE)
target_link_libraries(cartwise_grpc_pch_link INTERFACE gRPC::grpc++ protobuf::libprotobuf)
add_library(cartwise_grpc_pch STATIC ${PROJECT_BINARY_DIR}/gen/empty.cpp)
target_link_libraries(cartwise_grpc_pch PUBLIC cartwise_flags cartwise_grpc_pch_link)
target_precompile_headers(cartwise_grpc_pch PRIVATE
  <grpcpp/grpcpp.h> <google/protobuf/message.h> <google/protobuf/struct.pb.h>
  <google/protobuf/timestamp.pb.h> <absl/status/statusor.h> <absl/time/time.h>
  <string> <vector> <memory> <functional> <map>)
