#include "cartwise/auth/key_folder.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::auth {
namespace {

/// A folder of private keys and one of their public halves.
struct Folders {
  Folders() {
    char path[] = "/tmp/cw-keys-XXXXXX";
    root = mkdtemp(path);
    std::filesystem::create_directory(root / "own");
    std::filesystem::create_directory(root / "public");
    Add("tenant-2026a");
  }
  ~Folders() { std::filesystem::remove_all(root); }

  void Add(const std::string& id) {
    const std::string pem = NewTestKeyPem();
    Write("own", id, pem);
    Write("public", id, SigningKey::FromPem(id, pem)->PublicPem());
  }
  void Write(const std::string& folder, const std::string& id, const std::string& text) const {
    std::ofstream(root / folder / (id + ".pem")) << text;
  }
  void Forget(const std::string& id) const {
    std::filesystem::remove(root / "public" / (id + ".pem"));
  }
  std::string Token(const SigningKey& key) const {
    Caller caller;
    caller.principal = Principal::kStaff;
    caller.subject = NewUuid();
    caller.chain = ChainId::New();
    caller.grants = {{Role::kViewer, {}}};
    return IssueToken(key, caller, clock.Now(), absl::Hours(1));
  }
  void Wait() { clock.Advance(absl::Seconds(5)); }

  std::filesystem::path root;
  testing::FakeClock clock;
};

TEST_CASE("the newest key signs as soon as it lies in the folder", "[keys]") {
  Folders f;
  const auto own = OwnKeys::Open(f.root / "own", f.clock).value();
  f.Add("tenant-2026b");
  CHECK(own->Current().Newest().id() == "tenant-2026a");

  f.Wait();

  CHECK(own->Current().Newest().id() == "tenant-2026b");
  CHECK(own->Current().All().size() == 2);
}

TEST_CASE("tokens of two keys are proven side by side, until one is forgotten", "[keys]") {
  Folders f;
  const auto own = OwnKeys::Open(f.root / "own", f.clock).value();
  const auto trusted = TrustedKeys::Open(f.root / "public", f.clock).value();
  const TokenVerifier verifier([&] { return trusted->Current(); }, f.clock);
  const std::string old = f.Token(own->Current().Newest());
  REQUIRE_OK(verifier.Verify(old));

  f.Add("tenant-2026b");
  f.Wait();
  const std::string young = f.Token(own->Current().Newest());
  REQUIRE_OK(verifier.Verify(young));
  REQUIRE_OK(verifier.Verify(old));

  f.Forget("tenant-2026a");
  f.Wait();
  CHECK_REFUSED(verifier.Verify(old), "BAD_TOKEN");
  REQUIRE_OK(verifier.Verify(young));
}

TEST_CASE("files that make no good set change nothing, until they are mended", "[keys]") {
  Folders f;
  const auto trusted = TrustedKeys::Open(f.root / "public", f.clock).value();
  f.Write("public", "tenant-2026b", "no key");
  f.Wait();
  CHECK(trusted->Current().Has("tenant-2026a"));

  f.Add("tenant-2026b");
  f.Wait();
  CHECK(trusted->Current().Has("tenant-2026b"));

  std::filesystem::remove_all(f.root / "public");
  f.Wait();
  CHECK(trusted->Current().Has("tenant-2026b"));
}

TEST_CASE("a folder without a good key does not open", "[keys]") {
  Folders f;
  f.Write("own", "tenant-2026a", "no key");
  f.Forget("tenant-2026a");

  CHECK_FALSE(OwnKeys::Open(f.root / "own", f.clock).ok());
  CHECK_FALSE(TrustedKeys::Open(f.root / "public", f.clock).ok());
  CHECK_FALSE(TrustedKeys::Open("/does/not/exist", f.clock).ok());
}

}  // namespace
}  // namespace cartwise::auth
