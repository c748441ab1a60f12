#pragma once

#include <vector>

#include <nghttp2/nghttp2.h>

#include "cartwise/http2/limits.hpp"
#include "cartwise/http2/session.hpp"

namespace cartwise::http2 {

/// A session of nghttp2 that tells `session` and its streams what happens.
nghttp2_session* NewNativeSession(Session& session, SessionMemory& memory, bool server,
                                  const Limits& limits);

/// Points into `headers`.
std::vector<nghttp2_nv> NativeHeaders(const Headers& headers);

/// Takes a stream's bytes out of its CallStream.
nghttp2_data_provider StreamData();

}  // namespace cartwise::http2
