#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/database.hpp"
#include "cartwise/base/ids.hpp"
#include "domain/change.hpp"

/// What telling people what is held of them, and erasing it, needs from outside.
namespace cartwise::tenant {

using ErasureId = StrongId<struct ErasureTag>;

/// Somebody, in one chain.
struct Person {
  ChainId chain;
  std::string phone;  ///< E.164
};

/// What one holder did for an erasure.
struct ErasurePart {
  std::string holder;       ///< "rental-svc"
  std::string handle;       ///< names the person to this holder; empty until it told
  int64_t rows_erased = 0;  ///< in all tries together
  std::optional<absl::Time> erased_at;
};

/// The record of an erasure. RUNNING until every part is erased.
struct Erasure {
  ErasureId id;
  ChainId chain;
  std::string phone_hash;    ///< keyed
  std::string phone_sealed;  ///< empty once it is done
  std::string requested_by;  ///< "user:<id>" or "shopper"
  absl::Time requested_at;
  std::optional<absl::Time> done_at;
  std::vector<ErasurePart> parts;
};

/// What is kept of erasures, within one transaction.
class ErasureStore {
 public:
  virtual ~ErasureStore() = default;

  /// RUNNING, and tried just now.
  virtual absl::Status InsertErasure(const Erasure& erasure) = 0;
  virtual absl::StatusOr<std::optional<Erasure>> FindErasure(const ErasureId& id) = 0;
  /// Those RUNNING that nobody tried since `before`, which are now tried by the caller.
  virtual absl::StatusOr<std::vector<Erasure>> ClaimRunning(absl::Time before, absl::Time now,
                                                            int most) = 0;
  /// Writes down what the parts came to, and DONE, without the phone, when all
  /// of them are erased.
  virtual absl::Status SaveProgress(const Erasure& erasure, absl::Time now) = 0;
  /// A DONE one that this database does not know, as it had never happened here.
  /// False when it knows it, or not its chain.
  virtual absl::StatusOr<bool> InsertDone(const Erasure& erasure) = 0;
  /// See Store::Announce.
  virtual absl::Status Announce(const Change& change, const Thing& thing) = 0;
  /// Makes what was DONE at or after `since` RUNNING again; how many.
  virtual absl::StatusOr<int> Reopen(absl::Time since) = 0;
};

using ErasureDatabase = Database<ErasureStore>;

/// What a holder is asked to erase.
struct ErasureOrder {
  Person person;       ///< the phone is empty where only the handle is known
  std::string handle;  ///< what the holder answered before; empty at first
  bool check_only = false;
};

struct Erased {
  std::string handle;
  int64_t rows = 0;
};

/// Somebody who keeps something of people, as cartwise.privacy.v1 says.
/// Thread-safe.
class DataHolder {
 public:
  virtual ~DataHolder() = default;
  virtual const std::string& Name() const = 0;
  /// A JSON object.
  virtual absl::StatusOr<std::string> Export(const Person& person, absl::Time deadline) = 0;
  /// FAILED_PRECONDITION while something is under way that needs the data.
  virtual absl::StatusOr<Erased> Erase(const ErasureOrder& order, absl::Time deadline) = 0;
};

/// Told of every erasure that is done, to remember it outside of the database.
/// Thread-safe.
class ErasureWitness {
 public:
  virtual ~ErasureWitness() = default;
  virtual void Done(const Erasure& erasure) = 0;
};

/// Keeps phones readable for as long as an erasure runs. Thread-safe.
class PhoneSeal {
 public:
  virtual ~PhoneSeal() = default;
  virtual std::string Seal(const std::string& phone, const ErasureId& erasure) const = 0;
  virtual absl::StatusOr<std::string> Open(const std::string& sealed,
                                           const ErasureId& erasure) const = 0;
};

}  // namespace cartwise::tenant
