// Every part of every job runs exactly once, whoever calls: pool.cpp under stress, by itself.
//
//   g++ -std=c++20 -O2 -pthread -Icsrc csrc/pool.cpp tests/csrc/pool_stress.cpp && ./a.out 20000
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "pool.h"

namespace {

constexpr int PARTS = 4;

/// One caller's job: each part adds to its own number, without atomics.
struct Job {
  long done[PARTS] = {};
  int parts = PARTS;
  bool helped = false;
  std::thread::id caller;
  std::thread::id ran_by[PARTS];
};

void work(void* p, int i) {
  Job& job = *static_cast<Job*>(p);
  ++job.done[i];
  job.ran_by[i] = std::this_thread::get_id();
  double x = i;
  for (int k = 0; k < 2000; ++k) x = x * 0.999 + 1;
  if (x < 0) std::abort();
}

void fail(const char* what) {
  std::printf("failed: %s\n", what);
  std::_Exit(1);
}

/// Some jobs in quick succession; whether any part ran on another thread.
bool caller(long jobs, int pause_every) {
  Job job;
  job.caller = std::this_thread::get_id();
  for (long n = 1; n <= jobs; ++n) {
    if (pause_every && n % pause_every == 0)  // long enough that helpers fall asleep
      std::this_thread::sleep_for(std::chrono::microseconds(n % 3 ? 150 : 400));
    elman::share(PARTS, work, &job);
    for (int i = 0; i < PARTS; ++i) {
      if (job.done[i] != n) fail("a part did not run once");
      job.helped |= job.ran_by[i] != job.caller;
    }
    if (job.ran_by[0] != job.caller) fail("part 0 left the caller");
  }
  return job.helped;
}

}  // namespace

int main(int count, char** words) {
  const long jobs = count > 1 ? std::atol(words[1]) : 20000;
  const bool forks = count > 2 && std::atoi(words[2]);
  const bool helped = caller(jobs, 0);
  caller(jobs / 10, 7);
  std::vector<std::thread> callers;
  for (int k = 0; k < 8; ++k) callers.emplace_back([=] { caller(jobs / 8, k == 0 ? 5 : 0); });
  for (std::thread& t : callers) t.join();
  if (forks) {
    const pid_t child = fork();
    if (child == 0) std::_Exit((caller(jobs, 0) || !helped) ? 0 : 1);
    int status = 1;
    if (waitpid(child, &status, 0) != child || status) fail("the forked child");
  }
  std::printf("%s\n", helped ? "helped" : "alone");
}
