// Layer norm of one row, always summed in the same order.
#pragma once

#include "problem.h"
#include "simd.h"

namespace elman::ELMAN_ISA {

inline constexpr double NORM_EPS = 1e-5;

/// Call visit(i, n) for each vector of n lanes from i in a row of `width` values.
template <class T, class Visit>
ELMAN_INLINE void each_vector(Index width, Visit visit) {
  for (Index i = 0; i < width; i += LANES<T>)
    visit(i, int(width - i < LANES<T> ? width - i : LANES<T>));
}

/// Mean of a row and 1 / sqrt(variance + eps).
template <class T>
struct Moments {
  T mean, scale;
};

template <class T>
Moments<T> moments(const T* x, Index width) {
  Vec<T> total{}, squares{};
  each_vector<T>(width, [&](Index i, int n) { total += load(x + i, n); });
  const T mean = sum<T>(total) / T(width);
  each_vector<T>(width, [&](Index i, int n) {
    Vec<T> centred = load(x + i, n) - mean;
    for (int lane = n; lane < LANES<T>; ++lane) centred[lane] = T(0);
    squares = fma(centred, centred, squares);
  });
  return {mean, T(1 / __builtin_sqrt(double(sum<T>(squares) / T(width)) + NORM_EPS))};
}

/// standard = x at mean 0 and variance 1. standard may be x.
template <class T>
void standardise(const T* x, Index width, Moments<T> m, T* standard) {
  each_vector<T>(width, [&](Index i, int n) {
    store(standard + i, (load(x + i, n) - m.mean) * m.scale, n);
  });
}

/// Gain and shift of n columns from i, applied to standardised values.
template <class T>
ELMAN_INLINE Vec<T> scaled(const Norm<T>& norm, Index i, int n, Vec<T> standard) {
  const Vec<T> gained = standard * load(norm.gain + i, n);
  return norm.shift ? gained + load(norm.shift + i, n) : gained;
}

/// Hand visit(i, n, dx) the gradient of a row before its layer norm, from dy, that after it.
template <class T, class Visit>
ELMAN_INLINE void norm_back_each(const T* dy, const T* standard, T scale, const T* gain,
                                 Index width, Visit visit) {
  Vec<T> total{}, along{};
  each_vector<T>(width, [&](Index i, int n) {
    const Vec<T> d = load(dy + i, n) * load(gain + i, n);
    total += d;
    along = fma(d, load(standard + i, n), along);
  });
  const T mean = sum<T>(total) / T(width), slope = sum<T>(along) / T(width);
  each_vector<T>(width, [&](Index i, int n) {
    const Vec<T> d = load(dy + i, n) * load(gain + i, n);
    visit(i, n, Vec<T>((d - mean - load(standard + i, n) * slope) * scale));
  });
}

}  // namespace elman::ELMAN_ISA
