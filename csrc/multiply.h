// The matrix products over all steps at once: with the input, and the weights' gradients.
#pragma once

#include "pack.h"
#include "parts.h"

namespace elman::ELMAN_ISA {

/// y (rows, G * units) = x (rows, K) times weights packed by `pack`, plus bias if not null.
template <int G, class T, class W>
struct Multiply {
  const T* x;
  Index rows, K;
  const W* packed;
  const T* bias;
  Index units;
  T* y;

  /// Threads take turns at bands of rows, which stay in the second cache for all panels.
  void part(int index, int count) {
    constexpr Index CACHE = 1 << 18;  // bytes
    const Index fit = CACHE / (K * Index(sizeof(T)) + 1) / CHUNK * CHUNK;
    const Index band = fit < CHUNK ? CHUNK : fit > 4 * CHUNK ? 4 * CHUNK : fit;
    for (Index first = index * band; first < rows; first += count * band)
      multiply_band(first, rows - first < band ? rows - first : band);
  }

 private:
  void multiply_band(Index first, Index count) {
    constexpr int L = LANES<T>;
    const Index blocks = ceil_div(units, L);
    for (Index block = 0; block < blocks; block += PANEL<G>) {
      const int wide = int(blocks - block < PANEL<G> ? blocks - block : PANEL<G>);
      const W* panel = packed + block * G * L * packed_depth<T, W>(K);
      product<G>(count, x + first * K, K, K, panel, wide, [&](Index r, const T* sums) {
        T* const row = y + (first + r) * G * units;
        for (int b = 0; b < wide; ++b)
          for (int g = 0; g < G; ++g, sums += L) {
            const Index unit = (block + b) * L, i = g * units + unit;
            const int n = int(units - unit < L ? units - unit : L);
            const Vec<T> sum = load(sums);
            store(row + i, bias ? sum + load(bias + i, n) : sum, n);
          }
      });
    }
  }
};

/// y (M, I) += d (N, M) transposed times x (N, I), and total (M) += the sums of d's columns. Sums
/// over many rows are sums of sums over DEEP rows, of d's columns over FEW, which rounds less.
template <class T>
struct AddProduct {
  static constexpr Index DEEP = 256, BAND = 96;  // rows of d and x at a time; columns of d
  static constexpr Index FEW = 16;

  const T *d, *x;
  Index N, M, I;
  T* y;
  T* total;    // null: not wanted
  T* scratch;  // for each thread scratch_size(I)

  static Index scratch_size(Index I) {
    return DEEP * (ceil_div(I, LANES<T>) * LANES<T> + BAND);
  }

  /// Each thread has its own columns of d, hence rows of y: nothing is summed across threads.
  void part(int index, int count) {
    const Index begin = edge(index, count), end = edge(index + 1, count);
    T* const panels = scratch + index * scratch_size(I);
    T* const columns = panels + scratch_size(I) - DEEP * BAND;
    for (Index n = 0; n < N && begin < end; n += DEEP) {
      const Index depth = N - n < DEEP ? N - n : DEEP;
      pack_transposed(x + n * I, I, depth, panels);
      for (Index first = begin; first < end; first += BAND) {
        const Index wide = end - first < BAND ? end - first : BAND;
        copy(d + n * M + first, wide, depth, columns, total ? total + first : nullptr);
        for (Index block = 0; block < ceil_div(I, LANES<T>); block += PANEL<1>)
          add_panel(columns, panels + block * LANES<T> * depth, first, wide, block, depth);
      }
    }
  }

 private:
  /// The first column of a thread, at the edge of a tile.
  Index edge(int index, int count) const {
    return index == count ? M : M * index / count / TILE<4> * TILE<4>;
  }

  /// Columns of d side by side in cache, for all panels; to (wide) += their sums.
  void copy(const T* from, Index wide, Index depth, T* columns, T* to) {
    constexpr int L = LANES<T>;
    alignas(64) T sums[BAND] = {}, few[BAND] = {};
    for (Index k = 0; k < depth; ++k) {
      const bool flush = k % FEW == FEW - 1 || k == depth - 1;
      for (Index m = 0; m < wide; m += L) {
        const int n = int(wide - m < L ? wide - m : L);
        const Vec<T> value = load(from + k * M + m, n);
        store(columns + k * BAND + m, value);
        const Vec<T> sum = load(few + m) + value;
        if (flush) store(sums + m, load(sums + m) + sum);
        store(few + m, flush ? Vec<T>{} : sum);
      }
    }
    for (Index m = 0; to && m < wide; ++m) to[m] += sums[m];
  }

  void add_panel(const T* columns, const T* panel, Index first, Index wide, Index block,
                 Index depth) {
    constexpr int L = LANES<T>;
    const Index blocks = ceil_div(I, L);
    alignas(64) T sums[8 * 4 * L];
    with_panel<1>(int(blocks - block < PANEL<1> ? blocks - block : PANEL<1>), [&]<int V>() {
      auto each = [&](Index row, int height, auto visit) {
        for (int r = 0; r < height; ++r)
          for (int v = 0; v < V; ++v) {
            const Index i = (block + v) * L;
            visit(y + (first + row + r) * I + i, sums + (r * V + v) * L, int(I - i < L ? I - i : L));
          }
      };
      const Index tiles = (wide + TILE<V> - 1) / TILE<V>;
      for (Index tile = 0, row = 0; tile < tiles; ++tile) {
        const int height = int((wide - row) / (tiles - tile));
        product_rows<T, T, V, true>(height, columns + row, BAND, depth, panel, false, sums);
        each(row, height, [&](T* to, const T* from, int n) {
          store(to, load(to, n) + load(from), n);
        });
        row += height;
      }
    });
  }
};

}  // namespace elman::ELMAN_ISA
