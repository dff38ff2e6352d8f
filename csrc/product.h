// The matrix product of one step: a tile of rows times one panel of packed weights.
//
// A panel holds the weights of `PANEL` neighbouring blocks of LANES units as
// [k][block][gate][lane], so one pass over k reads it from front to back while all sums of the
// tile stay in registers. Every sum runs over k in order from zero: a row's result does not
// depend on the tile it is computed in.
#pragma once

#include "simd.h"

namespace elman::ELMAN_ISA {

/// Vectors side by side in one panel: whole blocks of G gates, at most 4 vectors.
template <int G>
inline constexpr int PANEL = G >= 3 ? 1 : 4 / G;  // blocks

/// The most rows that N vectors leave room for.
template <int N>
inline constexpr int TILE = N >= 3 ? SUMS / N : 8;

/// Rows whose sums are held at a time, and values of k after which they are put down: what one
/// tile reads then fits the nearest cache, and a panel the second.
inline constexpr Index CHUNK = 48, DEPTH = 512;

/// sums (ROWS, N * LANES) = a (ROWS, K) times panel (K, N * LANES), or += where `add`.
///
/// a: read, (row, k) at a[row * stride + k], or at a[row + k * stride] where COLUMNS;
/// panel: read, K padded to even for Bf16; sums: read where `add`, written.
/// None may alias another; none may be null unless K is 0. Nothing is kept.
template <class T, class W, int ROWS, int N, bool COLUMNS = false>
void product_tile(const T* a, Index stride, Index K, const W* panel, bool add, T* sums) {
  Vec<T> acc[ROWS][N] = {};
  if (add) {
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) acc[r][n] = load(sums + (r * N + n) * LANES<T>);
  }
  auto step = [&](Index k, const Vec<T>(&w)[N]) {
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r) {
      const Vec<T> x = splat(COLUMNS ? a[r + k * stride] : a[r * stride + k]);
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) acc[r][n] = fma(x, w[n], acc[r][n]);
    }
  };
  Vec<T> w[N];
  if constexpr (sizeof(W) == sizeof(T)) {
    for (Index k = 0; k < K; ++k, panel += N * LANES<T>) {
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) w[n] = load(panel + n * LANES<T>);
      step(k, w);
    }
  } else {  // Bf16: each 32 bits hold the weights of an even k below and of an odd k above
    const float* pair = reinterpret_cast<const float*>(panel);  // load() may alias
    for (Index k = 0; k < K; k += 2, pair += N * LANES<T>) {
      Vec<T> odd[N];
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) {
        const IntVec<T> both = IntVec<T>(load(pair + n * LANES<T>));
        w[n] = Vec<T>(both << 16);
        odd[n] = Vec<T>(both & ~0xffff);
      }
      step(k, w);
      if (k + 1 < K) step(k + 1, odd);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) store(sums + (r * N + n) * LANES<T>, acc[r][n]);
}

/// product_tile for a number of rows known at run time, 1 <= rows <= TILE<N>.
template <class T, class W, int N, bool COLUMNS = false, int ROWS = TILE<N>>
void product_rows(int rows, const T* a, Index stride, Index K, const W* panel, bool add, T* sums) {
  if constexpr (ROWS > 1)
    if (rows < ROWS)
      return product_rows<T, W, N, COLUMNS, ROWS - 1>(rows, a, stride, K, panel, add, sums);
  product_tile<T, W, ROWS, N, COLUMNS>(a, stride, K, panel, add, sums);
}

/// Call f<N>() with the number of vectors in a panel of `blocks` blocks.
template <int G, class F>
ELMAN_INLINE void with_panel(int blocks, F f) {
  if constexpr (G >= 3) {
    f.template operator()<G>();
  } else {
    if (blocks == 4) f.template operator()<4>();
    if (blocks == 3) f.template operator()<3>();
    if (blocks == 2) f.template operator()<2>();
    if (blocks == 1) f.template operator()<1>();
  }
}

/// Multiply `rows` rows by one panel of `blocks` blocks and hand each row's sums to `finish(row,
/// sums)`, while they are in the nearest cache.
template <int G, class T, class W, class Finish>
ELMAN_INLINE void product(Index rows, const T* a, Index stride, Index K, const W* panel,
                          int blocks, Finish finish) {
  alignas(64) T sums[CHUNK * 4 * LANES<T>];
  with_panel<G>(blocks, [&]<int N>() {
    for (Index first = 0; first < rows; first += CHUNK) {
      const Index count = rows - first < CHUNK ? rows - first : CHUNK;
      Index k = 0;
      do {
        const Index depth = K - k < DEPTH ? K - k : DEPTH;
        const Index tiles = (count + TILE<N> - 1) / TILE<N>;
        for (Index tile = 0, row = 0; tile < tiles; ++tile) {
          const int height = int((count - row) / (tiles - tile));  // even heights
          product_rows<T, W, N>(height, a + (first + row) * stride + k, stride, depth,
                                panel + k * N * LANES<T>, k > 0, sums + row * N * LANES<T>);
          row += height;
        }
        k += depth;
      } while (k < K);
      for (Index r = 0; r < count; ++r) finish(first + r, sums + r * N * LANES<T>);
    }
  });
}

}  // namespace elman::ELMAN_ISA
