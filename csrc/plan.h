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
/// makes all threads wait for one another at each step; it pays where there are few rows, and
/// where the weights of all units together do not fit into one core's cache.
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
ELMAN_INLINE Plan plan(const Shape& s, int threads, Index width, Index panels, bool whole_rows) {
  constexpr double WORTH = 4e5;        // multiply-adds that outweigh the start of a thread
  constexpr double STEP_WORTH = 1e5;   // ... and the barrier of a step
  const double step = double(s.batch) * double(width) * double(s.hidden);
  const double most = 1 + step * double(s.steps) / WORTH;
  const Index cap = most < threads ? Index(most) : threads;
  const bool by_rows = whole_rows || s.batch >= 2 * cap || step < STEP_WORTH;
  const Index pieces = by_rows ? s.batch : panels;
  const Index count = cap < pieces ? cap : pieces;
  return {int(count > 1 ? count : 1), by_rows};
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
