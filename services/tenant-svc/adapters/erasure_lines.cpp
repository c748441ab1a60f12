#include "adapters/erasure_lines.hpp"

#include <map>
#include <optional>
#include <string>

#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "cartwise/base/text.hpp"
#include "cartwise/obs/log.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kMessage[] = "erased";

std::optional<Erasure> ReadLine(const std::string& line) {
  google::protobuf::Struct object;
  // Most lines are something else, and not worth parsing.
  if (line.find(kMessage) == line.npos ||
      !google::protobuf::util::JsonStringToMessage(line, &object).ok()) {
    return std::nullopt;
  }
  std::map<std::string, std::string> text;
  for (const auto& [name, value] : object.fields()) text[name] = value.string_value();
  const auto requested_at = ParseRfc3339(text["requested_at"]);
  const auto done_at = ParseRfc3339(text["done_at"]);
  if (text["msg"] != kMessage || !IsUuid(text["erasure_id"]) || !IsUuid(text["chain_id"]) ||
      !requested_at.ok() || !done_at.ok()) {
    return std::nullopt;
  }
  Erasure erasure;
  erasure.id = ErasureId(text["erasure_id"]);
  erasure.chain = ChainId(text["chain_id"]);
  erasure.phone_hash = text["phone_hash"];
  erasure.requested_by = text["requested_by"];
  erasure.requested_at = *requested_at;
  erasure.done_at = *done_at;
  const std::map<std::string, std::string> handles =
      absl::StrSplit(text["handles"], absl::ByAnyChar("=,"), absl::SkipEmpty());
  for (const auto& [holder, handle] : handles) {
    erasure.parts.push_back({.holder = holder, .handle = handle, .erased_at = *done_at});
  }
  return erasure;
}

}  // namespace

void ErasureLines::Done(const Erasure& erasure) {
  std::map<std::string, std::string> handles;
  int64_t rows = 0;
  for (const ErasurePart& part : erasure.parts) {
    handles[part.holder] = part.handle;
    rows += part.rows_erased;
  }
  obs::Info(kMessage, {{"erasure_id", erasure.id.value()},
                       {"chain_id", erasure.chain.value()},
                       {"phone_hash", erasure.phone_hash},
                       {"requested_by", erasure.requested_by},
                       {"requested_at", ToRfc3339(erasure.requested_at)},
                       {"done_at", ToRfc3339(erasure.done_at.value_or(absl::InfinitePast()))},
                       {"handles", absl::StrJoin(handles, ",", absl::PairFormatter("="))},
                       {"rows_erased", rows}});
}

std::vector<Erasure> ReadErasureLines(std::istream& log) {
  std::vector<Erasure> erasures;
  for (std::string line; std::getline(log, line);) {
    if (auto erasure = ReadLine(line)) erasures.push_back(*std::move(erasure));
  }
  return erasures;
}

}  // namespace cartwise::tenant
