#include "cartwise/http2/session_callbacks.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace cartwise::http2 {

std::vector<nghttp2_nv> NativeHeaders(const Headers& headers) {
  std::vector<nghttp2_nv> all;
  all.reserve(headers.size());
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  for (const auto& [name, value] : headers) {
    all.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return all;
}

/// nghttp2's callbacks. Streams may do anything in them but close the session.
struct SessionCallbacks {
  static Session& Of(void* self) { return *static_cast<Session*>(self); }

  static int CutOff(nghttp2_session* native, Session& session) {
    session.flooded_ = true;
    nghttp2_session_terminate_session(native, NGHTTP2_ENHANCE_YOUR_CALM);
    return 0;
  }

  static int BeginFrame(nghttp2_session* native, const nghttp2_frame_hd* frame, void* self) {
    Session& session = Of(self);
    return session.flooded_ || session.OnFrameBegins(*frame) ? 0 : CutOff(native, session);
  }

  static int InvalidFrame(nghttp2_session* native, const nghttp2_frame* /*frame*/, int /*error*/,
                          void* self) {
    Session& session = Of(self);
    return session.flooded_ || session.OnInvalidFrame() ? 0 : CutOff(native, session);
  }

  static int BeginHeaders(nghttp2_session* /*native*/, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Session& session = Of(self);
    auto stream = session.NewStream();
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    stream->Attach(session, frame->hd.stream_id);
    session.streams_[frame->hd.stream_id] = std::move(stream);
    return 0;
  }

  static int Header(nghttp2_session* /*native*/, const nghttp2_frame* frame, const uint8_t* name,
                    size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                    void* self) {
    if (CallStream* const stream = Of(self).Find(frame->hd.stream_id)) {
      stream->OnHeader({reinterpret_cast<const char*>(name), name_size},
                       {reinterpret_cast<const char*>(value), value_size});
    }
    return 0;
  }

  static int Frame(nghttp2_session* /*native*/, const nghttp2_frame* frame, void* self) {
    Session& session = Of(self);
    if (frame->hd.type == NGHTTP2_SETTINGS) session.heard_settings_ = true;
    if (frame->hd.type == NGHTTP2_GOAWAY) session.OnGoaway();
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    const auto found = session.streams_.find(frame->hd.stream_id);
    if (found == session.streams_.end()) return 0;
    const std::shared_ptr<CallStream> stream = found->second;
    const bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS) stream->OnHeaders(last);
    if (last) stream->OnEnd();
    return 0;
  }

  static int Data(nghttp2_session* native, uint8_t /*flags*/, int32_t id, const uint8_t* bytes,
                  size_t size, void* self) {
    nghttp2_session_consume_connection(native, size);
    if (CallStream* const stream = Of(self).Find(id)) {
      stream->OnData({reinterpret_cast<const char*>(bytes), size});
    }
    return 0;
  }

  static int Close(nghttp2_session* /*native*/, int32_t id, uint32_t error, void* self) {
    Session& session = Of(self);
    const auto found = session.streams_.find(id);
    if (found == session.streams_.end()) return 0;
    const std::shared_ptr<CallStream> stream = std::move(found->second);
    session.streams_.erase(found);
    stream->Detach();
    stream->OnClose(error);
    session.OnStreamClosed();
    return 0;
  }

  /// Who was answered need not say the rest (RFC 9113, 8.1).
  static int Sent(nghttp2_session* native, const nghttp2_frame* frame, void* /*self*/) {
    const bool answered = frame->hd.type == NGHTTP2_HEADERS &&
                          (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
                          nghttp2_session_check_server_session(native) != 0;
    if (answered && nghttp2_session_get_stream_remote_close(native, frame->hd.stream_id) == 0) {
      nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  static ssize_t Read(nghttp2_session* native, int32_t id, uint8_t* bytes, size_t room,
                      uint32_t* flags, nghttp2_data_source* /*source*/, void* self) {
    CallStream* const stream = Of(self).Find(id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const size_t count = stream->Take(reinterpret_cast<char*>(bytes), room);
    if (stream->over_ && stream->waiting() == 0) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!stream->trailers_.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto fields = NativeHeaders(stream->trailers_);
        nghttp2_submit_trailer(native, id, fields.data(), fields.size());
      }
    } else if (count == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(count);
  }

  static nghttp2_session_callbacks* All() {
    static nghttp2_session_callbacks* const all = [] {
      nghttp2_session_callbacks* callbacks = nullptr;
      nghttp2_session_callbacks_new(&callbacks);
      nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, BeginFrame);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, InvalidFrame);
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, BeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, Header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Frame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Data);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Close);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Sent);
      return callbacks;
    }();
    return all;
  }
};

nghttp2_session* NewNativeSession(Session& session, SessionMemory& memory, bool server,
                                  const Limits& limits) {
  nghttp2_mem mem = memory.native();
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_session* native = nullptr;
  if (server) {
    nghttp2_option_set_max_deflate_dynamic_table_size(option, 0);
    nghttp2_option_set_stream_reset_rate_limit(option, static_cast<uint64_t>(limits.frames_burst),
                                               static_cast<uint64_t>(limits.frames_per_second));
    nghttp2_session_server_new3(&native, SessionCallbacks::All(), &session, option, &mem);
  } else {
    // A service says how many streams it takes before the first answer; gRPC's do not limit them.
    nghttp2_option_set_peer_max_concurrent_streams(option, UINT32_MAX);
    nghttp2_session_client_new3(&native, SessionCallbacks::All(), &session, option, &mem);
  }
  nghttp2_option_del(option);
  return native;
}

nghttp2_data_provider StreamData() {
  return {.source = {.ptr = nullptr}, .read_callback = SessionCallbacks::Read};
}

}  // namespace cartwise::http2
