// One step of one layer for a stepper: what a kernel is given, and the table of kernels.
//
// A stepper owns all of this memory and keeps it from step to step. Arrays are row-major; none
// may alias another unless said here. `operand` holds, row by row, what the weights are
// multiplied by: the input, a zero where I is odd (so that pairs of Bf16 do not straddle), then h.
#pragma once

#include "kernels.h"

namespace elman {

template <class T>
struct StepLayer {
  Index batch, inputs, hidden, shown;  // B; I rounded up to even; H; features of h: P or H
  const void* weight;          // [W_ih | 0 | W_hh] (G*H, inputs + shown), packed, in T or Bf16
  const T* bias_x;             // (G*H) added to W_ih x, after its layer norm
  const T* bias_h;             // (G*H) added to W_hh h, after its layer norm
  const void* projection;      // (P, H) packed with one gate; null: none
  Norm<T> norm_x, norm_h;      // of both products, G*H columns: both or neither
  Norm<T> norm_c;              // of an LSTM's c, H columns
  bool backwards;              // walk large weights from the end: those read last are still near
  int threads;                 // at most so many parts of the products run at once, >= 1
  T zone_h, zone_c;            // fraction of the old h and c that stays, in [0, 1)

  T* operand;                  // in: x and h; out: the new h (B, inputs + shown)
  T* c;                        // in/out (B, H); null: no c
  T* fresh;                    // scratch (B, H)
  T* projected;                // scratch (B, P); null without a projection
  T* sums;                     // scratch: (threads, B, 4 vectors), with layer norm
                               // (B + 1, 2 * G * H)
  T* output;                   // out (B, shown) the new h, for the layer above
  Index output_stride;         // values from one row of output to the next
};

template <class T>
struct StepTable {
  void (*layer[CELLS])(const StepLayer<T>&);
  void (*layer_bf16[CELLS])(const StepLayer<T>&);  // with weights in Bf16; null for float64

  /// y (rows, units) = x (rows, K) times weights packed with one gate, plus bias if not null.
  /// y must not alias the others. At most `threads` parts of it run at once.
  void (*linear)(const T* x, Index rows, Index K, const void* packed, bool bf16, const T* bias,
                 Index units, T* y, int threads);
  /// Each row of x (rows, width) to probabilities, in place.
  void (*softmax)(T* x, Index rows, Index width);
};

struct StepKernels {
  const char* isa;
  Index vector_bytes;
  StepTable<float> f32;
  StepTable<double> f64;
};

/// The kernels of each instruction set this build has.
const StepKernels* steps_avx512();
const StepKernels* steps_avx2();
const StepKernels* steps_baseline();

}  // namespace elman
