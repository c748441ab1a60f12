#include "harness/rest.hpp"

#include <curl/curl.h>
#include <time.h>

#include <memory>
#include <utility>

#include "cartwise/base/text.hpp"

namespace cartwise::fleet {

int64_t MonotonicMicros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

namespace {

size_t AppendBody(char* bytes, size_t size, size_t count, void* to) {
  auto& answer = *static_cast<Answer*>(to);
  answer.came_us = MonotonicMicros();
  answer.text.append(bytes, size * count);
  return size * count;
}

size_t AppendHeader(char* bytes, size_t size, size_t count, void* to) {
  auto& answer = *static_cast<Answer*>(to);
  answer.came_us = MonotonicMicros();
  const std::string line(bytes, size * count);
  const size_t colon = line.find(": ");
  if (colon != std::string::npos) {
    answer.headers[ToLowerAscii(line.substr(0, colon))] =
        line.substr(colon + 2, line.size() - colon - 4);
  }
  return size * count;
}

// curl tells after it has sent.
int NoteSent(CURL*, curl_infotype what, char*, size_t, void* answer) {
  if (what == CURLINFO_HEADER_OUT || what == CURLINFO_DATA_OUT) {
    static_cast<Answer*>(answer)->sent_us = MonotonicMicros();
  }
  return 0;
}

// What curl only points to while a request runs.
struct Running {
  Request request;
  Answer answer;
  curl_slist* headers = nullptr;

  ~Running() { curl_slist_free_all(headers); }

  void Prepare(CURL* curl, const std::string& base, const std::string& token) {
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (!token.empty()) {
      headers = curl_slist_append(headers, ("Authorization: Bearer " + token).c_str());
    }
    for (const auto& [name, value] : request.headers) {
      headers = curl_slist_append(headers, (name + ": " + value).c_str());
    }
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, (base + request.path).c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, long(request.body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, AppendBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, AppendHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, NoteSent);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  }

  Answer Finish(CURL* curl) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    answer.status = int(status);
    answer.body = Json::parse(answer.text, nullptr, false);
    if (answer.body.is_discarded()) answer.body = nullptr;
    return std::move(answer);
  }
};

}  // namespace

Rest::Rest(std::string base, std::string token)
    : base_(std::move(base)), token_(std::move(token)), curl_(curl_easy_init()) {}

Rest::~Rest() {
  if (curl_ != nullptr) curl_easy_cleanup(curl_);
}

Rest::Rest(Rest&& other) noexcept
    : base_(other.base_), token_(other.token_), curl_(std::exchange(other.curl_, nullptr)) {}

Rest& Rest::operator=(Rest&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(token_, other.token_);
  std::swap(curl_, other.curl_);
  return *this;
}

Answer Rest::Send(const Request& request) {
  Running running{request, {}, nullptr};
  running.Prepare(curl_, base_, token_);
  curl_easy_perform(curl_);
  return running.Finish(curl_);
}

std::vector<Answer> Rest::SendAll(const std::vector<Request>& requests) {
  CURLM* multi = curl_multi_init();
  std::vector<std::pair<CURL*, std::unique_ptr<Running>>> all;
  for (const Request& request : requests) {
    auto running = std::make_unique<Running>(Running{request, {}, nullptr});
    CURL* curl = curl_easy_init();
    running->Prepare(curl, base_, token_);
    curl_multi_add_handle(multi, curl);
    all.emplace_back(curl, std::move(running));
  }
  int left = 1;
  while (left > 0 && curl_multi_perform(multi, &left) == CURLM_OK && left > 0) {
    curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  std::vector<Answer> answers;
  for (auto& [curl, running] : all) {
    answers.push_back(running->Finish(curl));
    curl_multi_remove_handle(multi, curl);
    curl_easy_cleanup(curl);
  }
  curl_multi_cleanup(multi);
  return answers;
}

Answer Rest::Get(const std::string& path) {
  return Send({"GET", path, "", {}});
}

Answer Rest::Post(const std::string& path, const Json& body, const std::string& idempotency_key) {
  Request request{"POST", path, body.dump(), {}};
  if (!idempotency_key.empty()) request.headers["Idempotency-Key"] = idempotency_key;
  return Send(request);
}

Answer Rest::Put(const std::string& path, const Json& body) {
  return Send({"PUT", path, body.dump(), {}});
}

Answer Rest::Delete(const std::string& path) {
  return Send({"DELETE", path, "", {}});
}

}  // namespace cartwise::fleet
