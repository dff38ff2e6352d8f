// A cell over time: at each step the product W_hh h, and on each tile of it, still in cache,
// the whole rest of the step. With layer norm the product of a row is finished first.
#pragma once

#include "cells.h"
#include "input.h"
#include "layer_norm.h"
#include "parts.h"
#include "plan.h"

namespace elman::ELMAN_ISA {

template <class Cell, class T, class W>
class ForwardRun {
 public:
  explicit ForwardRun(const Forward<T>& p)
      : p_(p),
        blocks_(ceil_div(H_, L)),
        panels_(ceil_div(blocks_, PANEL<G>)),
        plan_(plan<T>(p.shape, p.threads, G * H_, panels_, normed())),
        input_(p, plan_) {
    if (normed()) scratch_ = new T[std::size_t(plan_.threads) * (G + 1) * H_];
  }
  ~ForwardRun() { delete[] scratch_; }
  ForwardRun(const ForwardRun&) = delete;
  ForwardRun& operator=(const ForwardRun&) = delete;

  void run() { run_parts(*this, plan_.threads); }

  void part(int index, int count) {
    const Share share = plan_.share(index, count, panels_);
    T* const row = normed() ? scratch_ + index * (G + 1) * H_ : nullptr;
    if (p_.operand) first_operand(share);
    if (p_.operand && !plan_.by_rows) barrier_.wait(count);
    Step s{p_.h0, nullptr, 0, 0, 0};
    for (Index t = 0; t < p_.shape.steps; ++t) {
      s.rows = rows_at(p_.shape, t);
      s.next = rows_at(p_.shape, t + 1);
      s.gates_x = input_.at(t, s.offset, share, index);
      step(s, share, row);
      if (!plan_.by_rows) barrier_.wait(count);
      s.h_old = p_.output + s.offset * H_;
      s.offset += s.rows;
    }
  }

 private:
  using V = Vec<T>;
  static constexpr int G = Cell::GATES, L = LANES<T>;

  struct Step {
    const T *h_old, *gates_x;  // of its first row
    Index offset, rows, next;  // this step's first row, its number of rows, the next step's
  };

  bool normed() const { return p_.norm_h.gain || p_.norm_c.gain; }
  int lanes(Index unit) const { return int(H_ - unit < L ? H_ - unit : L); }
  bool fresh(Index row) const { return p_.shape.reset && p_.shape.reset[row]; }

  /// What W_hh will see of h (row r) at the step whose packed row is `row`.
  ELMAN_INLINE void store_operand(Index row, Index r, Index unit, int n, V h) {
    if (p_.mask) h *= load(p_.mask + r * H_ + unit, n);
    store(p_.operand + row * H_ + unit, fresh(row) ? V{} : h, n);
  }

  void first_operand(const Share& share) {
    for (Index r = share.first; r < rows_at(p_.shape, 0); r += share.stride)
      for (Index b = share.begin * PANEL<G>; b < blocks_ && b < share.end * PANEL<G>; ++b)
        store_operand(r, r, b * L, lanes(b * L), load(p_.h0 + r * H_ + b * L, lanes(b * L)));
  }

  void step(const Step& s, const Share& share, T* scratch) {
    const T* a = (p_.operand ? p_.operand + s.offset * H_ : s.h_old) + share.first * H_;
    const Index rows = count_rows(share, s.rows);
    for (Index panel = share.begin; panel < share.end; ++panel) {
      const Index first = panel * PANEL<G>;
      const int wide = int(blocks_ - first < PANEL<G> ? blocks_ - first : PANEL<G>);
      const W* weight =
          static_cast<const W*>(p_.weight) + first * G * L * packed_depth<T, W>(H_);
      product<G>(rows, a, share.stride * H_, H_, weight, wide, [&](Index i, const T* sums) {
        const Index r = share.first + i * share.stride;
        for (int b = 0; b < wide; ++b, sums += G * L)
          normed() ? store_product(s, r, (first + b) * L, sums) : finish(s, r, (first + b) * L, sums);
      });
    }
    if (normed())
      for (Index r = share.first; r < s.rows; r += share.stride) finish_normed(s, r, scratch);
  }

  T* product_row(const Step& s, Index r) const {
    return p_.product + ((p_.over_time ? s.offset : 0) + r) * G * H_;
  }

  ELMAN_INLINE void store_product(const Step& s, Index r, Index unit, const T* sums) {
    for (int g = 0; g < G; ++g)
      store(product_row(s, r) + g * H_ + unit, load(sums + g * L), lanes(unit));
  }

  /// The rest of the step for LANES units of one row.
  ELMAN_INLINE void finish(const Step& s, Index r, Index unit, const T* sums) {
    const int n = lanes(unit);
    n == L ? finish(s, r, unit, L, sums) : finish(s, r, unit, n, sums);  // the first without masks
  }

  ELMAN_INLINE void finish(const Step& s, Index r, Index unit, int n, const T* sums) {
    V gates_h[G], gate[G], c{};
    for (int g = 0; g < G; ++g) {
      gates_h[g] = load(sums + g * L);
      if (p_.bias) gates_h[g] += load(p_.bias + g * H_ + unit, n);
    }
    open(s, r, unit, n, gates_h, gate, c);
    close(s, r, unit, n, gate, c, c);
  }

  /// The rest of the step for one row whose product is complete. scratch: (G + 1) * H values.
  void finish_normed(const Step& s, Index r, T* scratch) {
    T* const product = product_row(s, r);
    T* const gates = scratch;
    T* const memory = scratch + G * H_;
    if (p_.norm_h.gain) {
      const T scale = standardise(product, G * H_);
      if (p_.scale) p_.scale[s.offset + r] = scale;
    }
    each_vector<T>(H_, [&](Index unit, int n) {
      V gates_h[G], gate[G], c{};
      for (int g = 0; g < G; ++g) {
        const Index i = g * H_ + unit;
        gates_h[g] = load(product + i, n);
        if (p_.norm_h.gain) gates_h[g] = scaled(p_.norm_h, i, n, gates_h[g]);
        if (p_.bias) gates_h[g] += load(p_.bias + i, n);
      }
      open(s, r, unit, n, gates_h, gate, c);
      if (!p_.norm_c.gain) return close(s, r, unit, n, gate, c, c);
      for (int g = 0; g < G; ++g) store(gates + g * H_ + unit, gate[g], n);
      store(memory + unit, c, n);
    });
    if (!p_.norm_c.gain) return;
    const Moments<T> of_c = moments(memory, H_);
    each_vector<T>(H_, [&](Index unit, int n) {
      V gate[G];
      for (int g = 0; g < G; ++g) gate[g] = load(gates + g * H_ + unit, n);
      const V c = load(memory + unit, n);
      close(s, r, unit, n, gate, c, scaled(p_.norm_c, unit, n, V((c - of_c.mean) * of_c.scale)));
    });
  }

  /// First stage: gates and the new c.
  ELMAN_INLINE void open(const Step& s, Index r, Index unit, int n, const V* gates_h, V* gate,
                         V& c) {
    const Index row = s.offset + r;
    V x[G], kept{};
    for (int g = 0; g < G; ++g) x[g] = load(s.gates_x + (r * G + g) * H_ + unit, n);
    if (Cell::MEMORY && !fresh(row)) c = load(p_.c + r * H_ + unit, n);
    Cell::gates(x, gates_h, gate, c, kept);
    if (p_.gates)
      for (int g = 0; g < G; ++g) store(p_.gates + (row * G + g) * H_ + unit, gate[g], n);
    if (Cell::KEEPS && p_.kept) store(p_.kept + row * H_ + unit, kept, n);
  }

  /// Second stage: the new h from `shown`, the normed c, and what stays of the old state.
  ELMAN_INLINE void close(const Step& s, Index r, Index unit, int n, const V* gate, V c, V shown) {
    const Index row = s.offset + r, here = r * H_ + unit;
    const V h_old = fresh(row) ? V{} : load(s.h_old + here, n);
    V h = Cell::output(gate, shown, h_old);
    if (p_.zone_h.keep) h = mix(kept_fraction(p_.zone_h, row, unit, n), h_old, h);
    store(p_.output + row * H_ + unit, h, n);
    if (r >= s.next)
      store(p_.h + here, h, n);
    else if (p_.operand)
      store_operand(row + s.rows, r, unit, n, h);
    if constexpr (Cell::MEMORY) {
      if (p_.zone_c.keep) {
        const V c_old = fresh(row) ? V{} : load(p_.c + here, n);
        c = mix(kept_fraction(p_.zone_c, row, unit, n), c_old, c);
      }
      store(p_.c + here, c, n);
      if (p_.memory) store(p_.memory + row * H_ + unit, c, n);
    }
  }

  ELMAN_INLINE static V mix(V keep, V old, V now) { return fma(keep, old, (T(1) - keep) * now); }

  const Forward<T>& p_;
  const Index H_ = p_.shape.hidden;
  const Index blocks_, panels_;
  const Plan plan_;
  Input<G, T> input_;
  T* scratch_ = nullptr;
  Barrier barrier_;
};

template <class Cell, class T, class W>
void forward(const Forward<T>& p) {
  ForwardRun<Cell, T, W>(p).run();
}

}  // namespace elman::ELMAN_ISA
