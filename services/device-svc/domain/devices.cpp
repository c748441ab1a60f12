#include "domain/devices.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/base/fields.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {
namespace {

absl::StatusOr<Device> LockVisible(Store& store, const Caller& caller, const DeviceId& id,
                                   Role least) {
  CW_ASSIGN_OR_RETURN(auto device, store.LockDevice(id));
  if (!device) return reasons::DeviceNotFound();
  CW_RETURN_IF_ERROR(MayTouch(caller, *device, least));
  return *std::move(device);
}

}  // namespace

absl::Status MayTouch(const Caller& caller, const Device& device, Role least) {
  bool may = false;
  switch (caller.principal) {
    case Principal::kService:
      may = true;
      break;
    case Principal::kDevice:
      may = caller.subject == device.id.value() && caller.chain == device.chain;
      break;
    case Principal::kStaff:
    case Principal::kApiKey:
      may = caller.MayIn(device.branch, least);
      break;
    case Principal::kAnonymous:
    case Principal::kShopper:
      break;
  }
  return may ? absl::OkStatus() : reasons::DeviceNotFound();
}

absl::Status MaySpeak(const Device& device, const std::string& token_hash, absl::Time now) {
  if (!device.tokens.Accepts(token_hash, now)) return reasons::BadToken();
  if (device.lifecycle == Lifecycle::kQuarantined) return reasons::DeviceQuarantined();
  return device.InService() ? absl::OkStatus() : reasons::BadToken();
}

absl::StatusOr<Device> FindVisible(Store& store, const Caller& caller, const DeviceId& id,
                                   Role least) {
  CW_ASSIGN_OR_RETURN(auto device, store.FindDevice(id));
  if (!device) return reasons::DeviceNotFound();
  CW_RETURN_IF_ERROR(MayTouch(caller, *device, least));
  return *std::move(device);
}

absl::StatusOr<Enrollment> Devices::Enroll(Store& store, const Caller& caller,
                                           const EnrolledBranch& branch,
                                           const NewDevice& wanted) const {
  const absl::Time now = clock_.Now();
  Device device;
  device.id = DeviceId::New();
  device.chain = branch.chain;
  device.branch = branch.branch;
  device.name = wanted.name;
  device.mac_address = wanted.mac_address;
  device.serial_number = wanted.serial_number;
  device.firmware_version = wanted.firmware_version;
  device.transport = wanted.transport;
  device.status_since = device.created_at = device.updated_at = now;
  const IssuedToken token = tokens_.Issue(KeyOf(device));
  device.tokens.current = token.hash;

  CW_ASSIGN_OR_RETURN(const int there, store.HoldCount(branch.chain));
  // Two that enroll with one address at once: the database decides.
  CW_ASSIGN_OR_RETURN(const bool inserted, store.InsertDevice(device));
  if (!inserted) return EnrollAgain(store, caller, branch, wanted);
  if (there >= branch.max_devices) return reasons::TooManyDevices(branch.max_devices);
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "device.registered"), device));
  return Enrollment{std::move(device), token.token};
}

absl::StatusOr<Enrollment> Devices::EnrollAgain(Store& store, const Caller& caller,
                                                const EnrolledBranch& branch,
                                                const NewDevice& wanted) const {
  CW_ASSIGN_OR_RETURN(auto known, store.LockDeviceByMac(wanted.mac_address));
  // Retired between the two statements: the client's next try will succeed.
  if (!known) return absl::AbortedError("the device was retired meanwhile");
  Device& device = *known;
  if (device.chain != branch.chain) {
    device.Touch(clock_.Now());
    CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "device.claimed_elsewhere"), device));
    return Enrollment{std::move(device), ""};
  }
  if (device.lifecycle != Lifecycle::kProvisioned) {
    device.lifecycle = Lifecycle::kQuarantined;
    CW_RETURN_IF_ERROR(EndPresence(store, device));
    CW_RETURN_IF_ERROR(
        store.Announce(ChangeBy(caller, "device.quarantined", "claimed a second time"), device));
    return Enrollment{std::move(device), ""};
  }
  const IssuedToken token = tokens_.Issue(KeyOf(device));
  device.tokens = DeviceTokens{token.hash};
  device.branch = branch.branch;
  device.name = wanted.name;
  device.serial_number = wanted.serial_number;
  device.firmware_version = wanted.firmware_version;
  device.transport = wanted.transport;
  device.Touch(clock_.Now());
  CW_RETURN_IF_ERROR(store.UpdateDevice(device));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "device.updated", "enrolled again"), device));
  return Enrollment{std::move(device), token.token};
}

// Stores a device that may not be there any more, and tells whoever holds its stream.
absl::Status Devices::EndPresence(Store& store, Device& device) const {
  const bool was_there = device.status != Status::kOffline;
  device.SetStatus(Status::kOffline, clock_.Now());
  device.Touch(clock_.Now());
  CW_RETURN_IF_ERROR(store.UpdateDevice(device));
  CW_ASSIGN_OR_RETURN(const auto holder, store.CutStream(KeyOf(device)));
  if (holder) {
    CW_RETURN_IF_ERROR(store.Tell(*holder, {Notice::Kind::kEnd, device.chain, device.id.value()}));
  }
  return was_there ? store.Announce({"device.offline"}, device) : absl::OkStatus();
}

absl::Status Devices::Admit(Store& store, const Caller& caller,
                            const std::string& token_hash) const {
  if (caller.principal != Principal::kDevice) return absl::OkStatus();
  CW_ASSIGN_OR_RETURN(auto device, store.FindDevice(DeviceId(caller.subject)));
  if (!device) return reasons::BadToken();
  return MaySpeak(*device, token_hash, clock_.Now());
}

absl::StatusOr<Device> Devices::Get(Store& store, const Caller& caller, const DeviceId& id) const {
  return FindVisible(store, caller, id, Role::kViewer);
}

absl::StatusOr<std::vector<Device>> Devices::List(Store& store, const Caller& caller,
                                                  DeviceFilter filter,
                                                  const PageRequest& page) const {
  CW_RETURN_IF_ERROR(CheckEndsWithId(page));
  filter.visible = caller.VisibleBranches();
  return store.ListDevices(filter, page);
}

absl::StatusOr<Device> Devices::Update(Store& store, const Caller& caller, const DeviceId& id,
                                       const DeviceChange& change) const {
  CW_ASSIGN_OR_RETURN(Device device, LockVisible(store, caller, id, Role::kInstaller));
  if (device.lifecycle == Lifecycle::kRetired) return reasons::DeviceRetired();
  const Lifecycle before = device.lifecycle;
  errors::FieldErrors errors;
  if (change.name) CheckText(errors, "device_name", *change.name, 1, 200);
  if (change.serial_number) CheckText(errors, "serial_number", *change.serial_number, 0, 100);
  errors.Require(
      !change.lifecycle || *change.lifecycle == device.lifecycle ||
          (*change.lifecycle == Lifecycle::kActive && device.lifecycle == Lifecycle::kQuarantined),
      "lifecycle", "can only be set to ACTIVE, to end a quarantine");
  CW_RETURN_IF_ERROR(errors.ToStatus());
  if (change.lifecycle && *change.lifecycle != device.lifecycle) {
    if (!caller.MayIn(device.branch, Role::kAdmin)) return reasons::NotAllowed();
    device.lifecycle = *change.lifecycle;
  }
  if (change.name) device.name = *change.name;
  if (change.serial_number) device.serial_number = *change.serial_number;
  device.Touch(clock_.Now());
  CW_RETURN_IF_ERROR(store.UpdateDevice(device));
  const bool freed = change.lifecycle && *change.lifecycle != before;
  CW_RETURN_IF_ERROR(
      store.Announce(ChangeBy(caller, "device.updated", freed ? "quarantine ended" : ""), device));
  return device;
}

absl::Status Devices::Retire(Store& store, const Caller& caller, const DeviceId& id) const {
  CW_ASSIGN_OR_RETURN(Device device, LockVisible(store, caller, id, Role::kAdmin));
  if (device.lifecycle == Lifecycle::kRetired) return absl::OkStatus();
  CW_ASSIGN_OR_RETURN(const auto controllers, store.ControllersOf(KeyOf(device)));
  if (!controllers.empty()) return reasons::DeviceHasControllers();
  device.lifecycle = Lifecycle::kRetired;
  CW_RETURN_IF_ERROR(EndPresence(store, device));
  return store.Announce(ChangeBy(caller, "device.retired"), device);
}

absl::StatusOr<Device> Devices::SetFirmware(Store& store, const Caller& caller, const DeviceId& id,
                                            const std::string& version) const {
  errors::FieldErrors errors;
  CheckText(errors, "firmware_version", version, 1, 100);
  CW_RETURN_IF_ERROR(errors.ToStatus());
  CW_ASSIGN_OR_RETURN(Device device, LockVisible(store, caller, id, Role::kInstaller));
  if (device.lifecycle == Lifecycle::kRetired) return reasons::DeviceRetired();
  if (device.firmware_version == version) return device;
  device.firmware_version = version;
  device.Touch(clock_.Now());
  CW_RETURN_IF_ERROR(store.UpdateDevice(device));
  CW_RETURN_IF_ERROR(
      store.Announce(ChangeBy(caller, "device.updated", "firmware " + version), device));
  return device;
}

absl::StatusOr<Enrollment> Devices::RotateToken(Store& store, const Caller& caller,
                                                const std::string& token_hash,
                                                const DeviceId& id) const {
  CW_ASSIGN_OR_RETURN(Device device, LockVisible(store, caller, id, Role::kInstaller));
  if (device.lifecycle == Lifecycle::kRetired) return reasons::DeviceRetired();
  if (device.lifecycle == Lifecycle::kQuarantined) return reasons::DeviceQuarantined();
  const IssuedToken token = tokens_.Issue(KeyOf(device));
  device.Touch(clock_.Now());
  const bool by_itself = caller.principal == Principal::kDevice;
  if (by_itself) {
    CW_RETURN_IF_ERROR(MaySpeak(device, token_hash, clock_.Now()));
    if (!device.tokens.Rotate(token_hash, token.hash)) return reasons::BadToken();
    CW_RETURN_IF_ERROR(store.UpdateDevice(device));
  } else {
    device.tokens = {.current = token.hash};
    CW_RETURN_IF_ERROR(EndPresence(store, device));
  }
  const char* const event = by_itself ? "device.token_rotated" : "device.token_voided";
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, event), device));
  return Enrollment{std::move(device), token.token};
}

}  // namespace cartwise::device
