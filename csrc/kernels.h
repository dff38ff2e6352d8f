// The table of kernels that each instruction set fills in once.
#pragma once

#include "problem.h"

namespace elman {

enum Cell : int { RNN_TANH, RNN_RELU, LSTM, GRU, CELLS };

inline constexpr const char* CELL_NAMES[CELLS] = {"rnn_tanh", "rnn_relu", "lstm", "gru"};
inline constexpr int CELL_GATES[CELLS] = {1, 1, 4, 3};

template <class T>
struct Table {
  void (*forward[CELLS])(const Forward<T>&);
  void (*forward_bf16[CELLS])(const Forward<T>&);  // with weights in Bf16; null for float64
  void (*backward[CELLS])(const Backward<T>&);

  /// Values (of T, or of Bf16) of weights (gates * units, K) when packed for forward.
  Index (*packed_size)(int gates, Index units, Index K, bool bf16);
  /// weight (gates * units, K) read; packed written. Not null, no alias, nothing is kept.
  void (*pack)(int gates, const T* weight, Index units, Index K, bool bf16, void* packed);
  void (*pack_threaded)(int threads, int gates, const T* weight, Index units, Index K, bool bf16,
                        void* packed);
  /// weight (K, units) read, packed as its transpose with one gate.
  void (*pack_transposed)(int threads, const T* weight, Index units, Index K, T* packed);
  /// y (rows, gates * units) = x (rows, K) times weights packed by `pack`, plus bias if not
  /// null. y must not alias the others.
  void (*multiply)(int threads, int gates, const T* x, Index rows, Index K, const void* packed,
                   bool bf16, const T* bias, Index units, T* y);
  /// y (M, I) += d (N, M) transposed times x (N, I), and total (M) += the sums of d's columns, if
  /// not null. y and total alias nothing.
  void (*add_product)(int threads, const T* d, const T* x, Index N, Index M, Index I, T* y,
                      T* total);

  /// y = layer norm of each row of x, left at mean 0 and variance 1 unless y is x, with `scale`
  /// as in `Forward`. scale may be null.
  void (*norm)(int threads, T* x, Index rows, Index width, const Norm<T>& norm, T* scale, T* y);
  /// d (rows, width), the gradient after such a layer norm, becomes that before it; d_gain, if not
  /// null, is added to. Nothing aliases.
  void (*norm_back)(int threads, T* d, const T* standard, const T* scale, const T* gain,
                    Index rows, Index width, T* d_gain);

  void (*tanh)(const T* x, Index n, T* y);  // y may be x
  void (*sigmoid)(const T* x, Index n, T* y);
};

struct Kernels {
  const char* isa;
  Table<float> f32;
  Table<double> f64;
};

/// The kernels of each instruction set this build has; null where it has none.
const Kernels* kernels_avx512();
const Kernels* kernels_avx2();
const Kernels* kernels_baseline();

}  // namespace elman
