#include "domain/registration.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {

absl::StatusOr<Registered> Registration::Register(const Caller& caller,
                                                  const std::string& enrollment_key,
                                                  NewDevice wanted) const {
  CW_RETURN_IF_ERROR(wanted.Check());
  CW_ASSIGN_OR_RETURN(EnrolledBranch branch,
                      directory_.Redeem(enrollment_key, wanted.mac_address, caller));
  if (!wanted.branch_code.empty() && wanted.branch_code != branch.branch_code) {
    return errors::InvalidField("branch_code", "is not the branch of this enrollment key");
  }
  // The key says whose device this will be, so the work is the service's own.
  Caller self = Caller::Service("device-svc");
  self.deadline = caller.deadline;
  self.trace_id = caller.trace_id;
  Enrollment enrollment;
  CW_RETURN_IF_ERROR(database_.Write(self, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(enrollment, devices_.Enroll(store, caller, branch, wanted));
    return absl::OkStatus();
  }));
  // Not before the commit: what a second claim has changed stays changed.
  if (enrollment.token.empty()) return reasons::DeviceAlreadyClaimed();
  return Registered{std::move(enrollment.device), std::move(enrollment.token), std::move(branch)};
}

}  // namespace cartwise::device
