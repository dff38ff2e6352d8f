// Vectors of one instruction set, on the compiler's vector extensions.
//
// This file is compiled once per instruction set, with ELMAN_ISA naming the set and
// ELMAN_VECTOR_BYTES its width. Everything lives in the namespace elman::ELMAN_ISA, so that no
// function compiled for a newer machine can be linked in for an older one. For the same reason
// the files below this one call no standard library templates.
#pragma once

#include "types.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define ELMAN_INLINE [[gnu::always_inline]] inline

namespace elman {
namespace ELMAN_ISA {

template <class T>
struct Simd;

template <>
struct Simd<float> {
  typedef float V __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
  typedef std::int32_t I __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
  typedef float Unaligned __attribute__((vector_size(ELMAN_VECTOR_BYTES), aligned(4), may_alias));
  using Int = std::int32_t;
};

template <>
struct Simd<double> {
  typedef double V __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
  typedef std::int64_t I __attribute__((vector_size(ELMAN_VECTOR_BYTES)));
  typedef double Unaligned __attribute__((vector_size(ELMAN_VECTOR_BYTES), aligned(8), may_alias));
  using Int = std::int64_t;
};

template <class T>
using Vec = typename Simd<T>::V;
template <class T>
using IntVec = typename Simd<T>::I;

template <class T>
inline constexpr int LANES = ELMAN_VECTOR_BYTES / int(sizeof(T));

template <class T>
ELMAN_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};  // not x + 0, which would lose the sign of -0
}

template <class T>
ELMAN_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename Simd<T>::Unaligned*>(p);
}

template <class T>
ELMAN_INLINE void store(T* p, Vec<T> x) {
  *reinterpret_cast<typename Simd<T>::Unaligned*>(p) = x;
}

/// Read n lanes, 1 <= n <= LANES; the others are zero and nothing beyond p + n is touched.
template <class T>
ELMAN_INLINE Vec<T> load(const T* p, int n) {
  if (n == LANES<T>) return load(p);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return Vec<T>(_mm512_maskz_loadu_ps(__mmask16((1u << n) - 1), p));
  else
    return Vec<T>(_mm512_maskz_loadu_pd(__mmask8((1u << n) - 1), p));
#else
  T lanes[LANES<T>] = {};
  for (int i = 0; i < n; ++i) lanes[i] = p[i];
  return load(lanes);
#endif
}

/// Write the first n lanes, 1 <= n <= LANES.
template <class T>
ELMAN_INLINE void store(T* p, Vec<T> x, int n) {
  if (n == LANES<T>) return store(p, x);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    _mm512_mask_storeu_ps(p, __mmask16((1u << n) - 1), __m512(x));
  else
    _mm512_mask_storeu_pd(p, __mmask8((1u << n) - 1), __m512d(x));
#else
  for (int i = 0; i < n; ++i) p[i] = x[i];
#endif
}

/// a * b + c, rounded once where the machine can. Contraction is off, so that every tile shape
/// of a kernel rounds alike.
ELMAN_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
#if defined(__AVX512F__)
  return Vec<float>(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c)));
#elif defined(__FMA__)
  return Vec<float>(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c)));
#elif defined(__ARM_NEON)
  return Vec<float>(vfmaq_f32(float32x4_t(c), float32x4_t(a), float32x4_t(b)));
#else
  return a * b + c;
#endif
}

ELMAN_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
#if defined(__AVX512F__)
  return Vec<double>(_mm512_fmadd_pd(__m512d(a), __m512d(b), __m512d(c)));
#elif defined(__FMA__)
  return Vec<double>(_mm256_fmadd_pd(__m256d(a), __m256d(b), __m256d(c)));
#elif defined(__ARM_NEON)
  return Vec<double>(vfmaq_f64(float64x2_t(c), float64x2_t(a), float64x2_t(b)));
#else
  return a * b + c;
#endif
}

#if defined(__AVX512F__)
/// x * 2^k for whole k, rounded once, down to the denormal numbers.
ELMAN_INLINE Vec<float> times_power(Vec<float> x, Vec<float> k) {
  return Vec<float>(_mm512_scalef_ps(__m512(x), __m512(k)));
}

ELMAN_INLINE Vec<double> times_power(Vec<double> x, Vec<double> k) {
  return Vec<double>(_mm512_scalef_pd(__m512d(x), __m512d(k)));
}
#endif

/// The sum of the lanes, always in the same order.
template <class T>
ELMAN_INLINE T sum(Vec<T> x) {
  T lanes[LANES<T>];
  store(lanes, x);
#pragma GCC unroll 4
  for (int half = LANES<T> / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

/// How many vector registers a product may hold as sums.
#if defined(__AVX512F__) || defined(__ARM_NEON)
inline constexpr int SUMS = 24;  // of 32 registers
#else
inline constexpr int SUMS = 12;  // of 16
#endif

}  // namespace ELMAN_ISA
}  // namespace elman
