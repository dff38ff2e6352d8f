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

/// Store the weight of one lane of a panel `width` lanes wide.
template <class T, class W>
ELMAN_INLINE void put(W* panel, Index width, Index k, Index lane, T value) {
  if constexpr (sizeof(W) == sizeof(T))
    panel[k * width + lane] = value;
  else
    panel[(k / 2 * width + lane) * 2 + k % 2] = to_bf16(value);
}

/// Panels in which the weights of `units` units are packed.
template <int G, class T>
ELMAN_INLINE Index panels_of(Index units) {
  return ceil_div(ceil_div(units, LANES<T>), PANEL<G>);
}

/// Pack weights of which value (gate, unit, k) stands at weight[(gate * units + unit) * K + k];
/// of all panels those from `begin` on, before `end`.
///
/// weight: read; packed: written, packed_size values, padding included. No alias, not null.
template <int G, class T, class W>
void pack(const T* weight, Index units, Index K, W* packed, Index begin, Index end) {
  constexpr int L = LANES<T>;
  constexpr Index STRIP = 64;  // k at a time: their lines of the panel stay in cache
  const Index depth = packed_depth<T, W>(K), blocks = ceil_div(units, L);
  for (Index first = begin * PANEL<G>; first < end * PANEL<G>; first += PANEL<G>) {
    const Index wide = blocks - first < PANEL<G> ? blocks - first : PANEL<G>;
    const Index N = wide * G;  // vectors in this panel
    W* panel = packed + first * G * L * depth;
    for (Index k0 = 0; k0 < depth; k0 += STRIP)
      for (Index lane = 0; lane < N * L; ++lane) {
        const Index vector = lane / L, gate = vector % G;
        const Index unit = (first + vector / G) * L + lane % L;
        const Index last = k0 + STRIP < K ? k0 + STRIP : K;
        const T* from = weight + (gate * units + unit) * K;
        Index k = k0;
        if (unit < units)
          for (; k < last; ++k) put(panel, N * L, k, lane, from[k]);
        for (; k < k0 + STRIP && k < depth; ++k) put(panel, N * L, k, lane, T(0));
      }
  }
}

template <int G, class T, class W>
void pack(const T* weight, Index units, Index K, W* packed) {
  pack<G>(weight, units, K, packed, 0, panels_of<G, T>(units));
}

/// Pack weights of one gate that stand the other way round: (unit, k) at weight[k * units + unit];
/// of all panels those from `begin` on, before `end`.
///
/// weight: read; packed: written, packed_size values, padding included. No alias, not null.
template <class T>
void pack_transposed(const T* weight, Index units, Index K, T* packed, Index begin, Index end) {
  constexpr int L = LANES<T>;
  const Index blocks = ceil_div(units, L);
  for (Index first = begin * PANEL<1>; first < end * PANEL<1>; first += PANEL<1>) {
    const Index wide = blocks - first < PANEL<1> ? blocks - first : PANEL<1>;
    T* to = packed + first * L * K;
    for (Index k = 0; k < K; ++k)
      for (Index block = first; block < first + wide; ++block, to += L) {
        const Index left = units - block * L;
        store(to, load(weight + k * units + block * L, int(left < L ? left : L)));
      }
  }
}

template <class T>
void pack_transposed(const T* weight, Index units, Index K, T* packed) {
  pack_transposed(weight, units, K, packed, 0, panels_of<1, T>(units));
}

}  // namespace elman::ELMAN_ISA
