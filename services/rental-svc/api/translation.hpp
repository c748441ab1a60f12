#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/page.hpp"
#include "cartwise/rental/v1/carts.pb.h"
#include "cartwise/rental/v1/rentals.pb.h"
#include "domain/rental.hpp"

/// Between the domain's values and this service's protos.
namespace cartwise::rental {

google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& time);

v1::Cart ToProto(const Cart& cart);
/// `phone` as the caller may see it.
v1::Rental ToProto(const Rental& rental, const std::string& phone);

std::optional<CartStatus> FromProto(v1::Cart::Status status);
std::optional<RentalStatus> FromProto(v1::Rental::Status status);

template <typename Id>
absl::StatusOr<Id> ParseOptionalId(std::string_view field, const std::string& text) {
  if (text.empty()) return Id();
  return ParseId<Id>(field, text);
}

template <typename T>
std::optional<T> If(bool there, const T& value) {
  return there ? std::optional<T>(value) : std::nullopt;
}

/// Stores answer one row more than a page holds, when there is one: cuts it off
/// and says so.
template <typename Row>
bool CutToPage(std::vector<Row>& rows, const PageRequest& page) {
  if (int(rows.size()) <= page.size) return false;
  rows.resize(page.size);
  return true;
}

/// The command behind a repeatable request: the same Idempotency-Key of the same
/// caller is the same command.
CommandId CommandFor(const Caller& caller);

}  // namespace cartwise::rental
