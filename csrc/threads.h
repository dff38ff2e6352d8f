// Threads: one parallel region for a sequence, and a barrier between its steps.
#pragma once

#include <atomic>

namespace elman {

/// Call body(data, i, n) for each i in 0..n-1 at once, n <= threads, and wait for all.
///
/// The threads are those of the OpenMP runtime that the process has loaded already (torch
/// brings one), found when first needed: linking a second runtime would mean a second pool of
/// threads on the same cores. Without one, or in a forked child, in which the pool is gone,
/// n is 1.
void parallel(int threads, void (*body)(void* data, int i, int n), void* data);

/// Where n threads wait for one another: spins, then yields.
class Barrier {
 public:
  void wait(int n);

 private:
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<unsigned> phase_{0};
};

}  // namespace elman
