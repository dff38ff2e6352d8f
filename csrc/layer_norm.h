// Layer norm of one row and its gradient, always summed in the same order.
#pragma once

#include "problem.h"
#include "simd.h"

namespace elman::ELMAN_ISA {

inline constexpr double NORM_EPS = 1e-5;

/// Call visit(i, n) for each vector of n lanes from i in a row of `width` values.
template <class T, class Visit>
ELMAN_INLINE void each_vector(Index width, Visit visit) {
  Index i = 0;
  for (; i + LANES<T> <= width; i += LANES<T>) visit(i, LANES<T>);
  if (i < width) visit(i, int(width - i));
}

/// totals = N sums over a row: add(i, n, sums) adds the n values from i to N vectors of sums.
///
/// Vectors take turns at CHAINS such sets, so that no addition waits for the one just before it.
template <int N, class T, class Add>
ELMAN_INLINE void row_sums(Index width, T* totals, Add add) {
  constexpr int CHAINS = 4, L = LANES<T>;
  Vec<T> sums[CHAINS][N] = {};
  Index i = 0;
  for (; i + CHAINS * L <= width; i += CHAINS * L)
#pragma GCC unroll 4
    for (int chain = 0; chain < CHAINS; ++chain) add(i + chain * L, L, sums[chain]);
  for (int chain = 0; i < width; i += L, ++chain)
    add(i, int(width - i < L ? width - i : L), sums[chain]);
#pragma GCC unroll 2
  for (int n = 0; n < N; ++n)
    totals[n] = sum<T>((sums[0][n] + sums[1][n]) + (sums[2][n] + sums[3][n]));
}

/// Mean of a row and 1 / sqrt(variance + eps).
template <class T>
struct Moments {
  T mean, scale;
};

template <class T>
ELMAN_INLINE Moments<T> moments(const T* x, Index width) {
  T total, squares;
  row_sums<1>(width, &total, [&](Index i, int n, Vec<T>* sums) { sums[0] += load(x + i, n); });
  const T mean = total / T(width);
  row_sums<1>(width, &squares, [&](Index i, int n, Vec<T>* sums) {
    Vec<T> centred = load(x + i, n) - mean;
    for (int lane = n; lane < LANES<T>; ++lane) centred[lane] = T(0);
    sums[0] = fma(centred, centred, sums[0]);
  });
  return {mean, T(1 / __builtin_sqrt(double(squares / T(width)) + NORM_EPS))};
}

/// x at mean 0 and variance 1, in place; returns the scale that was needed.
template <class T>
ELMAN_INLINE T standardise(T* x, Index width) {
  const Moments<T> m = moments(x, width);
  each_vector<T>(width, [&](Index i, int n) {
    store(x + i, (load(x + i, n) - m.mean) * m.scale, n);
  });
  return m.scale;
}

/// Gain and shift of n columns from i, applied to standardised values.
template <class T>
ELMAN_INLINE Vec<T> scaled(const Norm<T>& norm, Index i, int n, Vec<T> standard) {
  const Vec<T> gained = standard * load(norm.gain + i, n);
  return norm.shift ? gained + load(norm.shift + i, n) : gained;
}

/// Hand visit(i, n, dx) the gradient of a row before its layer norm, from dy, that after it.
/// The row's share of the gradients of gain and shift is added to d, where that is not null.
template <class T, class Visit>
ELMAN_INLINE void norm_back_each(const T* dy, const T* standard, T scale, const T* gain,
                                 const NormGradient<T>& d, Index width, Visit visit) {
  T totals[2];
  row_sums<2>(width, totals, [&](Index i, int n, Vec<T>* sums) {
    const Vec<T> after = load(dy + i, n), before = load(standard + i, n);
    const Vec<T> gained = after * load(gain + i, n);
    sums[0] += gained;
    sums[1] = fma(gained, before, sums[1]);
    if (d.gain) store(d.gain + i, fma(after, before, load(d.gain + i, n)), n);
    if (d.shift) store(d.shift + i, load(d.shift + i, n) + after, n);
  });
  const T mean = totals[0] / T(width), slope = totals[1] / T(width);
  each_vector<T>(width, [&](Index i, int n) {
    const Vec<T> gained = load(dy + i, n) * load(gain + i, n);
    visit(i, n, Vec<T>((gained - mean - load(standard + i, n) * slope) * scale));
  });
}

/// sum += the rows of `parts`, in order.
template <class T>
void add_rows(const T* parts, Index rows, Index width, T* sum) {
  for (Index r = 0; r < rows; ++r, parts += width)
    each_vector<T>(width, [&](Index i, int n) {
      store(sum + i, load(sum + i, n) + load(parts + i, n), n);
    });
}

}  // namespace elman::ELMAN_ISA
