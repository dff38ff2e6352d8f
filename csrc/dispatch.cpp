#include "dispatch.h"

#include <atomic>
#include <stdexcept>

namespace elman {
namespace {

std::vector<const Kernels*> usable() {
  std::vector<const Kernels*> found;
#if defined(ELMAN_X86)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) found.push_back(kernels_avx512());
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    found.push_back(kernels_avx2());
#endif
  found.push_back(kernels_baseline());
  return found;
}

std::atomic<const Kernels*>& chosen() {
  static std::atomic<const Kernels*> kernels{usable().front()};
  return kernels;
}

}  // namespace

std::vector<std::string> supported() {
  std::vector<std::string> names;
  for (const Kernels* k : usable()) names.emplace_back(k->isa);
  return names;
}

const Kernels& kernels() { return *chosen().load(std::memory_order_acquire); }

void select(const std::string& isa) {
  std::string names;
  for (const Kernels* k : usable()) {
    if (isa == k->isa) return chosen().store(k, std::memory_order_release);
    names += names.empty() ? k->isa : std::string(", ") + k->isa;
  }
  throw std::invalid_argument("instruction set '" + isa + "' is not one of this machine's: " +
                              names);
}

}  // namespace elman
