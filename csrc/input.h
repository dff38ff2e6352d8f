// What enters from the input, W_ih x + bias, for a span of steps just before they run, so that it
// is still in a thread's own cache when they read it.
#pragma once

#include "plan.h"
#include "scratch.h"

namespace elman::ELMAN_ISA {

template <int G, class T>
class Input {
 public:
  Input(const Forward<T>& p, const Plan& plan)
      : p_(p),
        wanted_(p.x != nullptr),
        band_(band(p.inputs)),
        span_(span(p.shape, plan)),
        rows_(wanted_ ? plan.threads * band_ * p.inputs : 0),
        scratch_(rows_ + (wanted_ && !p.gates ? span_ * p.shape.batch * G * p.shape.hidden : 0)) {}

  /// Where the gates' input of step t begins, whose first packed row is `offset`; at the first
  /// step of a span, compute this share of it.
  const T* at(Index t, Index offset, const Share& share, int index) {
    const Index width = G * p_.shape.hidden;
    if (!wanted_) return p_.gates_x + offset * width;
    if (t % span_ == 0) compute(t, offset, share, scratch_.get() + index * band_ * p_.inputs);
    return row(t, offset, 0);
  }

 private:
  static constexpr int L = LANES<T>;
  static constexpr Index MOST = 4 * CHUNK;  // rows at a time

  static Index band(Index inputs) {
    constexpr Index CACHE = 1 << 17;  // bytes of x that stay in the second cache for all panels
    const Index fit = CACHE / (inputs * Index(sizeof(T)) + 1) / CHUNK * CHUNK;
    return fit < CHUNK ? CHUNK : fit > MOST ? MOST : fit;
  }

  /// Steps whose gates leave room in each thread's second cache, but rows for a few full tiles.
  static Index span(const Shape& s, const Plan& plan) {
    constexpr Index CACHE = 1 << 18, ROWS = 2 * CHUNK;
    const Index bytes = s.batch * G * s.hidden * Index(sizeof(T)) / plan.threads + 1;
    const Index rows = (plan.by_rows ? ceil_div(s.batch, plan.threads) : s.batch) + 1;
    const Index fit = CACHE / bytes, least = ceil_div(ROWS, rows);
    const Index steps = fit > least ? fit : least;
    return steps < s.steps ? steps : s.steps + !s.steps;
  }

  /// Rows of different steps never share a place, though threads may be in different spans.
  T* row(Index t, Index offset, Index r) const {
    const Index at = p_.gates ? offset + r : t % span_ * p_.shape.batch + r;
    return (p_.gates ? p_.gates : scratch_.get() + rows_) + at * G * p_.shape.hidden;
  }

  void compute(Index first, Index offset, const Share& share, T* x) {
    T* to[MOST];
    Index count = 0;
    for (Index t = first; t < p_.shape.steps && t < first + span_; ++t) {
      const Index rows = rows_at(p_.shape, t);
      for (Index r = share.first; r < rows; r += share.stride) {
        __builtin_memcpy(x + count * p_.inputs, p_.x + (offset + r) * p_.inputs,
                         std::size_t(p_.inputs) * sizeof(T));
        to[count++] = row(t, offset, r);
        if (count == band_) multiply(count, x, to, share), count = 0;
      }
      offset += rows;
    }
    multiply(count, x, to, share);
  }

  void multiply(Index count, const T* x, T* const* to, const Share& share) {
    const Index H = p_.shape.hidden, blocks = ceil_div(H, L);
    for (Index panel = share.begin; panel < share.end; ++panel) {
      const Index first = panel * PANEL<G>;
      const int wide = int(blocks - first < PANEL<G> ? blocks - first : PANEL<G>);
      const T* weight = p_.weight_x + first * G * L * p_.inputs;
      product<G>(count, x, p_.inputs, p_.inputs, weight, wide, [&](Index i, const T* sums) {
        for (int b = 0; b < wide; ++b)
          for (int g = 0; g < G; ++g, sums += L) {
            const Index unit = (first + b) * L, column = g * H + unit;
            const int n = int(H - unit < L ? H - unit : L);
            const Vec<T> sum = load(sums);
            store(to[i] + column, p_.bias_x ? sum + load(p_.bias_x + column, n) : sum, n);
          }
      });
    }
  }

  const Forward<T>& p_;
  const bool wanted_;
  const Index band_, span_;
  const Index rows_;  // values of x that all threads hold
  const Scratch<T> scratch_;  // those, then the gates' input of one span, if `gates` is not kept
};

}  // namespace elman::ELMAN_ISA
