#pragma once

#include <filesystem>
#include <fstream>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/ids.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::tenant {

/// Made for tests alone; signs nothing that any fleet accepts.
inline constexpr char kFakePrivatePem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIHJyfeb9Wxohphjt6E2T2mDlUCq1XcH8+l3TJp0GsWIs\n"
    "-----END PRIVATE KEY-----\n";

inline auth::SigningKey FakeSigningKey() {
  const auto path = std::filesystem::temp_directory_path() / NewUuid() / "tenant-test.pem";
  std::filesystem::create_directory(path.parent_path());
  std::ofstream(path) << kFakePrivatePem;
  auto key = auth::SigningKey::Load(path.string());
  std::filesystem::remove_all(path.parent_path());
  REQUIRE_OK(key);
  return *key;
}

}  // namespace cartwise::tenant
