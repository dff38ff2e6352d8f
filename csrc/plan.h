// How the work of a sequence is split among threads, and what forward and backward share.
#pragma once

#include "pack.h"
#include "problem.h"

namespace elman::ELMAN_ISA {

ELMAN_INLINE Index rows_at(const Shape& s, Index t) {
  if (t < 0 || t >= s.steps) return 0;
  return s.sizes ? s.sizes[t] : s.batch;
}

ELMAN_INLINE Index total_rows(const Shape& s) {
  Index total = 0;
  for (Index t = 0; t < s.steps; ++t) total += rows_at(s, t);
  return total;
}

/// One thread's share: rows first, first + stride, ... and panels begin to end.
///
/// Rows are dealt out like cards, so that rows sorted by length give each thread its share.
/// Splitting by rows needs no barrier, as rows never meet. Splitting by panels, hence by units,
/// makes all threads wait for one another at each step, but each reads its part of the weights
/// only: it pays where a thread would have few rows to read all weights for, and where the
/// weights outgrow one core's cache.
struct Share {
  Index first, stride, begin, end;
};

struct Plan {
  int threads;
  bool by_rows;

  ELMAN_INLINE Share share(int i, int n, Index panels) const {
    if (by_rows) return {i, n, 0, panels};
    return {0, 1, panels * i / n, panels * (i + 1) / n};
  }
};

/// width: columns of W_hh's product; panels: how many it is packed in; whole_rows: layer norm
/// needs all units of a row in one thread.
template <class T>
ELMAN_INLINE Plan plan(const Shape& s, int threads, Index width, Index panels, bool whole_rows) {
  constexpr double WORTH = 4e5;       // multiply-adds that outweigh the start of a thread
  constexpr double STEP_WORTH = 3e4;  // ... and for each thread the barrier of a step
  constexpr Index FEW_ROWS = 4;       // fewer wait for the weights
  constexpr Index CACHE = 2 << 20;    // bytes of weights that threads had better share out
  const double weights = double(width) * double(s.hidden), step = double(s.batch) * weights;
  const Index worth = 1 + Index(step * double(s.steps) / WORTH);
  const Index cap = worth < threads ? worth : threads;
  const Index apart = Index(step / STEP_WORTH) < cap ? Index(step / STEP_WORTH) : cap;
  const bool shared = s.batch < FEW_ROWS * cap || weights * sizeof(T) > CACHE;
  if (!whole_rows && shared && apart > 1 && panels >= apart) return {int(apart), false};
  const Index count = cap < s.batch ? cap : s.batch;
  return {int(count > 1 ? count : 1), true};
}

/// The rows of a share among the first `rows` of a step.
ELMAN_INLINE Index count_rows(const Share& s, Index rows) {
  return rows > s.first ? ceil_div(rows - s.first, s.stride) : 0;
}

template <class T>
ELMAN_INLINE Vec<T> kept_fraction(const Zoneout<T>& z, Index row, Index unit, int n) {
  const T* keep = z.keep + row * z.row_stride;
  return z.unit_stride ? load(keep + unit, n) : splat(*keep);
}

}  // namespace elman::ELMAN_ISA
