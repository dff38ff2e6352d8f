// tanh and sigmoid, within 4 units in the last place; NaN in, NaN out.
//
// Both stand on exp(y) = 2^k (1 + p(r)), y = k ln 2 + r, |r| <= ln 2 / 2, where p is the Taylor
// polynomial of exp(r) - 1, long enough that its remainder is below half a unit.
#pragma once

#include "simd.h"

namespace elman::ELMAN_ISA {

template <class T>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float LN2_HI = 0.693359375f, LN2_LO = -2.12194440e-4f;  // k * LN2_HI is exact
  static constexpr float ROUND = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  static constexpr int MANTISSA = 23, BIAS = 127, TERMS = 7;
  static constexpr float TANH_IS_ONE = 10.0f, EXP_IS_ZERO = 104.5f;
};

template <>
struct ExpConstants<double> {
  static constexpr double LN2_HI = 6.93147180369123816490e-01, LN2_LO = 1.90821492927058770002e-10;
  static constexpr double ROUND = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr int MANTISSA = 52, BIAS = 1023, TERMS = 13;
  static constexpr double TANH_IS_ONE = 20.0, EXP_IS_ZERO = 746.0;
};

template <class T>
constexpr T inverse_factorial(int n) {
  double product = 1;
  for (int i = 2; i <= n; ++i) product *= i;
  return T(1 / product);
}

/// exp(y) = 2^k (1 + p); k may be read as garbage where y is NaN, p is NaN there.
template <class T>
struct Exp {
  Vec<T> whole, p;  // whole: k as a number
  IntVec<T> k;

  ELMAN_INLINE explicit Exp(Vec<T> y) {
    using C = ExpConstants<T>;
    const Vec<T> magic = splat(C::ROUND);
    const Vec<T> shifted = fma(y, splat(T(1.44269504088896340736)), magic);
    whole = shifted - magic;
    k = IntVec<T>(shifted) - IntVec<T>(magic);
    Vec<T> r = fma(whole, splat(-C::LN2_HI), y);
    r = fma(whole, splat(-C::LN2_LO), r);
    Vec<T> q = splat(inverse_factorial<T>(C::TERMS));
#pragma GCC unroll 16
    for (int n = C::TERMS - 1; n >= 2; --n) q = fma(q, r, splat(inverse_factorial<T>(n)));
    p = fma(q * r, r, r);
  }

  /// 2^n for n in the range of normal numbers.
  ELMAN_INLINE static Vec<T> power(IntVec<T> n) {
    return Vec<T>((n + ExpConstants<T>::BIAS) << ExpConstants<T>::MANTISSA);
  }

#if defined(__AVX512F__)
  /// 2^k.
  ELMAN_INLINE Vec<T> power() const { return times_power(splat(T(1)), whole); }
  /// exp(y), down to the denormal numbers.
  ELMAN_INLINE Vec<T> value() const { return times_power(p + T(1), whole); }
#else
  ELMAN_INLINE Vec<T> power() const { return power(k); }
  ELMAN_INLINE Vec<T> value() const {
    const IntVec<T> half = k >> 1;  // in two halves, as 2^k itself may not be a normal number
    return (power(half) * p + power(half)) * power(k - half);
  }
#endif
};

/// Through exp(2|x|) - 1, which keeps its precision near zero.
template <class T>
ELMAN_INLINE Vec<T> tanh(Vec<T> x) {
  using Bits = IntVec<T>;
  const Bits sign = Bits(x) & Bits(splat(T(-0.0)));
  Vec<T> y = Vec<T>(Bits(x) ^ sign);
  const Vec<T> limit = splat(ExpConstants<T>::TANH_IS_ONE);
  y = y > limit ? limit : y;  // false for NaN, which goes through
  const Exp<T> e(y + y);
  const Vec<T> scale = e.power();
  const Vec<T> t = fma(scale, e.p, scale - T(1));
  return Vec<T>(Bits(t / (t + T(2))) | sign);
}

/// Through e = exp(-|x|): 1 / (1 + e), or e / (1 + e) for negative x, so that both tails are
/// precise down to the denormal numbers.
template <class T>
ELMAN_INLINE Vec<T> sigmoid(Vec<T> x) {
  using Bits = IntVec<T>;
  Vec<T> y = Vec<T>(Bits(x) | Bits(splat(T(-0.0))));
  const Vec<T> limit = splat(-ExpConstants<T>::EXP_IS_ZERO);
  y = y < limit ? limit : y;
  const Exp<T> e(y);
  const Vec<T> power = e.value();
  return (x < T(0) ? power : splat(T(1))) / (power + T(1));
}

}  // namespace elman::ELMAN_ISA
