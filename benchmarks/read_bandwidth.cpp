// How fast cores read memory that they have read just before: what bounds one step of one row.
//
//   g++ -O3 -march=native -std=c++20 -pthread benchmarks/read_bandwidth.cpp -o /tmp/bw && /tmp/bw
//
// Prints GB/s for one core, always forwards and to and fro in turns, and for two cores together,
// each with memory of its own. Needs Linux and an idle machine.
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

constexpr long PAGE = 2 << 20, MOST = 16 << 20;
constexpr int CHAINS = 8;
typedef float Vec __attribute__((vector_size(64), aligned(64)));

float read(const char* memory, long bytes, bool backwards) {
  Vec sums[CHAINS] = {};
  for (long i = 0; i < bytes; i += sizeof sums) {
    const Vec* from =
        reinterpret_cast<const Vec*>(memory + (backwards ? bytes - long(sizeof sums) - i : i));
    for (int k = 0; k < CHAINS; ++k) sums[k] += from[k];
  }
  float total = 0;
  for (const Vec& sum : sums) total += sum[0];
  return total;
}

/// The best of some runs, in GB/s.
double rate(const char* memory, long bytes, bool in_turns) {
  volatile float sink = 0;
  double best = 0;
  for (int run = 0; run < 7; ++run) {
    const long passes = 40'000'000 / bytes + 2;
    const auto begin = std::chrono::steady_clock::now();
    for (long n = 0; n < passes; ++n) sink = sink + read(memory, bytes, in_turns && n % 2);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::max(best, double(bytes) * double(passes) / took.count() / 1e9);
  }
  return best;
}

double together(const char* memory, long bytes) {
  std::atomic<int> ready{0};
  double rates[2];
  auto work = [&](int core) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    ++ready;
    while (ready < 2) sched_yield();
    rates[core] = rate(memory + core * MOST, bytes, false);
  };
  std::thread first(work, 0), second(work, 1);
  first.join();
  second.join();
  return rates[0] + rates[1];
}

}  // namespace

int main() {
  char* memory = static_cast<char*>(std::aligned_alloc(PAGE, 2 * MOST));
  if (!memory) return 1;
  madvise(memory, 2 * MOST, MADV_HUGEPAGE);
  std::memset(memory, 0, 2 * MOST);
  std::printf("%8s %9s %9s %10s\n", "KiB", "forwards", "to and fro", "two cores");
  for (long kib : {32, 128, 256, 512, 768, 1024, 1536, 2048, 4096, 8192, 16384})
    std::printf("%8ld %9.0f %9.0f %10.0f\n", kib, rate(memory, kib << 10, false),
                rate(memory, kib << 10, true), together(memory, kib << 10));
}
