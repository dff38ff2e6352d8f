// Threads under stress: the barrier, and the kernels that wait at it, with more threads than
// cores and others competing. Built by `make sanitize-thread` with ThreadSanitizer.
//
// ThreadSanitizer does not see inside an OpenMP runtime and would report its own hand-overs. So
// this program is the runtime: the three entry points that csrc/threads.cpp looks up are defined
// below on std::thread, whose hand-overs it does see. All else is the code that is shipped.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../../csrc/dispatch.h"
#include "../../csrc/threads.h"

namespace {
thread_local int index_now = 0, count_now = 1;
}

#define ELMAN_SEEN __attribute__((visibility("default")))

extern "C" {
ELMAN_SEEN void GOMP_parallel(void (*body)(void*), void* data, unsigned threads, unsigned) {
  std::vector<std::thread> team;
  for (unsigned i = 1; i < threads; ++i)
    team.emplace_back([=] {
      index_now = int(i);
      count_now = int(threads);
      body(data);
    });
  count_now = int(threads);
  body(data);
  count_now = 1;
  for (std::thread& thread : team) thread.join();
}
ELMAN_SEEN int omp_get_thread_num() { return index_now; }
ELMAN_SEEN int omp_get_num_threads() { return count_now; }
}

namespace {

using elman::Index;

void check(bool fine, const char* what) {
  if (fine) return;
  std::fprintf(stderr, "stress: %s\n", what);
  std::exit(1);
}

/// All threads write, wait, read what the others wrote, wait: plain memory, so a barrier that
/// lets one through early is a race.
struct Rounds {
  int rounds;
  elman::Barrier barrier;
  std::vector<int> slots = std::vector<int>(64);
  std::atomic<int> entered{0};

  static void part(void* self, int i, int n) {
    Rounds& r = *static_cast<Rounds*>(self);
    r.entered.fetch_add(1);
    for (int round = 1; round <= r.rounds; ++round) {
      r.slots[std::size_t(i)] = round;
      r.barrier.wait(n);
      for (int k = 0; k < n; ++k) check(r.slots[std::size_t(k)] == round, "barrier: out of step");
      r.barrier.wait(n);
    }
  }
};

void barriers() {
  for (int threads = 1; threads <= 8; ++threads)
    for (int rounds : {1, 2, 3, 50}) {
      Rounds r{rounds, {}};
      elman::parallel(threads, &Rounds::part, &r);
      check(r.entered == threads, "parallel: not every thread came");
    }
}

template <class T>
std::vector<T> random_values(Index count, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<double> normal(0.0, 0.3);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = T(normal(rng));
  return values;
}

/// Forward and backward of one cell; all that they write, one after the other.
template <class T>
std::vector<T> run(const elman::Table<T>& table, int cell, int threads, Index steps, Index B,
                   Index H, bool normed) {
  using elman::LSTM;
  const Index G = elman::CELL_GATES[cell], N = steps * B;
  const bool memory = cell == LSTM;
  auto weight = random_values<T>(G * H * H, 1);
  for (T& w : weight) w /= T(8);
  std::vector<T> packed(std::size_t(table.packed_size(int(G), H, H, false)));
  table.pack(int(G), weight.data(), H, H, false, packed.data());
  std::vector<T> across(std::size_t(table.packed_size(1, H, G * H, false)));
  table.pack_transposed(weight.data(), H, G * H, across.data());

  const auto gates_x = random_values<T>(N * G * H, 2), h0 = random_values<T>(B * H, 3);
  const auto gain = random_values<T>(G * H, 4), c0 = random_values<T>(B * H, 5);
  std::vector<T> output(std::size_t(N * H)), h(h0), c(c0), gates(std::size_t(N * G * H));
  std::vector<T> states(output), kept(output), product(gates);
  elman::Forward<T> f{};
  f.shape = {steps, B, H, nullptr, nullptr};
  f.threads = threads;
  f.gates_x = gates_x.data();
  f.h0 = h0.data();
  f.weight = packed.data();
  f.output = output.data();
  f.h = h.data();
  f.c = memory ? c.data() : nullptr;
  f.gates = gates.data();
  f.memory = memory ? states.data() : nullptr;
  f.kept = cell == elman::GRU ? kept.data() : nullptr;
  if (normed) f.norm_h.gain = gain.data();
  f.product = normed ? product.data() : nullptr;
  f.over_time = true;
  table.forward[cell](f);

  const auto d_output = random_values<T>(N * H, 6);
  std::vector<T> d_h(random_values<T>(B * H, 7)), d_c(random_values<T>(B * H, 8));
  std::vector<T> d_gates_x(gates.size()), d_gates_h(gates.size()), d_product(gates.size());
  elman::Backward<T> b{};
  b.shape = f.shape;
  b.threads = threads;
  b.h0 = h0.data();
  b.c0 = memory ? c0.data() : nullptr;
  b.weight = across.data();
  b.norm_h = f.norm_h;
  b.output = output.data();
  b.gates = gates.data();
  b.memory = f.memory;
  b.kept = f.kept;
  b.product = f.product;
  b.d_output = d_output.data();
  b.d_h = d_h.data();
  b.d_c = memory ? d_c.data() : nullptr;
  b.d_gates_x = d_gates_x.data();
  b.d_gates_h = cell == elman::GRU ? d_gates_h.data() : nullptr;
  b.d_product = normed ? d_product.data() : nullptr;
  table.backward[cell](b);

  for (const auto* part : {&h, &c, &gates, &d_h, &d_c, &d_gates_x, &d_gates_h, &d_product})
    output.insert(output.end(), part->begin(), part->end());
  return output;
}

/// Few rows and large weights: split by units, a barrier at each step. Many rows: split by rows.
template <class T>
void cells(const elman::Table<T>& table) {
  for (int cell = 0; cell < elman::CELLS; ++cell)
    for (Index rows : {1, 3, 17})
      for (bool normed : {false, true}) {
        const Index steps = 12, H = 200;
        const auto alone = run(table, cell, 1, steps, rows, H, normed);
        for (int threads : {2, 3, 5, 8})
          check(run(table, cell, threads, steps, rows, H, normed) == alone,
                "kernels: threads changed a result");
      }
}

template <class T>
void products(const elman::Table<T>& table) {
  const Index N = 130, K = 70, M = 90;
  const auto x = random_values<T>(N * K, 1), d = random_values<T>(N * M, 2);
  const auto weight = random_values<T>(M * K, 3);
  std::vector<T> packed(std::size_t(table.packed_size(1, M, K, false)));
  table.pack(1, weight.data(), M, K, false, packed.data());
  std::vector<T> first, second;
  for (int threads : {1, 2, 3, 8}) {
    std::vector<T> y(std::size_t(N * M)), sum(std::size_t(M * K));
    table.multiply(threads, 1, x.data(), N, K, packed.data(), false, nullptr, M, y.data());
    table.add_product(threads, d.data(), x.data(), N, M, K, sum.data());
    if (threads == 1) first = y, second = sum;
    check(y == first && sum == second, "products: threads changed a result");
  }
}

}  // namespace

int main() {
  std::atomic<bool> over{false};
  std::vector<std::thread> others;
  for (int i = 0; i < 2; ++i)
    others.emplace_back([&] {
      while (!over.load(std::memory_order_relaxed)) {
      }
    });
  for (int again = 0; again < 3; ++again) barriers();
  for (const std::string& isa : elman::supported()) {
    elman::select(isa);
    cells(elman::kernels().f32);
    products(elman::kernels().f32);
    products(elman::kernels().f64);
    std::printf("%s: threads agree\n", isa.c_str());
    std::fflush(stdout);
  }
  over = true;
  for (std::thread& other : others) other.join();
}
