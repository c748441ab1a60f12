#pragma once

#include <istream>
#include <vector>

#include "domain/erasure.hpp"

namespace cartwise::tenant {

/// Done erasures as lines of this service's log ("erased", level info): what
/// outlives the database, so that a backup from before an erasure, which cannot
/// know of it, is erased again all the same. Thread-safe.
class ErasureLines final : public ErasureWitness {
 public:
  void Done(const Erasure& erasure) override;
};

/// The done erasures among the lines of a log; other lines are passed over.
std::vector<Erasure> ReadErasureLines(std::istream& log);

}  // namespace cartwise::tenant
