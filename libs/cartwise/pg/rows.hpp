#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

struct pg_result;

namespace cartwise::pg {

class Rows;

/// One row; columns are read by name. A wrong name or an unreadable value is a
/// bug between a statement and its reader, and aborts.
class Row {
 public:
  bool IsNull(const char* column) const;
  /// Empty for NULL.
  std::string Text(const char* column) const;
  int64_t Int(const char* column) const;
  bool Bool(const char* column) const;
  double Double(const char* column) const;
  absl::Time Time(const char* column) const;
  /// bytea, decoded.
  std::string Bytes(const char* column) const;
  std::optional<int64_t> OptInt(const char* column) const;
  std::optional<double> OptDouble(const char* column) const;
  std::optional<absl::Time> OptTime(const char* column) const;
  /// Empty id for NULL.
  template <typename Id>
  Id As(const char* column) const {
    return Id(Text(column));
  }

 private:
  friend class Rows;
  Row(const pg_result* result, int index) : result_(result), index_(index) {}
  const pg_result* result_;
  int index_;
};

/// What a statement answered. Cheap to copy; rows live as long as it does.
class Rows {
 public:
  explicit Rows(std::shared_ptr<const pg_result> result);

  int size() const;
  bool empty() const { return size() == 0; }
  /// Rows inserted, updated or deleted.
  int affected() const;
  /// The values of all rows, one after the other, as PostgreSQL writes them.
  std::vector<std::optional<std::string>> Values() const;
  Row operator[](int index) const { return Row(result_.get(), index); }
  Row front() const { return (*this)[0]; }

  class Iterator {
   public:
    Iterator(const Rows* rows, int index) : rows_(rows), index_(index) {}
    Row operator*() const { return (*rows_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Rows* rows_;
    int index_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  std::shared_ptr<const pg_result> result_;
};

}  // namespace cartwise::pg
