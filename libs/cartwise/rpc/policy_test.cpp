#include <catch2/catch.hpp>

#include "cartwise/events/v1/event.pb.h"
#include "cartwise/rpc/policy.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/telemetry/v1/telemetry.pb.h"
#include "cartwise/testing/status.hpp"

namespace cartwise::rpc {
namespace {

using options::v1::Policy;
using telemetry::v1::IngestTelemetryRequest;
using telemetry::v1::ListBranchTelemetryRequest;
using telemetry::v1::ListChainTelemetryRequest;

const std::string kChain = "01890000-0000-7000-8000-000000000001";
const std::string kOther = "01890000-0000-7000-8000-00000000000b";
const std::string kBranch = "01890000-0000-7000-8000-000000000003";
const std::string kDevice = "01890000-0000-7000-8000-00000000000d";

Caller Staff(Role role, std::vector<BranchId> branches = {}) {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.chain = ChainId(role == Role::kPlatformAdmin ? "" : kChain);
  caller.grants = {{role, std::move(branches)}};
  return caller;
}

Caller Device() {
  Caller caller;
  caller.principal = Principal::kDevice;
  caller.chain = ChainId(kChain);
  caller.subject = kDevice;
  return caller;
}

Policy For(std::vector<Policy::Principal> principals, Policy::Role least = Policy::VIEWER) {
  Policy policy;
  for (const auto principal : principals) policy.add_principals(principal);
  policy.set_least_role(least);
  return policy;
}

ListBranchTelemetryRequest OfBranch(const std::string& branch) {
  ListBranchTelemetryRequest request;
  request.set_branch_id(branch);
  return request;
}

}  // namespace

TEST_CASE("nobody is asked to sign in, the wrong kind is refused", "[policy]") {
  const Policy staff = For({Policy::STAFF});

  CHECK_REFUSED(CheckPolicy(staff, Caller{}, nullptr), "SIGN_IN_REQUIRED");
  CHECK_REFUSED(CheckPolicy(staff, Device(), nullptr), "NOT_ALLOWED");
  CHECK_REFUSED(CheckPolicy(staff, Caller::Service("rental-svc"), nullptr), "NOT_ALLOWED");
  CHECK(CheckPolicy(For({Policy::ANONYMOUS}), Caller{}, nullptr).ok());
  CHECK_REFUSED(CheckPolicy(Policy(), Staff(Role::kPlatformAdmin), nullptr), "NOT_ALLOWED");
}

TEST_CASE("internal methods are for services alone", "[policy]") {
  Policy internal = For({Policy::SERVICE, Policy::STAFF});
  internal.set_internal(true);

  CHECK(CheckPolicy(internal, Caller::Service("rental-svc"), nullptr).ok());
  CHECK_REFUSED(CheckPolicy(internal, Staff(Role::kPlatformAdmin), nullptr), "NOT_ALLOWED");
  CHECK_REFUSED(CheckPolicy(internal, Caller{}, nullptr), "NOT_ALLOWED");
}

TEST_CASE("an internal method that names its services is for them alone", "[policy]") {
  Policy named = For({Policy::SERVICE});
  named.set_internal(true);
  named.add_services("gateway-svc");

  CHECK(CheckPolicy(named, Caller::Service("gateway-svc"), nullptr).ok());
  CHECK_REFUSED(CheckPolicy(named, Caller::Service("rental-svc"), nullptr), "NOT_ALLOWED");
}

TEST_CASE("a scope opens a method of staff to an API key, under the rules for staff", "[policy]") {
  Policy policy = For({Policy::STAFF}, Policy::OPERATOR);
  policy.set_scope("rentals:write");
  policy.set_branch_field("branch_id");
  const auto key = [](Role role, std::vector<std::string> scopes) {
    Caller caller = Staff(role, {BranchId(kBranch)});
    caller.principal = Principal::kApiKey;
    caller.scopes = std::move(scopes);
    return caller;
  };
  const auto own = OfBranch(kBranch), other = OfBranch(kOther);

  CHECK(CheckPolicy(policy, key(Role::kOperator, {"rentals:write"}), &own).ok());
  CHECK_REFUSED(CheckPolicy(policy, key(Role::kOperator, {"rentals:read"}), &own), "SCOPE_MISSING");
  CHECK_REFUSED(CheckPolicy(policy, key(Role::kViewer, {"rentals:write"}), &own), "NOT_ALLOWED");
  CHECK_REFUSED(CheckPolicy(policy, key(Role::kOperator, {"rentals:write"}), &other),
                "BRANCH_NOT_FOUND");
  Policy without = For({Policy::STAFF}), not_staff = For({Policy::SHOPPER});
  not_staff.set_scope("rentals:write");
  CHECK_REFUSED(CheckPolicy(without, key(Role::kOwner, {"rentals:write", ""}), nullptr),
                "NOT_ALLOWED");
  CHECK_REFUSED(CheckPolicy(not_staff, key(Role::kOwner, {"rentals:write"}), nullptr),
                "NOT_ALLOWED");
}

TEST_CASE("a role counts from its rank up", "[policy]") {
  const Policy policy = For({Policy::STAFF}, Policy::OPERATOR);

  CHECK_REFUSED(CheckPolicy(policy, Staff(Role::kViewer), nullptr), "NOT_ALLOWED");
  CHECK_REFUSED(CheckPolicy(policy, Staff(Role::kInstaller), nullptr), "NOT_ALLOWED");
  CHECK(CheckPolicy(policy, Staff(Role::kOperator), nullptr).ok());
  CHECK(CheckPolicy(policy, Staff(Role::kOwner), nullptr).ok());
  CHECK(CheckPolicy(policy, Staff(Role::kPlatformAdmin), nullptr).ok());
}

TEST_CASE("a branch without a grant looks absent", "[policy]") {
  Policy policy = For({Policy::STAFF}, Policy::OPERATOR);
  policy.set_branch_field("branch_id");
  const auto request = OfBranch(kBranch);

  CHECK(CheckPolicy(policy, Staff(Role::kOperator, {BranchId(kBranch)}), &request).ok());
  CHECK(CheckPolicy(policy, Staff(Role::kOperator), &request).ok());
  const auto upper = OfBranch("01890000-0000-7000-8000-000000000003");
  CHECK(CheckPolicy(policy, Staff(Role::kOperator, {BranchId(kBranch)}), &upper).ok());

  const auto refused = CheckPolicy(policy, Staff(Role::kOperator, {BranchId(kOther)}), &request);
  CHECK(refused.code() == absl::StatusCode::kNotFound);
  CHECK_REFUSED(refused, "BRANCH_NOT_FOUND");
  CHECK(refused == NoSuchBranch());
  CHECK(CheckPolicy(policy, Staff(Role::kPlatformAdmin), &request).ok());
}

TEST_CASE("a weaker role in the named branch is not enough", "[policy]") {
  Policy policy = For({Policy::STAFF}, Policy::OPERATOR);
  policy.set_branch_field("branch_id");
  Caller caller = Staff(Role::kOperator, {BranchId(kOther)});
  caller.grants.push_back({Role::kViewer, {BranchId(kBranch)}});
  const auto request = OfBranch(kBranch);

  CHECK_REFUSED(CheckPolicy(policy, caller, &request), "NOT_ALLOWED");
}

TEST_CASE("another chain looks absent, but not to the platform", "[policy]") {
  Policy policy = For({Policy::STAFF});
  policy.set_chain_field("chain_id");
  ListChainTelemetryRequest own, other, none;
  own.set_chain_id(kChain);
  other.set_chain_id(kOther);

  CHECK(CheckPolicy(policy, Staff(Role::kViewer), &own).ok());
  CHECK(CheckPolicy(policy, Staff(Role::kViewer), &none).ok());
  CHECK(CheckPolicy(policy, Staff(Role::kOwner), &other) == NoSuchChain());
  CHECK(CheckPolicy(policy, Staff(Role::kPlatformAdmin), &other).ok());
}

TEST_CASE("a device speaks for itself alone", "[policy]") {
  Policy policy = For({Policy::DEVICE});
  policy.set_device_field("device_id");
  IngestTelemetryRequest own, other, none;
  own.set_device_id(kDevice);
  other.set_device_id(kOther);

  CHECK(CheckPolicy(policy, Device(), &own).ok());
  CHECK(CheckPolicy(policy, Device(), &other) == NoSuchDevice());
  CHECK(CheckPolicy(policy, Device(), &none) == NoSuchDevice());
}

TEST_CASE("a refusal survives the way over gRPC", "[status]") {
  absl::Status refusal =
      errors::Refuse(absl::StatusCode::kResourceExhausted, "NO_FREE_CART", "every cart is out");
  refusal = errors::WithDetail(refusal, "rental_id", "r-1");
  errors::FieldErrors fields;
  fields.Add("name", "is required");
  fields.Add("code", "is too long");

  const absl::Status back = FromGrpc(ToGrpc(refusal));
  const absl::Status fields_back = FromGrpc(ToGrpc(fields.ToStatus()));

  CHECK(back == refusal);
  CHECK(errors::Details(back) == errors::Details(refusal));
  CHECK(fields_back == fields.ToStatus());
  CHECK(errors::Fields(fields_back).size() == 2);
  CHECK(FromGrpc(ToGrpc(absl::OkStatus())).ok());
}

TEST_CASE("what went wrong inside is not told outside", "[status]") {
  for (const auto& status : {absl::InternalError("relation \"x\" does not exist"),
                             absl::UnknownError("commit lost"), absl::DataLossError("/secret")}) {
    const grpc::Status told = ToGrpc(status);
    CHECK(static_cast<int>(told.error_code()) == static_cast<int>(status.code()));
    CHECK_THAT(told.error_message(), Catch::StartsWith("something went wrong"));
    CHECK(told.error_details().empty());
  }
}

}  // namespace cartwise::rpc
