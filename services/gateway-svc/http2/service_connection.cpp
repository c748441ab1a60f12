#include "http2/service_connection.hpp"

#include <iterator>

#include "cartwise/obs/log.hpp"

namespace cartwise::gateway {
namespace {

/// Given back as bytes come, so it only has to cover what is on its way.
constexpr int32_t kConnectionWindow = 4 * 1024 * 1024;

}  // namespace

void ServiceConnection::OnOpen() {
  MakeNative(false);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(native(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(native(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  opened_();
}

void ServiceConnection::OnClosed(std::string_view why) {
  obs::Debug("connection to a service ended", {{"why", why}});
  left_();
  gone_();
}

}  // namespace cartwise::gateway
