// The two types that every file here shares.
#pragma once

#include <cstdint>

namespace elman {

using Index = std::int64_t;

/// The upper half of a float32: a weight at half the memory, widened exactly before use.
struct Bf16 {
  std::uint16_t bits;
};

}  // namespace elman
