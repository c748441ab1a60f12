#include "linux/identity.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cartwise/auth/order_keys.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "linux/atomic_file.hpp"
#include "linux/value_json.hpp"

namespace cartwise::edge {
namespace {

constexpr int kFormat = 1;

Value BoardValue(const BoardConfig& board) {
  return Value::Object{
      {"id", board.id.value()},     {"address", board.address},         {"port", board.port},
      {"baudrate", board.baudrate}, {"invert_hook", board.invert_hook}, {"has_ir", board.has_ir},
      {"pulse_ms", board.pulse_ms}};
}

bool Flag(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  const auto* flag = member ? std::get_if<bool>(&member->data()) : nullptr;
  return flag != nullptr && *flag;
}

BoardConfig BoardOf(const Value& value) {
  return {.id = ControllerId(value.Text("id")),
          .address = static_cast<int>(value.Whole("address").value_or(-1)),
          .port = value.Text("port"),
          .baudrate = static_cast<int>(value.Whole("baudrate").value_or(19200)),
          .invert_hook = Flag(value, "invert_hook"),
          .has_ir = Flag(value, "has_ir"),
          .pulse_ms = static_cast<int>(value.Whole("pulse_ms").value_or(550))};
}

}  // namespace

absl::StatusOr<std::optional<Identity>> StateFiles::LoadIdentity() const {
  const std::string path = state_dir_ + "/identity.json";
  const auto text = ReadWholeFile(path);
  if (absl::IsNotFound(text.status())) return std::optional<Identity>();
  if (!text.ok()) return text.status();
  const auto value = FromJson(*text);
  if (!value.ok() || value->Whole("format") != kFormat || value->Text("device_id").empty() ||
      value->Text("device_token").empty()) {
    return absl::InvalidArgumentError(path +
                                      " is damaged; restore it, or remove it to enroll anew");
  }
  Identity identity{.device = DeviceId(value->Text("device_id")),
                    .chain = ChainId(value->Text("chain_id")),
                    .branch = BranchId(value->Text("branch_id")),
                    .device_token = value->Text("device_token"),
                    .order_keys = {}};
  const Value* keys = value->Find("order_keys");
  const auto* members = keys ? std::get_if<Value::Object>(&keys->data()) : nullptr;
  if (members != nullptr) {
    for (const auto& member : *members) {
      identity.order_keys[member.name] = keys->Text(member.name);
    }
  }
  return identity;
}

absl::Status StateFiles::SaveIdentity(const Identity& identity) const {
  Value::Object keys;
  for (const auto& [id, pem] : identity.order_keys) keys.push_back({id, pem});
  const Value value = Value::Object{{"format", kFormat},
                                    {"device_id", identity.device.value()},
                                    {"chain_id", identity.chain.value()},
                                    {"branch_id", identity.branch.value()},
                                    {"device_token", identity.device_token},
                                    {"order_keys", std::move(keys)}};
  return WriteFileAtomically(state_dir_ + "/identity.json", ToJson(value) + "\n");
}

absl::Status StateFiles::TrySaving() const {
  constexpr size_t kMoreThanAnIdentity = 16 * 1024;
  const std::string path = state_dir_ + "/probe";
  const absl::Status status = WriteFileAtomically(path, std::string(kMoreThanAnIdentity, '\n'));
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  return status;
}

std::vector<BoardConfig> StateFiles::LoadBoards() const {
  std::vector<BoardConfig> boards;
  const auto text = ReadWholeFile(state_dir_ + "/boards.json");
  const auto value = FromJson(text.ok() ? *text : "");
  if (!value.ok() || value->Whole("format") != kFormat) return boards;
  const Value* list = value->Find("boards");
  const auto* items = list ? std::get_if<Value::List>(&list->data()) : nullptr;
  if (items == nullptr) return boards;
  for (const Value& item : *items) boards.push_back(BoardOf(item));
  return boards;
}

absl::Status StateFiles::SaveBoards(const std::vector<BoardConfig>& boards) const {
  Value::List list;
  for (const BoardConfig& board : boards) list.push_back(BoardValue(board));
  const Value value = Value::Object{{"format", kFormat}, {"boards", std::move(list)}};
  return WriteFileAtomically(state_dir_ + "/boards.json", ToJson(value) + "\n");
}

absl::Status PinnedOrderKeys::SetKeys(const std::map<std::string, std::string>& pems) {
  CW_ASSIGN_OR_RETURN(auth::KeySet keys, auth::KeySet::FromPem(pems));
  std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  return absl::OkStatus();
}

bool PinnedOrderKeys::Verify(const SignedOrder& order) const {
  return Proves(order.key_id, order.bytes, order.signature);
}

bool PinnedOrderKeys::Vouch(const VouchedOrderKeys& keys) const {
  const std::string signed_bytes = auth::OrderKeysToSign(keys.bytes);
  return std::any_of(keys.signatures.begin(), keys.signatures.end(), [&](const auto& each) {
    return Proves(each.first, signed_bytes, each.second);
  });
}

bool PinnedOrderKeys::Proves(const std::string& key_id, const std::string& bytes,
                             const std::string& signature) const {
  std::optional<auth::KeySet> keys;
  {
    std::lock_guard lock(mutex_);
    keys = keys_;
  }
  return keys && keys->Verify(key_id, bytes, signature);
}

std::optional<absl::Time> HalfLife(const std::string& token) {
  const size_t first = token.find('.');
  const size_t second = token.find('.', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  const auto claims_text = Base64UrlDecode(token.substr(first + 1, second - first - 1));
  const auto claims = FromJson(claims_text.ok() ? *claims_text : "");
  if (!claims.ok()) return std::nullopt;
  const auto from = claims->Whole("iat");
  const auto until = claims->Whole("exp");
  if (!from || !until || *until <= *from) return std::nullopt;
  return absl::FromUnixSeconds(*from + (*until - *from) / 2);
}

}  // namespace cartwise::edge
