#include "threads.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

namespace elman {
namespace {

/// The entry points that every OpenMP runtime for GCC's code offers, libomp included.
struct OpenMp {
  void (*run)(void (*)(void*), void*, unsigned threads, unsigned flags);
  int (*index)();
  int (*count)();
};

std::atomic<bool> forked{false};

template <class F>
void look_up(F& function, const char* name) {
  function = reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
}

const OpenMp* openmp() {
  static std::atomic<const OpenMp*> found{nullptr};
  if (const OpenMp* ready = found.load(std::memory_order_acquire)) return ready;
  static OpenMp table;
  OpenMp now{};
  look_up(now.run, "GOMP_parallel");
  look_up(now.index, "omp_get_thread_num");
  look_up(now.count, "omp_get_num_threads");
  if (!now.run || !now.index || !now.count) return nullptr;  // perhaps torch comes later
  static const int once = (table = now, pthread_atfork(nullptr, nullptr, [] { forked = true; }));
  static_cast<void>(once);
  found.store(&table, std::memory_order_release);
  return &table;
}

struct Job {
  const OpenMp* runtime;
  void (*body)(void*, int, int);
  void* data;
};

void work(void* p) {
  const Job& job = *static_cast<Job*>(p);
  job.body(job.data, job.runtime->index(), job.runtime->count());
}

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

void parallel(int threads, void (*body)(void*, int, int), void* data) {
  const OpenMp* runtime = threads > 1 && !forked ? openmp() : nullptr;
  if (!runtime) return body(data, 0, 1);
  Job job{runtime, body, data};
  runtime->run(work, &job, unsigned(threads), 0);
}

void Barrier::wait(int n) {
  if (n == 1) return;
  const unsigned phase = phase_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == n) {
    arrived_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    return;
  }
  for (int spins = 0; phase_.load(std::memory_order_acquire) == phase; ++spins)
    spins < 4000 ? pause() : static_cast<void>(sched_yield());
}

}  // namespace elman
