#pragma once

#include <optional>
#include <string>

#include "cartwise/base/optional.hpp"
#include "cartwise/rental/v1/carts.pb.h"
#include "cartwise/rental/v1/rentals.pb.h"
#include "cartwise/rpc/values.hpp"
#include "domain/rental.hpp"

/// Between the domain's values and this service's protos.
namespace cartwise::rental {

using rpc::FromTimestamp;
using rpc::ToTimestamp;

v1::Cart ToProto(const Cart& cart);
/// `phone` as the caller may see it.
v1::Rental ToProto(const Rental& rental, const std::string& phone);

std::optional<CartStatus> FromProto(v1::Cart::Status status);
std::optional<RentalStatus> FromProto(v1::Rental::Status status);

}  // namespace cartwise::rental
