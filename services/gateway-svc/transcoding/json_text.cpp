#include "transcoding/json_text.hpp"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/stubs/strutil.h>
#include <google/protobuf/util/time_util.h>

namespace cartwise::gateway {
namespace {

using google::protobuf::util::TimeUtil;

void AppendEscaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      out.append("\\u00");
      out.push_back(kHex[(c >> 4) & 15]);
      out.push_back(kHex[c & 15]);
  }
}

void PutTwoDigits(char* at, int64_t number) {
  at[0] = static_cast<char>('0' + number / 10);
  at[1] = static_cast<char>('0' + number % 10);
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

/// "2026-01-31T12:00:00" by Howard Hinnant's days-to-civil: the library's way
/// through struct tm costs more than the rest of a cart.
void AppendDateAndTime(std::string& out, int64_t seconds) {
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
  char text[] = "yyyy-mm-ddThh:mm:ss";
  PutTwoDigits(text, year / 100);
  PutTwoDigits(text + 2, year % 100);
  PutTwoDigits(text + 5, month);
  PutTwoDigits(text + 8, doy - (153 * mp + 2) / 5 + 1);
  PutTwoDigits(text + 11, second / 3600);
  PutTwoDigits(text + 14, second / 60 % 60);
  PutTwoDigits(text + 17, second % 60);
  out.append(text, sizeof text - 1);
}

}  // namespace

bool AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  size_t plain = 0;
  bool ascii = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    ascii = ascii && c < 0x80;
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    AppendEscaped(out, text[i]);
    plain = i + 1;
  }
  out.append(text, plain);
  out.push_back('"');
  return ascii || google::protobuf::internal::IsStructurallyValidUTF8(
                      text.data(), static_cast<int>(text.size()));
}

void AppendTimestamp(std::string& out, int64_t seconds, int32_t nanos) {
  if (seconds < TimeUtil::kTimestampMinSeconds || seconds > TimeUtil::kTimestampMaxSeconds ||
      nanos < 0 || nanos > 999'999'999) {
    out.append("null");
    return;
  }
  out.push_back('"');
  AppendDateAndTime(out, seconds);
  AppendFraction(out, nanos);
  out.append("Z\"");
}

void AppendDuration(std::string& out, int64_t seconds, int32_t nanos) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  duration.set_nanos(nanos);
  out.push_back('"');
  out.append(TimeUtil::ToString(duration));
  out.push_back('"');
}

}  // namespace cartwise::gateway
