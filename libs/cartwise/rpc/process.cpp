#include <csignal>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/rpc/server.hpp"

namespace cartwise::rpc {
namespace {

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void Prepare(grpc::ClientContext& ctx, absl::Time deadline, const std::string& trace_id) {
  ctx.set_deadline(absl::ToChronoTime(deadline));
  const std::string trace =
      trace_id.size() == 32 ? trace_id : absl::StrReplaceAll(NewUuid(), {{"-", ""}});
  // The last 16 digits of a new UUID are its random part.
  const std::string span = absl::StrReplaceAll(NewUuid(), {{"-", ""}}).substr(16);
  ctx.AddMetadata("traceparent", absl::StrCat("00-", trace, "-", span, "-01"));
}

void BlockSignals() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void WaitForSignal() {
  const sigset_t signals = EndSignals();
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace cartwise::rpc
