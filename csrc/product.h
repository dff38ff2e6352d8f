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

/// The largest tile of any N, in values: what a caller must hold ready for the sums.
template <class T>
inline constexpr int TILE_VALUES = 4 * 8 * LANES<T>;

/// sums (ROWS, N * LANES) = a (ROWS, K) times panel (K, N * LANES).
///
/// a: read, row stride `stride`; panel: read, K padded to even for Bf16; sums: written, aligned
/// to a vector. None may alias another; none may be null unless K is 0. Nothing is kept.
template <class T, class W, int ROWS, int N>
void product_tile(const T* a, Index stride, Index K, const W* panel, T* sums) {
  Vec<T> acc[ROWS][N] = {};
  auto step = [&](Index k, const Vec<T>(&w)[N]) {
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r) {
      const Vec<T> x = splat(a[r * stride + k]);
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
template <class T, class W, int N, int ROWS = TILE<N>>
void product_rows(int rows, const T* a, Index stride, Index K, const W* panel, T* sums) {
  if constexpr (ROWS > 1)
    if (rows < ROWS) return product_rows<T, W, N, ROWS - 1>(rows, a, stride, K, panel, sums);
  product_tile<T, W, ROWS, N>(a, stride, K, panel, sums);
}

/// Multiply `rows` rows by one panel of `blocks` blocks and hand each row's sums to `finish(row,
/// sums)`, while they are in the nearest cache.
template <int G, class T, class W, class Finish>
ELMAN_INLINE void product(Index rows, const T* a, Index stride, Index K, const W* panel,
                          int blocks, Finish finish) {
  alignas(64) T sums[TILE_VALUES<T>];
  auto run = [&]<int N>() {
    const Index tiles = (rows + TILE<N> - 1) / TILE<N>;
    for (Index tile = 0, row = 0; tile < tiles; ++tile) {
      const int count = int((rows - row) / (tiles - tile));  // tiles of even height
      product_rows<T, W, N>(count, a + row * stride, stride, K, panel, sums);
      for (int r = 0; r < count; ++r) finish(row + r, sums + r * N * LANES<T>);
      row += count;
    }
  };
  if constexpr (G >= 3) {
    run.template operator()<G>();
  } else {
    if (blocks == 4) run.template operator()<4>();
    if (blocks == 3) run.template operator()<3>();
    if (blocks == 2) run.template operator()<2>();
    if (blocks == 1) run.template operator()<1>();
  }
}

}  // namespace elman::ELMAN_ISA
