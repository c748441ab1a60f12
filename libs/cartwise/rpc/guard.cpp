#include "cartwise/rpc/guard.hpp"

#include <exception>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/rpc/enums.hpp"
#include "cartwise/rpc/policy.hpp"

namespace cartwise::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using options::v1::Policy;

std::string DeterministicBytes(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  {
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&out);
  }
  return bytes;
}

class KeyedCall final : public Once {
 public:
  KeyedCall(std::string_view key, const std::string& method, const Message& request,
            Message& answer)
      : key_(key),
        method_(method),
        hash_(auth::Sha256Hex(DeterministicBytes(request))),
        answer_(answer) {}

  const std::string& Key() const override { return key_; }
  const std::string& Method() const override { return method_; }
  const std::string& RequestHash() const override { return hash_; }
  std::string Answer() const override { return answer_.SerializeAsString(); }
  void Replay(const std::string& answer) override { answer_.ParseFromString(answer); }

 private:
  const std::string key_;
  const std::string& method_;
  const std::string hash_;
  Message& answer_;
};

const MethodDescriptor* MethodTaking(const Descriptor* request) {
  const auto* const file = request->file();
  for (int s = 0; s < file->service_count(); ++s) {
    const auto* const service = file->service(s);
    for (int m = 0; m < service->method_count(); ++m) {
      if (service->method(m)->input_type() == request) return service->method(m);
    }
  }
  return nullptr;
}

}  // namespace

struct Guard::State {
  // Copied out of the descriptors: options are parsed lazily there.
  struct Method {
    std::string full_name, service, name;
    Policy policy;
    bool has_enums;  ///< in its request
  };
  // One call under way.
  struct Call {
    const grpc::ServerContextBase& ctx;
    const CallContext& context;
    const Method& method;
    const Message& request;
    Message* answer;
    Caller caller;
  };

  const Method* Find(const Descriptor* request);
  absl::Status Serve(Call& call, Work work);
  void Finish(const Call& call, const absl::Status& status, absl::Duration took);

  const auth::TokenVerifier& tokens;
  obs::Metrics& metrics;
  std::shared_mutex mutex;
  absl::flat_hash_map<const Descriptor*, std::unique_ptr<const Method>> methods;
};

// A method with its own request type in its own file; null without a policy.
const Guard::State::Method* Guard::State::Find(const Descriptor* request) {
  {
    std::shared_lock lock(mutex);
    if (const auto found = methods.find(request); found != methods.end()) {
      return found->second.get();
    }
  }
  std::unique_ptr<const Method> made;
  const MethodDescriptor* const method = MethodTaking(request);
  if (const Policy* const policy = method == nullptr ? nullptr : PolicyOf(method)) {
    made.reset(new Method{method->full_name(), method->service()->full_name(), method->name(),
                          *policy, HasEnums(request)});
  }
  std::unique_lock lock(mutex);
  return methods.try_emplace(request, std::move(made)).first->second.get();
}

absl::Status Guard::State::Serve(Call& call, Work work) {
  const Policy& policy = call.method.policy;
  Caller& caller = call.caller;
  const std::string trace = caller.trace_id;
  const absl::Time now = absl::Now();
  const absl::Time deadline = DeadlineOf(call.ctx, policy, now);
  if (deadline <= now) {
    return errors::Refuse(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                          "the time for this call was over before it began");
  }
  CW_ASSIGN_OR_RETURN(caller, Identify(call.context, tokens, policy));
  caller.trace_id = trace;
  caller.deadline = deadline;
  CW_RETURN_IF_ERROR(CheckPolicy(policy, caller, &call.request));
  if (call.method.has_enums) CW_RETURN_IF_ERROR(CheckEnums(call.request));

  std::optional<KeyedCall> keyed;
  if (call.answer != nullptr && policy.rate() != Policy::READ &&
      call.context.metadata().count("idempotency-key") > 0) {
    const std::string_view key = ValueIn(call.context.metadata(), "idempotency-key").value_or("");
    if (!IsIdempotencyKey(key)) {
      return errors::InvalidField("idempotency-key", "must be 1 to 255 printable ASCII characters");
    }
    caller.once = &keyed.emplace(key, call.method.full_name, call.request, *call.answer);
  }
  absl::Status status;
  try {
    status = work(caller);
  } catch (const std::exception& error) {
    status = absl::InternalError(absl::StrCat("exception: ", error.what()));
  } catch (...) {
    status = absl::InternalError("exception of unknown type");
  }
  caller.once = nullptr;
  return status;
}

void Guard::State::Finish(const Call& call, const absl::Status& status, absl::Duration took) {
  const std::string code = absl::StatusCodeToString(status.code());
  const Method& method = call.method;
  metrics.Count(
      "grpc_server_handled_total",
      {{"grpc_service", method.service}, {"grpc_method", method.name}, {"grpc_code", code}});
  metrics.Seconds("grpc_server_handling_seconds",
                  {{"grpc_service", method.service}, {"grpc_method", method.name}},
                  absl::ToDoubleSeconds(took));
  const double ms = absl::ToDoubleMilliseconds(took);
  const std::string caller = call.caller.Label();
  if (absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsDataLoss(status)) {
    obs::Error("call failed", {{"method", method.full_name},
                               {"code", code},
                               {"error", std::string(status.message())},
                               {"ms", ms},
                               {"caller", caller}});
    return;
  }
  obs::Info("call", {{"method", method.full_name},
                     {"code", code},
                     {"reason", errors::Reason(status)},
                     {"ms", ms},
                     {"caller", caller}});
}

Guard::Guard(const auth::TokenVerifier& tokens, obs::Metrics& metrics)
    : state_(new State{tokens, metrics, {}, {}}) {
  metrics.Describe("grpc_server_handled_total", "Calls answered, by method and code.");
  metrics.Describe("grpc_server_handling_seconds", "Time to answer a call.");
}

Guard::~Guard() = default;

grpc::Status Guard::Run(grpc::ServerContextBase* ctx, const Message& request, Message* answer,
                        Work work) const {
  const absl::Time start = absl::Now();
  const State::Method* const method = state_->Find(request.GetDescriptor());
  if (method == nullptr) {
    obs::Error("method without a policy", {{"request", request.GetTypeName()}});
    return ToGrpc(absl::InternalError("method without a policy"));
  }
  const GrpcCallContext context(*ctx);
  State::Call call{*ctx, context, *method, request, answer, {}};
  call.caller.trace_id = TraceIdOf(context);
  const obs::TraceScope trace(call.caller.trace_id);
  const std::string trace_id = call.caller.trace_id;
  const absl::Status status = state_->Serve(call, work);
  state_->Finish(call, status, absl::Now() - start);
  if (!status.ok()) ctx->AddTrailingMetadata("x-trace-id", trace_id);
  return ToGrpc(status);
}

absl::StatusOr<Caller> Guard::AdmitStream(const CallContext& call,
                                          const std::string& method) const {
  const auto* const found =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(method);
  const Policy* const policy = found == nullptr ? nullptr : PolicyOf(found);
  if (policy == nullptr) return absl::InternalError(absl::StrCat("no policy: ", method));
  CW_ASSIGN_OR_RETURN(Caller caller, Identify(call, state_->tokens, *policy));
  CW_RETURN_IF_ERROR(CheckPolicy(*policy, caller, nullptr));
  caller.trace_id = TraceIdOf(call);
  return caller;
}

}  // namespace cartwise::rpc
