#pragma once

#include <string>
#include <vector>

#include "cartwise/base/clock.hpp"
#include "domain/erasure.hpp"
#include "domain/otp_ports.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// What one holder has of a person.
struct Holding {
  std::string holder;
  std::string json;  ///< an object
};

/// Gathers and erases what every holder has of a person; it knows their names
/// and no more. Errors as tenant/v1/personal_data.proto says. Thread-safe.
class PersonalData {
 public:
  struct Parts {
    TenantDatabase& tenants;
    ErasureDatabase& erasures;
    std::vector<DataHolder*> holders;
    OtpSecrets& secrets;
    const PhoneSeal& seal;
    ErasureWitness& witness;
    const Clock& clock;
  };
  explicit PersonalData(Parts parts) : parts_(std::move(parts)) {}

  /// Whom staff mean: `chain` may be empty for their own, `phone` is as typed.
  absl::StatusOr<Person> PersonOf(const Caller& staff, const ChainId& chain,
                                  const std::string& phone) const;

  absl::StatusOr<std::vector<Holding>> Export(const Caller& caller, const Person& person) const;
  absl::StatusOr<Erasure> Erase(const Caller& caller, const Person& person);
  absl::StatusOr<Erasure> Find(const Caller& caller, const ErasureId& id) const;

  /// What one turn came to; `left`: some holder has not erased yet.
  struct Turn {
    int done = 0, left = 0;
  };
  /// Goes on with some erasures that could not be finished before. One is tried
  /// every ten seconds.
  absl::StatusOr<Turn> GoOn();
  /// Takes in done erasures that the database does not know of; how many.
  absl::StatusOr<int> Remember(const std::vector<Erasure>& erasures);
  /// Runs every erasure that was done at or after `since` once more: for a
  /// restored backup. How many; GoOn finishes those that are left.
  absl::StatusOr<int> EraseAgain(absl::Time since);

 private:
  absl::Status CheckErasable(const Caller& caller, const Person& person) const;
  // Asks every holder whose part is open, and writes down what came of it.
  absl::Status Pursue(const Caller& caller, Erasure& erasure);

  const Parts parts_;
};

}  // namespace cartwise::tenant
