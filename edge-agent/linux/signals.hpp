#pragma once

namespace cartwise::edge {

/// SIGTERM and SIGINT are left to AwaitEndSignal(). Call first thing in main,
/// before there is a second thread.
void BlockEndSignals();

/// Returns when somebody wants this process to end.
void AwaitEndSignal();

}  // namespace cartwise::edge
