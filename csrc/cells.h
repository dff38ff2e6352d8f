// The cells: one pointwise step forward and its gradient, in vectors of units.
//
// A step has two stages, because layer norm of the memory c stands between them:
//   gates:  what enters (x from the input, h from the memory) -> activated gates and the new c
//   output: gates and the (normalised) c                      -> the new h
// and the gradient takes them in the opposite order. Gates are in packing order. A cell without
// a memory c leaves c alone. KEEPS says that the gradient needs one more value of each unit,
// `kept`, than the gates. In the gradient, `d` holds at first the gradients of the activated
// gates, at last those of the pre-activations; `dx` and `dh` differ in a GRU's last gate only.
#pragma once

#include "activation.h"

namespace elman::ELMAN_ISA {

template <class T>
struct Tanh {
  ELMAN_INLINE static Vec<T> value(Vec<T> x) { return tanh<T>(x); }
  ELMAN_INLINE static Vec<T> slope(Vec<T> y) { return T(1) - y * y; }  // from the value
};

template <class T>
struct Relu {
  ELMAN_INLINE static Vec<T> value(Vec<T> x) { return x <= T(0) ? Vec<T>{} : x; }
  ELMAN_INLINE static Vec<T> slope(Vec<T> y) { return y <= T(0) ? Vec<T>{} : splat(T(1)); }
};

/// The slope of a sigmoid, from its value.
template <class V>
ELMAN_INLINE V bell(V y) {
  return y * (1 - y);
}

template <class T, template <class> class Activation>
struct Elman {
  using V = Vec<T>;
  static constexpr int GATES = 1;
  static constexpr bool MEMORY = false, KEEPS = false;

  ELMAN_INLINE static void gates(const V* x, const V* h, V* gate, V&, V&) {
    gate[0] = Activation<T>::value(x[0] + h[0]);
  }
  ELMAN_INLINE static V output(const V* gate, V, V) { return gate[0]; }

  ELMAN_INLINE static void output_back(const V*, V, V, V dh, V* d, V&, V&) { d[0] += dh; }
  ELMAN_INLINE static void gates_back(const V* gate, V, V, V* d, V*, V&) {
    d[0] *= Activation<T>::slope(gate[0]);
  }
};

template <class T>
using ElmanTanh = Elman<T, Tanh>;
template <class T>
using ElmanRelu = Elman<T, Relu>;

template <class T>
struct Lstm {
  using V = Vec<T>;
  static constexpr int GATES = 4;
  static constexpr bool MEMORY = true, KEEPS = false;

  /// c: in the old memory, out the new one.
  ELMAN_INLINE static void gates(const V* x, const V* h, V* gate, V& c, V&) {
    gate[0] = sigmoid<T>(x[0] + h[0]);
    gate[1] = sigmoid<T>(x[1] + h[1]);
    gate[2] = tanh<T>(x[2] + h[2]);
    gate[3] = sigmoid<T>(x[3] + h[3]);
    c = memory(gate, c);
  }
  ELMAN_INLINE static V memory(const V* gate, V c_old) {
    return fma(gate[1], c_old, gate[0] * gate[2]);
  }
  ELMAN_INLINE static V output(const V* gate, V c, V) { return gate[3] * tanh<T>(c); }

  /// c: as `output` saw it; dc: its gradient, added to.
  ELMAN_INLINE static void output_back(const V* gate, V c, V, V dh, V* d, V& dc, V&) {
    const V shown = tanh<T>(c);
    d[3] += dh * shown;
    dc += dh * gate[3] * (T(1) - shown * shown);
  }
  /// dc: in the gradient of the new memory, out that of the old one.
  ELMAN_INLINE static void gates_back(const V* gate, V c_old, V, V* d, V*, V& dc) {
    d[0] = (d[0] + dc * gate[2]) * bell(gate[0]);
    d[1] = (d[1] + dc * c_old) * bell(gate[1]);
    d[2] = (d[2] + dc * gate[0]) * Tanh<T>::slope(gate[2]);
    d[3] *= bell(gate[3]);
    dc *= gate[1];
  }
};

template <class T>
struct Gru {
  using V = Vec<T>;
  static constexpr int GATES = 3;
  static constexpr bool MEMORY = false, KEEPS = true;

  /// kept: what enters the candidate from the memory, before the reset gate.
  ELMAN_INLINE static void gates(const V* x, const V* h, V* gate, V&, V& kept) {
    gate[0] = sigmoid<T>(x[0] + h[0]);
    gate[1] = sigmoid<T>(x[1] + h[1]);
    gate[2] = tanh<T>(fma(gate[0], h[2], x[2]));
    kept = h[2];
  }
  ELMAN_INLINE static V output(const V* gate, V, V h_old) {
    return fma(gate[1], h_old, (T(1) - gate[1]) * gate[2]);
  }

  /// dh_old: the gradient that passes the step by, added to.
  ELMAN_INLINE static void output_back(const V* gate, V, V h_old, V dh, V* d, V&, V& dh_old) {
    d[1] += dh * (h_old - gate[2]);
    d[2] += dh * (T(1) - gate[1]);
    dh_old += dh * gate[1];
  }
  ELMAN_INLINE static void gates_back(const V* gate, V, V kept, V* d, V* dh, V&) {
    d[2] *= Tanh<T>::slope(gate[2]);
    d[0] = (d[0] + d[2] * kept) * bell(gate[0]);
    d[1] *= bell(gate[1]);
    dh[0] = d[0];
    dh[1] = d[1];
    dh[2] = d[2] * gate[0];
  }
};

}  // namespace elman::ELMAN_ISA
