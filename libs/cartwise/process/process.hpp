#pragma once

namespace cartwise::process {

/// What every long-running program of ours does first thing in main, before
/// there is a second thread: SIGTERM and SIGINT are left to AwaitEndSignal(), a
/// peer that is gone shows as an error of the write, and the allocator and the
/// locks are set for many threads on few cores.
void Begin();

/// Blocks until SIGTERM or SIGINT; meanwhile gives memory back to the system
/// when the process is quiet.
void AwaitEndSignal();

}  // namespace cartwise::process
