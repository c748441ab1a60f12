#include "api/order_keys.hpp"

#include "cartwise/auth/order_keys.hpp"

namespace cartwise::device {

std::map<std::string, std::string> OrderKeys::Pems() const {
  auto pems = trusted_().Pems("device-");
  // What signs is believed, even where its public half was forgotten.
  const auth::SigningKey newest = Newest();
  pems.emplace(newest.id(), newest.PublicPem());
  return pems;
}

v1::ControlResponse OrderKeys::Vouched() const {
  v1::OrderKeys keys;
  for (const auto& [id, pem] : Pems()) (*keys.mutable_keys())[id] = pem;
  v1::ControlResponse message;
  auto& vouched = *message.mutable_order_keys();
  vouched.set_order_keys(keys.SerializeAsString());
  const std::string to_sign = auth::OrderKeysToSign(vouched.order_keys());
  const auth::SigningKeys own = own_();
  for (const auth::SigningKey& key : own.All()) {
    auto& signature = *vouched.add_signatures();
    signature.set_key_id(key.id());
    signature.set_signature(key.Sign(to_sign));
  }
  return message;
}

}  // namespace cartwise::device
