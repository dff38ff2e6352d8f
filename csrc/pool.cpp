#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

namespace elman {
namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Body = void (*)(void*, int);
using std::chrono::microseconds;

/// How long a helper stays awake after a job, and what counts as quick succession.
constexpr microseconds AWAKE{200};
/// A helper that ends so much later than its caller was put aside by the system.
constexpr microseconds LATE{50};
/// For how long helpers are then left alone: at first, and at most, doubling in between.
constexpr microseconds SHORT_REST{1000}, LONG_REST{100'000};

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// How many cores the calling thread may run on.
int cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return int(std::thread::hardware_concurrency());
}

/// One thread and the letter box in which it finds its part.
class alignas(64) Helper {
 public:
  void start() { std::thread(&Helper::serve, this).detach(); }

  bool asleep() const { return word_.load(std::memory_order_relaxed) == ASLEEP; }

  /// Leave a part; only while none is left or running.
  void post(Body body, void* data, int part) {
    body_ = body;
    data_ = data;
    part_ = part;
    if (word_.exchange(POSTED, std::memory_order_acq_rel) == ASLEEP) word_.notify_one();
  }

  /// Take the part back, unless it has been begun.
  bool recall() {
    int posted = POSTED;
    return word_.compare_exchange_strong(posted, FREE, std::memory_order_acq_rel);
  }

  /// Wait for the end of a part that could not be taken back.
  void wait() const {
    for (int spins = 0; word_.load(std::memory_order_acquire) == RUNNING; ++spins)
      spins < 4000 ? relax() : static_cast<void>(sched_yield());
  }

 private:
  enum : int { FREE, POSTED, RUNNING, ASLEEP };

  [[noreturn]] void serve() {
    for (;;) {
      await();
      int posted = POSTED;
      if (!word_.compare_exchange_strong(posted, RUNNING, std::memory_order_acq_rel)) continue;
      body_(data_, part_);
      word_.store(FREE, std::memory_order_release);
    }
  }

  void await() {
    Time until = Clock::now() + AWAKE;
    for (int spins = 1; word_.load(std::memory_order_relaxed) != POSTED; ++spins) {
      relax();
      int free = FREE;
      if (spins % 32 || Clock::now() < until ||
          !word_.compare_exchange_strong(free, ASLEEP, std::memory_order_acq_rel))
        continue;
      word_.wait(ASLEEP, std::memory_order_relaxed);
      until = Clock::now() + AWAKE;
    }
  }

  std::atomic<int> word_{FREE};
  Body body_ = nullptr;
  void* data_ = nullptr;
  int part_ = 0;
};

/// All helpers of the process; the caller that holds it is the only one to touch its members.
class Pool {
 public:
  void run(int parts, Body body, void* data) {
    if (held_.exchange(true, std::memory_order_acquire)) {
      wanted_.store(true, std::memory_order_relaxed);
      return alone(parts, body, data);
    }
    const Time begin = Clock::now();
    if (begin - last_ < AWAKE && begin >= rested_)
      last_ = together(begin, parts, body, data);
    else {
      alone(parts, body, data);
      last_ = Clock::now();
    }
    held_.store(false, std::memory_order_release);
  }

 private:
  static void alone(int parts, Body body, void* data) {
    for (int i = 0; i < parts; ++i) body(data, i);
  }

  /// Run all parts, the helpers' included; return when that was.
  Time together(Time begin, int parts, Body body, void* data) {
    wanted_.store(false, std::memory_order_relaxed);
    Helper* posted[MAX_PARTS] = {};
    for (int i = 1; i < parts; ++i)
      if ((posted[i] = helper(i))) posted[i]->post(body, data, i);
    for (int i = 0; i < parts; ++i)
      if (!posted[i]) body(data, i);
    const Time mine = Clock::now();
    for (int i = 1; i < parts; ++i)
      if (posted[i]) posted[i]->recall() ? body(data, i) : posted[i]->wait();
    const Time end = Clock::now();
    if (end - mine > mine - begin + LATE || wanted_.load(std::memory_order_relaxed)) rest(end);
    return end;
  }

  /// The helper of part i, null where there can be none or where it had better sleep on.
  Helper* helper(int i) {
    while (int(helpers_.size()) < i)
      if (full_ || cores() < 2 || !add()) return nullptr;
    Helper* const h = helpers_[std::size_t(i - 1)].get();
    return h->asleep() && cores() < 2 ? nullptr : h;
  }

  /// Make a helper; false where the system grants no more threads.
  bool add() {
    auto h = std::make_unique<Helper>();
    sigset_t all, before;  // signals are for the threads that Python knows
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      h->start();
    } catch (const std::system_error&) {
      full_ = true;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!full_) helpers_.push_back(std::move(h));
    return !full_;
  }

  void rest(Time now) {
    pause_ = now - rested_ < pause_ ? std::min(2 * pause_, LONG_REST) : SHORT_REST;
    rested_ = now + pause_;
  }

  std::atomic<bool> held_{false};
  std::atomic<bool> wanted_{false};  // by a second caller, while held
  Time last_{}, rested_{};           // end of the last job; when helpers may be called again
  microseconds pause_ = SHORT_REST;
  bool full_ = false;
  std::vector<std::unique_ptr<Helper>> helpers_;
};

std::atomic<Pool*> pool{nullptr};

/// Never deleted: helpers look at it until the process ends.
Pool& the_pool() {
  if (Pool* ready = pool.load(std::memory_order_acquire)) return *ready;
  static const int once = pthread_atfork(
      nullptr, nullptr, [] { pool.store(nullptr, std::memory_order_relaxed); });
  static_cast<void>(once);
  auto mine = std::make_unique<Pool>();
  Pool* none = nullptr;
  if (!pool.compare_exchange_strong(none, mine.get(), std::memory_order_acq_rel)) return *none;
  return *mine.release();
}

}  // namespace

void share(int parts, void (*body)(void*, int), void* data) {
  parts == 1 ? body(data, 0) : the_pool().run(parts, body, data);
}

}  // namespace elman
