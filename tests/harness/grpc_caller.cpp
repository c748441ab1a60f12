#include "harness/grpc_caller.hpp"

#include <fstream>
#include <sstream>

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

extern "C" const char cartwise_desc[];
extern "C" const char cartwise_desc_end[];

namespace cartwise::fleet {
namespace {

namespace pb = google::protobuf;

constexpr const char* kCodes[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string FromBuffer(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  (void)buffer.Dump(&slices);
  std::string bytes;
  for (const auto& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

struct GrpcCaller::State {
  pb::FileDescriptorSet files;
  pb::DescriptorPool pool;
  pb::DynamicMessageFactory factory{&pool};
  std::unique_ptr<grpc::GenericStub> stub;
};

GrpcCaller::GrpcCaller(int port, const std::string& ca_file) : state_(std::make_unique<State>()) {
  state_->files.ParseFromArray(cartwise_desc, int(cartwise_desc_end - cartwise_desc));
  for (const auto& file : state_->files.file()) state_->pool.BuildFile(file);
  std::ostringstream ca;
  ca << std::ifstream(ca_file).rdbuf();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca.str();
  state_->stub = std::make_unique<grpc::GenericStub>(
      grpc::CreateChannel("localhost:" + std::to_string(port), grpc::SslCredentials(tls)));
}

GrpcCaller::~GrpcCaller() = default;

std::vector<const pb::MethodDescriptor*> GrpcCaller::Methods() const {
  std::vector<const pb::MethodDescriptor*> methods;
  for (const auto& file : state_->files.file()) {
    if (file.package().rfind("cartwise.", 0) != 0) continue;
    const auto* built = state_->pool.FindFileByName(file.name());
    for (int s = 0; s < built->service_count(); ++s) {
      for (int m = 0; m < built->service(s)->method_count(); ++m) {
        methods.push_back(built->service(s)->method(m));
      }
    }
  }
  return methods;
}

options::v1::Policy GrpcCaller::PolicyOf(const pb::MethodDescriptor& method) const {
  // The options of another pool are read by way of their bytes.
  pb::MethodOptions options;
  options.ParseFromString(method.options().SerializeAsString());
  return options.GetExtension(options::v1::policy);
}

GrpcAnswer GrpcCaller::Call(const pb::MethodDescriptor& method, const std::string& json,
                            const std::string& token, const std::string& trace_id) {
  std::unique_ptr<pb::Message> request(state_->factory.GetPrototype(method.input_type())->New());
  if (const auto read = pb::util::JsonStringToMessage(json, request.get()); !read.ok()) {
    return {"CASE_DOES_NOT_FIT", read.ToString(), nullptr};
  }
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  if (!trace_id.empty()) {
    context.AddMetadata("traceparent", "00-" + trace_id + "-00f067aa0ba902b7-01");
  }
  grpc::CompletionQueue queue;
  const std::string path =
      "/" + std::string(method.service()->full_name()) + "/" + std::string(method.name());
  void* tag = nullptr;
  bool ok = false;
  auto call = state_->stub->PrepareCall(&context, path, &queue);
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer answer;
  if (ok) {
    call->WriteLast(ToBuffer(request->SerializeAsString()), {}, nullptr);
    queue.Next(&tag, &ok);
    call->Read(&answer, nullptr);
    queue.Next(&tag, &ok);
  }
  const bool answered = ok;
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);

  GrpcAnswer result{kCodes[int(status.error_code())], status.error_message(), nullptr};
  if (status.ok() && answered) {
    std::unique_ptr<pb::Message> message(state_->factory.GetPrototype(method.output_type())->New());
    message->ParseFromString(FromBuffer(answer));
    pb::util::JsonPrintOptions print;
    print.preserve_proto_field_names = true;
    print.always_print_primitive_fields = true;
    std::string text;
    (void)pb::util::MessageToJsonString(*message, &text, print);
    result.body = Json::parse(text);
  }
  return result;
}

}  // namespace cartwise::fleet
