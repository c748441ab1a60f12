#include "domain/controllers.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/devices.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {
namespace {

struct Found {
  Controller controller;
  Device device;
};

absl::StatusOr<Found> Find(Store& store, const Caller& caller, const ControllerId& id, Role least) {
  CW_ASSIGN_OR_RETURN(auto controller, store.FindController(id));
  if (!controller) return reasons::ControllerNotFound();
  // Locked, so that presence as announced is presence as committed.
  CW_ASSIGN_OR_RETURN(auto device, store.LockDevice(controller->device));
  if (!device || !MayTouch(caller, *device, least).ok()) return reasons::ControllerNotFound();
  return Found{*std::move(controller), *std::move(device)};
}

}  // namespace

absl::Status Controllers::Changed(Store& store, const Change& change, const Controller& controller,
                                  const Device& device) const {
  CW_RETURN_IF_ERROR(store.Announce(change, controller, device.status != Status::kOffline));
  CW_ASSIGN_OR_RETURN(const auto holder, store.HolderOf(KeyOf(device)));
  if (!holder) return absl::OkStatus();
  return store.Tell(*holder, {Notice::Kind::kConfigure, device.chain, device.id.value()});
}

absl::StatusOr<std::vector<Controller>> Controllers::List(Store& store, const Caller& caller,
                                                          const DeviceId& device,
                                                          const PageRequest& page) const {
  CW_RETURN_IF_ERROR(CheckEndsWithId(page));
  CW_ASSIGN_OR_RETURN(const Device visible, FindVisible(store, caller, device, Role::kViewer));
  return store.ListControllers(KeyOf(visible), page);
}

absl::StatusOr<Controller> Controllers::Get(Store& store, const Caller& caller,
                                            const ControllerId& id) const {
  CW_ASSIGN_OR_RETURN(auto controller, store.FindController(id));
  if (!controller) return reasons::ControllerNotFound();
  if (!FindVisible(store, caller, controller->device, Role::kViewer).ok()) {
    return reasons::ControllerNotFound();
  }
  return *std::move(controller);
}

absl::StatusOr<Controller> Controllers::Create(Store& store, const Caller& caller,
                                               Controller wanted) const {
  CW_RETURN_IF_ERROR(wanted.Check());
  CW_ASSIGN_OR_RETURN(auto device, store.LockDevice(wanted.device));
  if (!device) return reasons::DeviceNotFound();
  CW_RETURN_IF_ERROR(MayTouch(caller, *device, Role::kInstaller));
  if (device->lifecycle == Lifecycle::kRetired) return reasons::DeviceRetired();
  wanted.id = ControllerId::New();
  wanted.chain = device->chain;
  wanted.branch = device->branch;
  wanted.created_at = wanted.updated_at = clock_.Now();
  CW_ASSIGN_OR_RETURN(const bool inserted, store.InsertController(wanted));
  if (!inserted) return reasons::ControllerAddressTaken();
  CW_RETURN_IF_ERROR(Changed(store, ChangeBy(caller, "controller.created"), wanted, *device));
  return wanted;
}

absl::StatusOr<Controller> Controllers::Update(Store& store, const Caller& caller,
                                               const ControllerId& id,
                                               const ControllerChange& change) const {
  CW_ASSIGN_OR_RETURN(Found found, Find(store, caller, id, Role::kInstaller));
  change.ApplyTo(found.controller);
  CW_RETURN_IF_ERROR(found.controller.Check());
  found.controller.Touch(clock_.Now());
  CW_ASSIGN_OR_RETURN(const bool updated, store.UpdateController(found.controller));
  if (!updated) return reasons::ControllerAddressTaken();
  CW_RETURN_IF_ERROR(
      Changed(store, ChangeBy(caller, "controller.updated"), found.controller, found.device));
  return found.controller;
}

absl::Status Controllers::Delete(Store& store, const Caller& caller, const ControllerId& id) const {
  CW_ASSIGN_OR_RETURN(Found found, Find(store, caller, id, Role::kAdmin));
  found.controller.Touch(clock_.Now());
  CW_RETURN_IF_ERROR(store.DeleteController(found.controller));
  return Changed(store, ChangeBy(caller, "controller.deleted"), found.controller, found.device);
}

}  // namespace cartwise::device
