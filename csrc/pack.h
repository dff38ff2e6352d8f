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

/// Pack weights of which value (gate, unit, k) stands at weight[(gate * units + unit) * K + k].
///
/// weight: read; packed: written, packed_size values, padding included. No alias, not null.
template <int G, class T, class W>
void pack(const T* weight, Index units, Index K, W* packed) {
  constexpr int L = LANES<T>;
  constexpr Index STRIP = 16;  // k at a time: their lines of the panel stay in cache
  const Index depth = packed_depth<T, W>(K), blocks = ceil_div(units, L);
  for (Index first = 0; first < blocks; first += PANEL<G>) {
    const Index wide = blocks - first < PANEL<G> ? blocks - first : PANEL<G>;
    const Index N = wide * G;  // vectors in this panel
    W* panel = packed + first * G * L * depth;
    for (Index k0 = 0; k0 < depth; k0 += STRIP)
      for (Index n = 0; n < N; ++n)
        for (Index lane = 0; lane < L; ++lane) {
          const Index unit = (first + n / G) * L + lane, gate = n % G;
          const T* from = weight + (gate * units + unit) * K;
          for (Index k = k0; k < k0 + STRIP && k < depth; ++k) {
            const T value = unit < units && k < K ? from[k] : T(0);
            if constexpr (sizeof(W) == sizeof(T))
              panel[(k * N + n) * L + lane] = value;
            else
              panel[((k / 2 * N + n) * L + lane) * 2 + k % 2] = to_bf16(value);
          }
        }
  }
}

/// Pack weights of one gate that stand the other way round: (unit, k) at weight[k * units + unit].
///
/// weight: read; packed: written, packed_size values, padding included. No alias, not null.
template <class T>
void pack_transposed(const T* weight, Index units, Index K, T* packed) {
  constexpr int L = LANES<T>;
  const Index blocks = ceil_div(units, L);
  for (Index first = 0; first < blocks; first += PANEL<1>) {
    const Index wide = blocks - first < PANEL<1> ? blocks - first : PANEL<1>;
    T* to = packed + first * L * K;
    for (Index k = 0; k < K; ++k)
      for (Index block = first; block < first + wide; ++block, to += L) {
        const Index left = units - block * L;
        store(to, load(weight + k * units + block * L, int(left < L ? left : L)));
      }
  }
}

}  // namespace elman::ELMAN_ISA
