// Layer norm of many rows at once, that of the product with the input, and its gradient.
#pragma once

#include "layer_norm.h"
#include "pack.h"
#include "parts.h"

namespace elman::ELMAN_ISA {

/// y = layer norm of each row of x, which is left at mean 0 and variance 1, unless y is x.
template <class T>
struct NormRows {
  T* x;
  Index rows, width;
  Norm<T> norm;
  T* scale;  // (rows) 1 / sqrt(variance + eps); null: not wanted
  T* y;

  void part(int index, int count) {
    for (Index r = rows * index / count; r < rows * (index + 1) / count; ++r) {
      T* const from = x + r * width;
      T* const to = y + r * width;
      const Moments<T> m = moments(from, width);
      if (scale) scale[r] = m.scale;
      each_vector<T>(width, [&](Index i, int n) {
        const Vec<T> standard = (load(from + i, n) - m.mean) * m.scale;
        if (to != from) store(from + i, standard, n);
        store(to + i, scaled(norm, i, n, standard), n);
      });
    }
  }
};

/// d, the gradient after the layer norm of each row, becomes that before it; d_gain is added to.
///
/// The gain's gradient is summed over blocks of rows, then over blocks, in order: threads that
/// take turns at blocks change no bit of it.
template <class T>
struct NormRowsBack {
  static constexpr Index BLOCK = 32;  // rows

  T* d;
  const T *standard, *scale, *gain;
  Index rows, width;
  T* parts;  // (ceil(rows / BLOCK), width) zeros, for the gain's gradient; null: not wanted

  void part(int index, int count) {
    for (Index block = index; block * BLOCK < rows; block += count) {
      const Index end = (block + 1) * BLOCK < rows ? (block + 1) * BLOCK : rows;
      const NormGradient<T> of{parts ? parts + block * width : nullptr, nullptr};
      for (Index r = block * BLOCK; r < end; ++r) {
        T* const row = d + r * width;
        norm_back_each(row, standard + r * width, scale[r], gain, of, width,
                       [&](Index i, int n, Vec<T> dx) { store(row + i, dx, n); });
      }
    }
  }
};

}  // namespace elman::ELMAN_ISA
