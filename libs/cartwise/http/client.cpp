#include "cartwise/http/client.hpp"

#include <algorithm>
#include <memory>

#include <absl/strings/str_cat.h>
#include <curl/curl.h>

// libcurl brings GnuTLS along, for a protocol that nobody speaks here. GnuTLS asks by this
// name (GNUTLS_SKIP_GLOBAL_INIT of its manual) whether a program that starts is to
// pay for that, in memory of every idle service.
extern "C" int _gnutls_global_init_skip() {
  return 1;
}

namespace cartwise::http {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

struct Body {
  std::string text;
  size_t most;
  bool over = false;
};

// Taking less than was offered makes curl give up.
size_t Collect(char* data, size_t, size_t size, void* into) {
  Body& body = *static_cast<Body*>(into);
  body.over = body.text.size() + size > body.most;
  if (body.over) return 0;
  body.text.append(data, size);
  return size;
}

List Headers(const Post& post) {
  curl_slist* list = nullptr;
  for (const auto& header : post.headers) list = curl_slist_append(list, header.c_str());
  return {list, &curl_slist_free_all};
}

long Milliseconds(absl::Duration duration) {
  return std::max<long>(1, absl::ToInt64Milliseconds(duration));
}

void Prepare(CURL* curl, const Post& post, const curl_slist* headers, Body* body) {
  curl_easy_setopt(curl, CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(post.body.size()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(post.connect_timeout));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, Milliseconds(post.timeout));
  // Timeouts by signal are not for programs with threads.
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
  if (!post.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, post.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, post.password.c_str());
  }
}

}  // namespace

absl::StatusOr<Answer> Send(const Post& post) {
  [[maybe_unused]] static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Handle curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) return absl::UnavailableError("no HTTP client");
  const List headers = Headers(post);
  Body body{"", post.most_bytes};
  Prepare(curl.get(), post, headers.get(), &body);
  const CURLcode code = curl_easy_perform(curl.get());
  if (body.over) return absl::OutOfRangeError("the answer is too long");
  if (code == CURLE_OPERATION_TIMEDOUT) return absl::DeadlineExceededError("no answer in time");
  if (code != CURLE_OK) {
    return absl::UnavailableError(absl::StrCat("HTTP failed: ", curl_easy_strerror(code)));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  return Answer{int(status), std::move(body.text)};
}

}  // namespace cartwise::http
