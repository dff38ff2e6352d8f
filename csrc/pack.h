// Weights in the order in which a product reads them; see product.h for the panels.
#pragma once

#include "product.h"

namespace elman::ELMAN_ISA {

ELMAN_INLINE Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

/// Packed rows of k: Bf16 comes in pairs.
template <class T, class W>
ELMAN_INLINE Index packed_depth(Index K) {
  return sizeof(W) == sizeof(T) ? K : K + (K & 1);
}

/// Values of W that `units` units with G gates and K inputs take when packed.
template <class T, class W>
ELMAN_INLINE Index packed_size(Index units, Index G, Index K) {
  return ceil_div(units, LANES<T>) * G * LANES<T> * packed_depth<T, W>(K);
}

/// Round to nearest even; a NaN stays one.
ELMAN_INLINE Bf16 to_bf16(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  if (x != x) return {std::uint16_t((bits >> 16) | 0x40)};
  return {std::uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}

/// Pack weights of which value (gate, unit, k) stands at
/// weight[(gate * units + unit) * unit_stride + k * k_stride].
///
/// weight: read; packed: written, packed_size values, padding included. No alias, not null.
template <int G, class T, class W>
void pack(const T* weight, Index unit_stride, Index k_stride, Index units, Index K, W* packed) {
  constexpr int L = LANES<T>;
  constexpr Index CHUNK = 16;  // k at a time: the chunk's lines of the panel stay in cache
  const Index depth = packed_depth<T, W>(K), blocks = ceil_div(units, L);
  for (Index first = 0; first < blocks; first += PANEL<G>) {
    const Index wide = blocks - first < PANEL<G> ? blocks - first : PANEL<G>;
    const Index N = wide * G;  // vectors in this panel
    W* panel = packed + first * G * L * depth;
    for (Index k0 = 0; k0 < depth; k0 += CHUNK)
      for (Index n = 0; n < N; ++n)
        for (Index lane = 0; lane < L; ++lane) {
          const Index unit = (first + n / G) * L + lane, gate = n % G;
          const T* from = weight + (gate * units + unit) * unit_stride;
          for (Index k = k0; k < k0 + CHUNK && k < depth; ++k) {
            const T value = unit < units && k < K ? from[k * k_stride] : T(0);
            if constexpr (sizeof(W) == sizeof(T))
              panel[(k * N + n) * L + lane] = value;
            else
              panel[((k / 2 * N + n) * L + lane) * 2 + k % 2] = to_bf16(value);
          }
        }
  }
}

}  // namespace elman::ELMAN_ISA
