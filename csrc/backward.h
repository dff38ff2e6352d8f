// The gradient over time: at each step, from the last to the first, the product of the next
// step's gate gradients with W_hh gives the gradient of h, and on each tile of it, still in
// cache, follows the rest of the step's gradient.
//
// d_h and d_c carry from step to step what reaches the state past the product; a row begins
// with the gradient of its final state.
#pragma once

#include "cells.h"
#include "layer_norm.h"
#include "parts.h"
#include "plan.h"

namespace elman::ELMAN_ISA {

template <class Cell, class T>
class BackwardRun {
 public:
  explicit BackwardRun(const Backward<T>& p)
      : p_(p), blocks_(ceil_div(H_, L)), panels_(ceil_div(blocks_, PANEL<1>)) {
    plan_ = plan<T>(p.shape, p.threads, G * H_, panels_, p.norm_h.gain || p.norm_c.gain);
    const std::size_t rows = std::size_t(p.shape.batch), units = rows * H_;
    if (p.norm_c.gain) of_c_ = new T[rows + 2 * units];
    if (p.d_norm_h.gain) gain_h_ = new T[G * units]();
    if (p.d_norm_c.gain) gain_c_ = new T[units]();
    if (p.d_norm_c.shift) shift_c_ = new T[units]();
  }
  ~BackwardRun() {
    delete[] of_c_;
    delete[] gain_h_;
    delete[] gain_c_;
    delete[] shift_c_;
  }
  BackwardRun(const BackwardRun&) = delete;
  BackwardRun& operator=(const BackwardRun&) = delete;

  void run() {
    run_parts(*this, plan_.threads);
    if (gain_h_) add_rows(gain_h_, p_.shape.batch, G * H_, p_.d_norm_h.gain);
    if (gain_c_) add_rows(gain_c_, p_.shape.batch, H_, p_.d_norm_c.gain);
    if (shift_c_) add_rows(shift_c_, p_.shape.batch, H_, p_.d_norm_c.shift);
  }

  void part(int index, int count) {
    const Share share = plan_.share(index, count, panels_);
    Step s{};
    s.after = s.offset = total_rows(p_.shape);
    for (Index t = p_.shape.steps - 1; t >= 0; --t) {
      s.next = s.rows;
      s.rows = rows_at(p_.shape, t);
      s.after = s.offset;
      s.offset -= s.rows;
      const Index before = s.offset - rows_at(p_.shape, t - 1);
      s.h_old = t ? p_.output + before * H_ : p_.h0;
      s.c_old = !Cell::MEMORY ? nullptr : t ? p_.memory + before * H_ : p_.c0;
      step(s, share);
      if (!plan_.by_rows) barrier_.wait(count);
    }
    s.next = s.rows;
    s.after = 0;
    each_panel(s, share, [&](Index r, Index unit, const T* sums) {
      const int n = lanes(unit);
      store(p_.d_h + r * H_ + unit, carried(s, r, unit, n, load(sums)), n);
    });
  }

 private:
  using V = Vec<T>;
  static constexpr int G = Cell::GATES, L = LANES<T>;

  struct Step {
    const T *h_old, *c_old;
    Index offset, rows;  // this step's first row and number of rows
    Index after, next;   // those of the step after it
  };

  int lanes(Index unit) const { return int(H_ - unit < L ? H_ - unit : L); }
  bool fresh(Index row) const { return p_.shape.reset && p_.shape.reset[row]; }
  T* d_gates_h() const { return p_.d_gates_h ? p_.d_gates_h : p_.d_gates_x; }
  T* d_product() const { return p_.d_product ? p_.d_product : d_gates_h(); }

  /// The product of the next step's rows of this share, LANES units at a time.
  template <class Finish>
  ELMAN_INLINE void each_panel(const Step& s, const Share& share, Finish finish) {
    const T* a = d_product() + (s.after + share.first) * G * H_;
    for (Index panel = share.begin; panel < share.end; ++panel) {
      const Index first = panel * PANEL<1>;
      const int wide = int(blocks_ - first < PANEL<1> ? blocks_ - first : PANEL<1>);
      const T* weight = static_cast<const T*>(p_.weight) + first * L * G * H_;
      product<1>(count_rows(share, s.next), a, share.stride * G * H_, G * H_, weight, wide,
                 [&](Index i, const T* sums) {
                   for (int b = 0; b < wide; ++b, sums += L)
                     finish(share.first + i * share.stride, (first + b) * L, sums);
                 });
    }
  }

  void step(const Step& s, const Share& share) {
    if (p_.norm_c.gain)
      for (Index r = share.first; r < s.rows; r += share.stride) standardise_c(s, r);
    each_panel(s, share,
               [&](Index r, Index unit, const T* sums) { output_stage(s, r, unit, load(sums)); });
    const Index ended = share.first + count_rows(share, s.next) * share.stride;
    for (Index r = ended; r < s.rows; r += share.stride)  // rows whose last step this is
      for (Index b = share.begin * PANEL<1>; b < blocks_ && b < share.end * PANEL<1>; ++b)
        output_stage(s, r, b * L, V{});
    if (p_.norm_c.gain)
      for (Index r = share.first; r < s.rows; r += share.stride) norm_c_back(s, r);
    if (p_.norm_h.gain)
      for (Index r = share.first; r < s.rows; r += share.stride) norm_h_back(s, r);
  }

  /// The gradient of row r's h from the step after: past the product, and through it.
  ELMAN_INLINE V carried(const Step& s, Index r, Index unit, int n, V product) {
    const V past = load(p_.d_h + r * H_ + unit, n);
    if (r >= s.next || fresh(s.after + r)) return past;
    return past + (p_.mask ? product * load(p_.mask + r * H_ + unit, n) : product);
  }

  ELMAN_INLINE void load_gates(Index row, Index unit, int n, V* gate) {
    for (int g = 0; g < G; ++g) gate[g] = load(p_.gates + (row * G + g) * H_ + unit, n);
  }

  ELMAN_INLINE V old_c(const Step& s, Index r, Index unit, int n) {
    return !Cell::MEMORY || fresh(s.offset + r) ? V{} : load(s.c_old + r * H_ + unit, n);
  }

  /// First stage: from h to the gates and the c that made it.
  ELMAN_INLINE void output_stage(const Step& s, Index r, Index unit, V product) {
    const int n = lanes(unit);
    n == L ? output_stage(s, r, unit, L, product) : output_stage(s, r, unit, n, product);
  }

  ELMAN_INLINE void output_stage(const Step& s, Index r, Index unit, int n, V product) {
    const Index row = s.offset + r, here = r * H_ + unit;
    V dh = carried(s, r, unit, n, product);
    if (p_.d_output) dh += load(p_.d_output + row * H_ + unit, n);
    V gate[G], d[G], past{}, dc{}, shown{};
    load_gates(row, unit, n, gate);
    for (int g = 0; g < G; ++g)
      d[g] = p_.d_gates ? load(p_.d_gates + (row * G + g) * H_ + unit, n) : V{};
    if (p_.zone_h.keep) {
      const V keep = kept_fraction(p_.zone_h, row, unit, n);
      past = keep * dh;
      dh = (T(1) - keep) * dh;
    }
    if constexpr (Cell::MEMORY)
      shown = p_.norm_c.gain
                  ? scaled(p_.norm_c, unit, n, load(standard_c(r) + unit, n))
                  : Cell::memory(gate, old_c(s, r, unit, n));
    const V h_old = fresh(row) ? V{} : load(s.h_old + here, n);
    Cell::output_back(gate, shown, h_old, dh, d, dc, past);
    store(p_.d_h + here, fresh(row) ? V{} : past, n);
    if (!p_.norm_c.gain) return gates_stage(s, r, unit, n, gate, d, dc);
    store(d_normed_c(r) + unit, dc, n);
    for (int g = 0; g < G; ++g)  // kept where their final values will stand
      store(p_.d_gates_x + (row * G + g) * H_ + unit, d[g], n);
  }

  /// Second stage: from the gates and the new c to the pre-activations and the old c.
  ELMAN_INLINE void gates_stage(const Step& s, Index r, Index unit, int n, const V* gate, V* d,
                                V dc) {
    const Index row = s.offset + r, here = r * H_ + unit;
    V past{}, d_h[G], kept{};
    if constexpr (Cell::MEMORY) {
      V after = load(p_.d_c + here, n);
      if (p_.d_memory) after += load(p_.d_memory + row * H_ + unit, n);
      if (p_.zone_c.keep) {
        const V keep = kept_fraction(p_.zone_c, row, unit, n);
        past = keep * after;
        after = (T(1) - keep) * after;
      }
      dc += after;
    }
    if constexpr (Cell::KEEPS) kept = load(p_.kept + row * H_ + unit, n);
    Cell::gates_back(gate, old_c(s, r, unit, n), kept, d, d_h, dc);
    if constexpr (Cell::MEMORY) store(p_.d_c + here, fresh(row) ? V{} : dc + past, n);
    for (int g = 0; g < G; ++g) {
      store(p_.d_gates_x + (row * G + g) * H_ + unit, d[g], n);
      if (Cell::KEEPS) store(p_.d_gates_h + (row * G + g) * H_ + unit, d_h[g], n);
    }
  }

  /// Recompute c as it was before zoneout, and its layer norm without gain and shift.
  void standardise_c(const Step& s, Index r) {
    if constexpr (Cell::MEMORY) {
      T* const row = standard_c(r);
      each_vector<T>(H_, [&](Index unit, int n) {
        V gate[G];
        load_gates(s.offset + r, unit, n, gate);
        store(row + unit, Cell::memory(gate, old_c(s, r, unit, n)), n);
      });
      of_c_[r] = standardise(row, H_);
    }
  }

  void norm_c_back(const Step& s, Index r) {
    const Index row = s.offset + r;
    T* const d_row = p_.d_gates_x + row * G * H_;
    const NormGradient<T> of{gain_c_ ? gain_c_ + r * H_ : nullptr,
                             shift_c_ ? shift_c_ + r * H_ : nullptr};
    norm_back_each(d_normed_c(r), standard_c(r), of_c_[r], p_.norm_c.gain, of, H_,
                   [&](Index unit, int n, V dc) {
                     V gate[G], d[G];
                     load_gates(row, unit, n, gate);
                     for (int g = 0; g < G; ++g) d[g] = load(d_row + g * H_ + unit, n);
                     gates_stage(s, r, unit, n, gate, d, dc);
                   });
  }

  void norm_h_back(const Step& s, Index r) {
    const Index row = s.offset + r, at = row * G * H_;
    const NormGradient<T> of{gain_h_ ? gain_h_ + r * G * H_ : nullptr, nullptr};
    norm_back_each(d_gates_h() + at, p_.product + at, p_.scale[row], p_.norm_h.gain, of, G * H_,
                   [&](Index i, int n, V dx) { store(p_.d_product + at + i, dx, n); });
  }

  T* standard_c(Index r) const { return of_c_ + p_.shape.batch + r * H_; }
  T* d_normed_c(Index r) const { return standard_c(p_.shape.batch + r); }

  const Backward<T>& p_;
  const Index H_ = p_.shape.hidden;
  const Index blocks_, panels_;
  Plan plan_;
  T* of_c_ = nullptr;  // of each row at this step: the scale, standardised c, gradient of normed c
  // Each row's share in the gradients of gains and shifts: its steps are added in order, then the
  // rows are, whatever thread they were on.
  T *gain_h_ = nullptr, *gain_c_ = nullptr, *shift_c_ = nullptr;
  Barrier barrier_;
};

template <class Cell, class T>
void backward(const Backward<T>& p) {
  BackwardRun<Cell, T>(p).run();
}

}  // namespace elman::ELMAN_ISA
