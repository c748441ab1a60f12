#include "e2e/the_fleet.hpp"

namespace cartwise::fleet {

Fleet& TheFleet() {
  static Fleet fleet;
  return fleet;
}

}  // namespace cartwise::fleet
