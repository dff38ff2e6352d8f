// From a class with a method `part(index, count)` to a parallel run of it.
#pragma once

#include "simd.h"
#include "threads.h"

namespace elman::ELMAN_ISA {

template <class Run>
ELMAN_INLINE void run_parts(Run& run, int threads) {
  parallel(threads, [](void* p, int i, int n) { static_cast<Run*>(p)->part(i, n); }, &run);
}

}  // namespace elman::ELMAN_ISA
