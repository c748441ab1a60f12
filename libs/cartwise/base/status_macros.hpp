#pragma once

/// Early return on failure, for functions that answer absl::Status or StatusOr.

#define CW_CONCAT_INNER(a, b) a##b
#define CW_CONCAT(a, b) CW_CONCAT_INNER(a, b)

/// Returns the status of `expr` from this function unless it is OK.
#define CW_RETURN_IF_ERROR(expr)                                    \
  do {                                                              \
    if (auto cw_status = (expr); !cw_status.ok()) return cw_status; \
  } while (false)

#define CW_ASSIGN_OR_RETURN_INNER(var, lhs, expr) \
  auto var = (expr);                              \
  if (!var.ok()) return std::move(var).status();  \
  lhs = *std::move(var)

/// `CW_ASSIGN_OR_RETURN(const Rental rental, store.Find(id));`
#define CW_ASSIGN_OR_RETURN(lhs, ...) \
  CW_ASSIGN_OR_RETURN_INNER(CW_CONCAT(cw_statusor_, __LINE__), lhs, (__VA_ARGS__))
