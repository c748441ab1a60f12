#include "sms/inforu_sms.hpp"

#include <algorithm>

#include <absl/time/clock.h>
#include <nlohmann/json.hpp>

#include "cartwise/http/client.hpp"
#include "cartwise/obs/log.hpp"

namespace cartwise::tenant {
namespace {

using Json = nlohmann::json;

// Inforu takes digits without the plus.
std::string Digits(const std::string& e164) {
  return e164.substr(e164.starts_with("+") ? 1 : 0);
}

std::string BodyOf(const InforuAccount& account, const CodeMessage& message) {
  const Json body = {
      {"Data",
       {{"Message", message.text},
        {"Recipients", Json::array({{{"Phone", Digits(message.phone)}}})},
        {"Settings", {{"Sender", account.sender}, {"CustomerMessageId", message.reference}}}}}};
  return body.dump();
}

}  // namespace

InforuClass ClassOf(int status_id) {
  switch (status_id) {
    case 1:
      return InforuClass::kSent;
    case -1:  // failed, without a reason
      return InforuClass::kRetry;
    case -13:  // quota of the user
    case -14:  // of the project
    case -15:  // of the customer
      return InforuClass::kQuota;
    default:
      // -2 and -26 credentials, -6 and -18 recipients, -9 no text, -11 form,
      // -16 date, -17 number, -20, -21, -90 and -94 sender, -22 user blocked,
      // -28 and -29 network, -96 too long, -230 address.
      return InforuClass::kFinal;
  }
}

absl::Status InforuSms::Send(const CodeMessage& message, absl::Time deadline) {
  Outcome outcome = Try(message, deadline);
  if (outcome.what == InforuClass::kRetry) outcome = Try(message, deadline);
  if (outcome.what == InforuClass::kSent) return absl::OkStatus();
  if (outcome.what == InforuClass::kQuota) {
    obs::Error("the SMS account is used up", {{"provider", "inforu"}, {"answer", outcome.why}});
  }
  return absl::UnavailableError("inforu: " + outcome.why);
}

InforuSms::Outcome InforuSms::Try(const CodeMessage& message, absl::Time deadline) const {
  const absl::Duration left = std::min(account_.timeout, deadline - absl::Now());
  if (left <= absl::ZeroDuration()) return {InforuClass::kFinal, "no time left"};
  http::Post post;
  post.url = account_.url;
  post.body = BodyOf(account_, message);
  post.headers = {"Content-Type: application/json; charset=utf-8", "Accept: application/json",
                  "Expect:"};
  post.user = account_.user;
  post.password = account_.token;
  post.connect_timeout = std::min(account_.connect_timeout, left);
  post.timeout = left;
  const auto answer = http::Send(post);
  if (!answer.ok()) {
    const bool too_long = absl::IsOutOfRange(answer.status());
    return {too_long ? InforuClass::kFinal : InforuClass::kRetry,
            std::string(answer.status().message())};
  }
  const std::string status = "HTTP " + std::to_string(answer->status);
  if (answer->status >= 500) return {InforuClass::kRetry, status};
  if (answer->status >= 300 && answer->status < 400) return {InforuClass::kFinal, status};
  const Json body = Json::parse(answer->body, nullptr, false);
  const auto id = body.is_object() ? body.find("StatusId") : body.end();
  if (!body.is_object() || id == body.end() || !id->is_number_integer()) {
    return {InforuClass::kFinal, status + " without a StatusId"};
  }
  const int64_t number = id->get<int64_t>();
  const bool known = number >= -1000 && number <= 1;
  // Success is said twice, by both, or not believed.
  if (number == 1 && answer->status != 200) return {InforuClass::kFinal, status + ", StatusId 1"};
  return {known ? ClassOf(int(number)) : InforuClass::kFinal,
          status + ", StatusId " + std::to_string(number)};
}

}  // namespace cartwise::tenant
