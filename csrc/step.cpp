// One step of one layer. Compiled once for each instruction set, see CMakeLists.txt.
//
// A single row reads each weight once, so there the weights' way from the cache is all that
// counts: sums run in two chains, even and odd k, to keep the loads busy.
#include "step.h"

#include "cells.h"
#include "layer_norm.h"
#include "pack.h"
#include "pool.h"

#define ELMAN_TEXT_(x) #x
#define ELMAN_TEXT(x) ELMAN_TEXT_(x)
#define ELMAN_JOIN_(a, b) a##b
#define ELMAN_JOIN(a, b) ELMAN_JOIN_(a, b)

namespace elman {
namespace ELMAN_ISA {
namespace {

/// Layers whose weights outgrow the second cache ask for them early: the machine's own prefetcher
/// stops at each page.
inline constexpr Index FAR_BYTES = 768 << 10, AHEAD = 2048;

/// sums (N * LANES) = a (K) times panel (K, N * LANES), as product_tile but for the order of sums.
template <class T, class W, int N, bool FAR>
void one_row(const T* a, Index K, const W* panel, T* sums) {
  Vec<T> even[N] = {}, odd[N] = {};
  const T* pair = reinterpret_cast<const T*>(panel);
  constexpr bool WIDE = sizeof(W) == sizeof(T);
  Index k = 0;
  for (; k + 1 < K; k += 2, pair += (WIDE ? 2 : 1) * N * LANES<T>) {
    const Vec<T> x0 = splat(a[k]), x1 = splat(a[k + 1]);
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) {
      const Vec<T> w = load(pair + n * LANES<T>);
      if constexpr (FAR) {
        __builtin_prefetch(reinterpret_cast<const char*>(pair + n * LANES<T>) + AHEAD);
        if constexpr (WIDE)
          __builtin_prefetch(reinterpret_cast<const char*>(pair + (N + n) * LANES<T>) + AHEAD);
      }
      if constexpr (WIDE) {
        even[n] = fma(x0, w, even[n]);
        odd[n] = fma(x1, load(pair + (N + n) * LANES<T>), odd[n]);
      } else {
        even[n] = fma(x0, Vec<T>(IntVec<T>(w) << 16), even[n]);
        odd[n] = fma(x1, Vec<T>(IntVec<T>(w) & ~0xffff), odd[n]);
      }
    }
  }
  if (k < K) {
    const Vec<T> x0 = splat(a[k]);
    for (int n = 0; n < N; ++n) {
      const Vec<T> w = load(pair + n * LANES<T>);
      if constexpr (WIDE)
        even[n] = fma(x0, w, even[n]);
      else
        even[n] = fma(x0, Vec<T>(IntVec<T>(w) << 16), even[n]);
    }
  }
  for (int n = 0; n < N; ++n) store(sums + n * LANES<T>, even[n] + odd[n]);
}

/// As `product`, with a way of its own for one row.
template <int G, class T, class W, class Finish>
ELMAN_INLINE void multiply(bool far, Index rows, const T* a, Index stride, Index K,
                           const W* panel, int blocks, Finish finish) {
  if (rows != 1) return product<G>(rows, a, stride, K, panel, blocks, finish);
  alignas(64) T sums[4 * LANES<T>];
  with_panel<G>(blocks, [&]<int N>() {
    far ? one_row<T, W, N, true>(a, K, panel, sums) : one_row<T, W, N, false>(a, K, panel, sums);
  });
  finish(0, sums);
}

/// The first of the panels that part i of n takes.
ELMAN_INLINE Index share_begin(Index panels, int i, int n) { return panels * i / n; }

/// Into how many parts a job of so many panels goes: each is whole panels, so that the split
/// changes no sum.
ELMAN_INLINE int parts_of(Index panels, int threads) {
  const int most = threads < MAX_PARTS ? threads : MAX_PARTS;
  return panels < most ? int(panels) : most;
}

template <class T, class W>
class alignas(64) Linear {
 public:
  Linear(const T* x, Index rows, Index K, const W* packed, const T* bias, Index units, T* y,
         int threads)
      : x_(x), rows_(rows), K_(K), packed_(packed), bias_(bias), units_(units), y_(y),
        parts_(parts_of(panels_, threads)) {}

  void run() {
    share(parts_, [](void* self, int i) { static_cast<Linear*>(self)->part(i); }, this);
  }

 private:
  static constexpr int L = LANES<T>;

  void part(int i) {
    const Index end = share_begin(panels_, i + 1, parts_);
    for (Index k = share_begin(panels_, i, parts_); k < end; ++k) panel(k * PANEL<1>);
  }

  void panel(Index first) {
    const int wide = int(blocks_ - first < PANEL<1> ? blocks_ - first : PANEL<1>);
    const W* weight = packed_ + first * L * packed_depth<T, W>(K_);
    multiply<1>(far_, rows_, x_, K_, K_, weight, wide, [&](Index r, const T* sums) {
      for (int b = 0; b < wide; ++b) {
        const Index unit = (first + b) * L;
        const int n = int(units_ - unit < L ? units_ - unit : L);
        const Vec<T> sum = load(sums + b * L);
        store(y_ + r * units_ + unit, bias_ ? sum + load(bias_ + unit, n) : sum, n);
      }
    });
  }

  const T* const x_;
  const Index rows_, K_;
  const W* const packed_;
  const T* const bias_;
  const Index units_;
  T* const y_;
  const Index blocks_ = ceil_div(units_, L), panels_ = ceil_div(blocks_, PANEL<1>);
  const int parts_;
  const bool far_ = units_ * K_ * Index(sizeof(W)) > FAR_BYTES * parts_;
};

template <class T, class W>
void linear(const T* x, Index rows, Index K, const W* packed, const T* bias, Index units, T* y,
            int threads) {
  Linear<T, W>(x, rows, K, packed, bias, units, y, threads).run();
}

template <class Cell, class T, class W>
class alignas(64) LayerStep {  // helpers read it: no line of it may be the stack's
 public:
  explicit LayerStep(const StepLayer<T>& p) : p_(p) {}

  void run() {
    share(parts_, [](void* self, int i) { static_cast<LayerStep*>(self)->part(i); }, this);
    if (p_.norm_x.gain)
      for (Index r = 0; r < p_.batch; ++r) finish_normed(r);
    settle();
  }

 private:
  using V = Vec<T>;
  static constexpr int G = Cell::GATES, L = LANES<T>;

  int lanes(Index unit) const { return int(H_ - unit < L ? H_ - unit : L); }

  /// Some panels: what runs on one thread.
  void part(int i) {
    const Index begin = share_begin(panels_, i, parts_), end = share_begin(panels_, i + 1, parts_);
    T* const scratch = p_.sums + i * p_.batch * 4 * L;
    for (Index k = begin; k < end; ++k)
      panel((far_ && p_.backwards ? begin + end - 1 - k : k) * PANEL<G>, scratch);
  }

  /// Both products of a panel's units; without layer norm also the rest of the step.
  void panel(Index first, T* scratch) {
    const int wide = int(blocks_ - first < PANEL<G> ? blocks_ - first : PANEL<G>);
    const W* weight =
        static_cast<const W*>(p_.weight) + first * G * L * packed_depth<T, W>(K_);
    const Index unit = first * L;
    if (!Cell::KEEPS && !p_.norm_x.gain)  // only their sum is needed
      return multiply<G>(far_, p_.batch, p_.operand, K_, K_, weight, wide, [&](Index r, const T* x) {
        for (int b = 0; b < wide; ++b) finish(r, unit + b * L, x + b * G * L, nullptr);
      });
    const Index width = wide * G * L;
    multiply<G>(far_, p_.batch, p_.operand, K_, p_.inputs, weight, wide, [&](Index r, const T* x) {
      if (p_.norm_x.gain) return keep(r, 0, unit, wide, x);
      for (Index i = 0; i < width; i += L) store(scratch + r * width + i, load(x + i));
    });
    const W* recurrent = weight + p_.inputs * wide * G * L;
    multiply<G>(far_, p_.batch, p_.operand + p_.inputs, K_, p_.shown, recurrent, wide,
                [&](Index r, const T* h) {
                  if (p_.norm_x.gain) return keep(r, 1, unit, wide, h);
                  for (int b = 0; b < wide; ++b)
                    finish(r, unit + b * L, scratch + r * width + b * G * L, h + b * G * L);
                });
  }

  T* product_row(Index r, int which) const { return p_.sums + (2 * r + which) * G * H_; }

  void keep(Index r, int which, Index unit, int wide, const T* sums) {
    for (int b = 0; b < wide; ++b, unit += L)
      for (int g = 0; g < G; ++g, sums += L)
        store(product_row(r, which) + g * H_ + unit, load(sums), lanes(unit));
  }

  /// The rest of the step for LANES units of one row; null h: x holds the sum of both products.
  ELMAN_INLINE void finish(Index r, Index unit, const T* x, const T* h) {
    const int n = lanes(unit);
    V gates_x[G], gates_h[G], gate[G], c{}, kept;
    for (int g = 0; g < G; ++g) {
      gates_x[g] = load(x + g * L) + load(p_.bias_x + g * H_ + unit, n);
      gates_h[g] = load(p_.bias_h + g * H_ + unit, n);
      if (h) gates_h[g] += load(h + g * L);
    }
    if (Cell::MEMORY) c = load(p_.c + r * H_ + unit, n);
    Cell::gates(gates_x, gates_h, gate, c, kept);
    close(r, unit, n, gate, c, c);
  }

  /// The rest of the step for one row whose products are complete.
  void finish_normed(Index r) {
    const T* const x = product_row(r, 0);
    const T* const h = product_row(r, 1);
    const Moments<T> of_x = moments(x, G * H_), of_h = moments(h, G * H_);
    T* const gates = product_row(p_.batch, 0);  // the row beyond the last is scratch
    T* const memory = product_row(p_.batch, 1);
    each_vector<T>(H_, [&](Index unit, int n) {
      V gates_x[G], gates_h[G], gate[G], c{}, kept;
      for (int g = 0; g < G; ++g) {
        const Index i = g * H_ + unit;
        gates_x[g] = scaled(p_.norm_x, i, n, V((load(x + i, n) - of_x.mean) * of_x.scale)) +
                     load(p_.bias_x + i, n);
        gates_h[g] = scaled(p_.norm_h, i, n, V((load(h + i, n) - of_h.mean) * of_h.scale)) +
                     load(p_.bias_h + i, n);
      }
      if (Cell::MEMORY) c = load(p_.c + r * H_ + unit, n);
      Cell::gates(gates_x, gates_h, gate, c, kept);
      if (!Cell::MEMORY || !p_.norm_c.gain) return close(r, unit, n, gate, c, c);
      for (int g = 0; g < G; ++g) store(gates + g * H_ + unit, gate[g], n);
      store(memory + unit, c, n);
    });
    if (!Cell::MEMORY || !p_.norm_c.gain) return;
    const Moments<T> of_c = moments(memory, H_);
    each_vector<T>(H_, [&](Index unit, int n) {
      V gate[G];
      for (int g = 0; g < G; ++g) gate[g] = load(gates + g * H_ + unit, n);
      const V c = load(memory + unit, n);
      close(r, unit, n, gate, c, scaled(p_.norm_c, unit, n, V((c - of_c.mean) * of_c.scale)));
    });
  }

  /// The new h from `shown`, the normed c, and what stays of the old c.
  ELMAN_INLINE void close(Index r, Index unit, int n, const V* gate, V c, V shown) {
    V h_old{};
    if (Cell::KEEPS) h_old = load(p_.operand + r * K_ + p_.inputs + unit, n);
    store(p_.fresh + r * H_ + unit, Cell::output(gate, shown, h_old), n);
    if constexpr (Cell::MEMORY) {
      T* const memory = p_.c + r * H_ + unit;
      store(memory, p_.zone_c > T(0) ? mix(p_.zone_c, load(memory, n), c) : c, n);
    }
  }

  ELMAN_INLINE static V mix(T keep, V old, V now) {
    return fma(splat(keep), old, splat(T(1) - keep) * now);
  }

  /// Project the new h, mix in what stays of the old one, and put it where it is read next.
  void settle() {
    const T* fresh = p_.fresh;
    if (p_.projection) {
      linear(fresh, p_.batch, H_, static_cast<const W*>(p_.projection), static_cast<T*>(nullptr),
             p_.shown, p_.projected, p_.threads);
      fresh = p_.projected;
    }
    for (Index r = 0; r < p_.batch; ++r) {
      T* const state = p_.operand + r * K_ + p_.inputs;
      each_vector<T>(p_.shown, [&](Index i, int n) {
        V h = load(fresh + r * p_.shown + i, n);
        if (p_.zone_h > T(0)) h = mix(p_.zone_h, load(state + i, n), h);
        store(state + i, h, n);
        store(p_.output + r * p_.output_stride + i, h, n);
      });
    }
  }

  const StepLayer<T>& p_;
  const Index H_ = p_.hidden, K_ = p_.inputs + p_.shown;
  const Index blocks_ = ceil_div(H_, L), panels_ = ceil_div(blocks_, PANEL<G>);
  const int parts_ = parts_of(panels_, p_.threads);
  const bool far_ = G * H_ * K_ * Index(sizeof(W)) > FAR_BYTES * parts_;
};

template <class Cell, class T, class W>
void layer(const StepLayer<T>& p) {
  LayerStep<Cell, T, W>(p).run();
}

template <class T, class W>
void fill(void (*(&layers)[CELLS])(const StepLayer<T>&)) {
  layers[RNN_TANH] = layer<ElmanTanh<T>, T, W>;
  layers[RNN_RELU] = layer<ElmanRelu<T>, T, W>;
  layers[elman::LSTM] = layer<Lstm<T>, T, W>;
  layers[elman::GRU] = layer<Gru<T>, T, W>;
}

template <class T>
void linear_of(const T* x, Index rows, Index K, const void* packed, bool bf16, const T* bias,
               Index units, T* y, int threads) {
  if constexpr (sizeof(T) == 4)
    if (bf16) return linear(x, rows, K, static_cast<const Bf16*>(packed), bias, units, y, threads);
  linear(x, rows, K, static_cast<const T*>(packed), bias, units, y, threads);
}

/// exp(y) for y <= 0 or NaN.
template <class T>
ELMAN_INLINE Vec<T> exp_below(Vec<T> y) {
  const Vec<T> limit = splat(-ExpConstants<T>::EXP_IS_ZERO);
  const Exp<T> e(y < limit ? limit : y);
  const IntVec<T> half = e.k >> 1;
  const Vec<T> power = Exp<T>::power(half);
  return (power * e.p + power) * Exp<T>::power(e.k - half);
}

template <class T>
void softmax(T* x, Index rows, Index width) {
  for (T* row = x; row < x + rows * width; row += width) {
    T most = row[0];
    for (Index i = 1; i < width; ++i) most = row[i] > most ? row[i] : most;
    Vec<T> totals{};
    each_vector<T>(width, [&](Index i, int n) {
      Vec<T> e = exp_below<T>(load(row + i, n) - most);
      store(row + i, e, n);
      for (int lane = n; lane < LANES<T>; ++lane) e[lane] = T(0);
      totals += e;
    });
    const T total = sum<T>(totals);
    each_vector<T>(width, [&](Index i, int n) { store(row + i, load(row + i, n) / total, n); });
  }
}

template <class T>
StepTable<T> table() {
  StepTable<T> t{};
  fill<T, T>(t.layer);
  if constexpr (sizeof(T) == 4) fill<T, Bf16>(t.layer_bf16);
  t.linear = linear_of<T>;
  t.softmax = softmax<T>;
  return t;
}

}  // namespace
}  // namespace ELMAN_ISA

const StepKernels* ELMAN_JOIN(steps_, ELMAN_ISA)() {
  static const StepKernels kernels{ELMAN_TEXT(ELMAN_ISA), ELMAN_VECTOR_BYTES,
                                   ELMAN_ISA::table<float>(), ELMAN_ISA::table<double>()};
  return &kernels;
}

}  // namespace elman
