#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartwise/base/page.hpp"
#include "cartwise/pg/query.hpp"
#include "cartwise/pg/rows.hpp"

/// How values of the domain stand in columns.
namespace cartwise::tenant {

/// chain_id of the rows that belong to no chain: platform admins and theirs.
inline constexpr char kPlatformChain[] = "00000000-0000-0000-0000-000000000000";

inline std::string ChainColumn(const ChainId& chain) {
  return chain.empty() ? kPlatformChain : chain.value();
}

inline ChainId ReadChain(const pg::Row& row) {
  const std::string text = row.Text("chain_id");
  return text == kPlatformChain ? ChainId() : ChainId(text);
}

/// Part `index` of the last key of the page before; NULL on the first page.
inline std::optional<std::string> After(const PageRequest& page, size_t index) {
  if (page.after.empty()) return std::nullopt;
  return page.after[index];
}

/// Reads every row with `read`.
template <typename Read>
auto ReadAll(const pg::Rows& rows, Read read) {
  std::vector<decltype(read(rows.front()))> all;
  all.reserve(rows.size());
  for (const pg::Row row : rows) all.push_back(read(row));
  return all;
}

/// Reads the row, if there is one.
template <typename Read>
auto ReadOne(const pg::Rows& rows, Read read) {
  std::optional<decltype(read(rows.front()))> one;
  if (!rows.empty()) one = read(rows.front());
  return one;
}

}  // namespace cartwise::tenant
