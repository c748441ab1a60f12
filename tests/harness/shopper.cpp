#include "harness/shopper.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace cartwise::fleet {

Shopper::Shopper(Fleet& fleet, const Rack& rack, const std::string& phone)
    : console_(fleet.folder() + "/sms.jsonl"),
      anonymous_(fleet.Anonymous()),
      at_{{"user_phone", phone}, {"branch_id", rack.branch_id()}} {}

Answer Shopper::AskForCode() {
  return anonymous_.Post("/api/auth/otp/request", at_);
}

Answer Shopper::Verify(const std::string& code) {
  Json with_code = at_;
  with_code["code"] = code;
  return anonymous_.Post("/api/auth/otp/verify", with_code);
}

std::string Shopper::LastCode() const {
  std::ifstream console(console_);
  std::string line, last;
  while (std::getline(console, line)) last = line;
  return Json::parse(last)["code"];
}

Rest Shopper::SignIn() {
  const Answer asked = AskForCode();
  const Answer session = asked.ok() ? Verify(LastCode()) : asked;
  if (!session.ok()) {
    std::fprintf(stderr, "fleet: a shopper's sign-in: %s\n", session.text.c_str());
    std::abort();
  }
  return Rest(anonymous_.base(), session.body["access_token"]);
}

}  // namespace cartwise::fleet
