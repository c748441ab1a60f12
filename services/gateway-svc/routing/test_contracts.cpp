#include "routing/test_contracts.hpp"

#include <absl/strings/str_cat.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

extern "C" const char cartwise_desc[];
extern "C" const char cartwise_desc_end[];

namespace cartwise::gateway {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

constexpr char kPreamble[] = R"(
syntax = "proto3";
package cartwise.probe.v1;
import "cartwise/options/v1/field.proto";
import "cartwise/options/v1/policy.proto";
import "google/api/annotations.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
enum Color { COLOR_UNSPECIFIED = 0; RED = 1; BLUE = 2; }
message Inner { string name = 1; int32 count = 2; Inner deeper = 3; }
message Thing {
  string id = 1;
  int32 number = 2;
  repeated string tags = 3;
  Color color = 4;
  Inner inner = 5;
  google.protobuf.Timestamp at = 6;
  google.protobuf.Duration span = 7;
  bool flag = 8;
  int64 big = 9;
  double real = 10;
  bytes raw = 11;
  map<string, int32> counts = 12;
  google.protobuf.Struct data = 13;
  google.protobuf.Value any = 14;
  repeated Inner inners = 15;
  optional int32 maybe = 16;
  oneof choice { string left = 17; int32 right = 18; }
  repeated Color colors = 19;
  uint32 positive = 20;
  float small = 21;
  google.protobuf.ListValue list = 22;
  uint64 huge = 23;
  map<int32, Inner> inner_of = 24;
  string hidden = 25 [(cartwise.options.v1.body_only) = true];
}
)";

FileDescriptorSet FleetFiles() {
  FileDescriptorSet set;
  set.ParseFromArray(cartwise_desc, static_cast<int>(cartwise_desc_end - cartwise_desc));
  return set;
}

/// Aborts on text that is no proto: a mistake in the test.
FileDescriptorProto Parse(const std::string& text) {
  google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  google::protobuf::io::Tokenizer tokens(&input, nullptr);
  google::protobuf::compiler::Parser parser;
  FileDescriptorProto file;
  if (!parser.Parse(&tokens, &file)) abort();
  file.set_name("probe.proto");
  return file;
}

}  // namespace

const Contracts& FleetContracts() {
  static const auto contracts = Contracts::Load({cartwise_desc, cartwise_desc_end}).value();
  return *contracts;
}

const Router& FleetRouter() {
  static const auto router = Router::Build(FleetContracts()).value();
  return *router;
}

absl::StatusOr<std::unique_ptr<Contracts>> ContractsOf(const std::string& methods) {
  FileDescriptorSet set = FleetFiles();
  google::protobuf::SimpleDescriptorDatabase files;
  for (const auto& file : set.file()) files.Add(file);
  files.Add(Parse(absl::StrCat(kPreamble, "service ProbeService {", methods, "}")));
  google::protobuf::DescriptorPool pool(&files);
  // The pool reads the options, which the parser leaves as text.
  const auto* probe = pool.FindFileByName("probe.proto");
  if (probe == nullptr) abort();
  FileDescriptorSet small;
  for (const auto& file : set.file()) {
    if (!file.package().starts_with("cartwise.") || file.package() == "cartwise.options.v1") {
      *small.add_file() = file;
    }
  }
  probe->CopyTo(small.add_file());
  return Contracts::Load(small.SerializeAsString());
}

}  // namespace cartwise::gateway
