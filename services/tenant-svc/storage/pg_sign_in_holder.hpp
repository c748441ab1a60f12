#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/erasure.hpp"
#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// What this service itself keeps of shoppers: codes sent and tried, under the
/// keyed hash of the phone, which is the handle. Messages stay to be counted,
/// as nobody's. Thread-safe.
class PgSignInHolder final : public DataHolder {
 public:
  PgSignInHolder(pg::Pool& pool, OtpSecrets& secrets) : pool_(pool), secrets_(secrets) {}

  const std::string& Name() const override { return name_; }
  absl::StatusOr<std::string> Export(const Person& person, absl::Time deadline) override;
  absl::StatusOr<Erased> Erase(const ErasureOrder& order, absl::Time deadline) override;

 private:
  const std::string name_ = "tenant-svc";
  pg::Pool& pool_;
  OtpSecrets& secrets_;
};

}  // namespace cartwise::tenant
