#include "transcoding/json_time.hpp"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/util/time_util.h>

namespace cartwise::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::TimeUtil;

struct SecondsAndNanos {
  int64_t seconds;
  int32_t nanos;
};

SecondsAndNanos ReadTime(const Message& message) {
  const Descriptor* type = message.GetDescriptor();
  const Reflection* reflection = message.GetReflection();
  return {reflection->GetInt64(message, type->FindFieldByNumber(1)),
          reflection->GetInt32(message, type->FindFieldByNumber(2))};
}

void AppendTwoDigits(std::string& out, int64_t number) {
  out.push_back(static_cast<char>('0' + number / 10));
  out.push_back(static_cast<char>('0' + number % 10));
}

/// ".123", ".123456" or ".123456789", whichever is exact; nothing for 0.
void AppendFraction(std::string& out, int32_t nanos) {
  if (nanos == 0) return;
  int digits = 9;
  while (digits > 3 && nanos % 1000 == 0) {
    nanos /= 1000;
    digits -= 3;
  }
  char buffer[10];
  buffer[0] = '.';
  for (int i = digits; i > 0; --i, nanos /= 10) buffer[i] = static_cast<char>('0' + nanos % 10);
  out.append(buffer, static_cast<size_t>(digits) + 1);
}

/// RFC 3339 in UTC. By Howard Hinnant's days-to-civil: the library's way
/// through struct tm costs more than the rest of a cart.
void AppendRfc3339(std::string& out, int64_t seconds, int32_t nanos) {
  const int64_t days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
  const int64_t second = seconds - days * 86400;
  const int64_t z = days + 719468;
  const int64_t era = z / 146097;
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  out.push_back('"');
  AppendTwoDigits(out, year / 100);
  AppendTwoDigits(out, year % 100);
  out.push_back('-');
  AppendTwoDigits(out, month);
  out.push_back('-');
  AppendTwoDigits(out, doy - (153 * mp + 2) / 5 + 1);
  out.push_back('T');
  AppendTwoDigits(out, second / 3600);
  out.push_back(':');
  AppendTwoDigits(out, second / 60 % 60);
  out.push_back(':');
  AppendTwoDigits(out, second % 60);
  AppendFraction(out, nanos);
  out.append("Z\"");
}

}  // namespace

void AppendTimestamp(std::string& out, const Message& timestamp) {
  const auto [seconds, nanos] = ReadTime(timestamp);
  if (seconds < TimeUtil::kTimestampMinSeconds || seconds > TimeUtil::kTimestampMaxSeconds ||
      nanos < 0 || nanos > 999'999'999) {
    out.append("null");
  } else {
    AppendRfc3339(out, seconds, nanos);
  }
}

void AppendDuration(std::string& out, const Message& duration) {
  const auto [seconds, nanos] = ReadTime(duration);
  google::protobuf::Duration value;
  value.set_seconds(seconds);
  value.set_nanos(nanos);
  out.push_back('"');
  out.append(TimeUtil::ToString(value));
  out.push_back('"');
}

}  // namespace cartwise::gateway
