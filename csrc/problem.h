// What one run over time is given: plain pointers, the same for every instruction set.
//
// T time steps, B rows, H units, G gates. Step t has size(t) rows, never more than step t - 1:
// rows are sorted longest first, and a row that has ended is left out. All arrays "over time"
// stand row after row, step after step, N = sum of the sizes rows in all ("packed"). Without
// `sizes` every step has B rows and N = T * B.
//
// All arrays are row-major without gaps and belong to the caller; none is kept after the call.
// Read-only arrays may alias one another; a written array aliases nothing unless said here.
// "null" after a shape means that the pointer may be null, and what then happens.
#pragma once

#include "types.h"

namespace elman {

struct Shape {
  Index steps, batch, hidden;
  const Index* sizes;          // (T) rows of each step; null: B in all
  const bool* reset;           // (N) start this step from the zero state; null: nowhere
};

/// The fraction of a state tensor's previous value that stays, in [0, 1].
template <class T>
struct Zoneout {
  const T* keep;               // value of (row, unit) at keep[row * row_stride + unit * unit_stride]
  Index row_stride, unit_stride;  // unit_stride is 0 or 1; null keep: nothing stays
};

/// Layer norm of one product or memory: gain and shift for each column.
template <class T>
struct Norm {
  const T* gain;               // (columns); null: no layer norm
  const T* shift;              // (columns); null: none
};

/// Gradients of a layer norm's gain and shift, to be added to.
template <class T>
struct NormGradient {
  T *gain, *shift;             // (columns); null: not wanted
};

template <class T>
struct Forward {
  Shape shape;
  int threads;                 // at most this many
  const T* gates_x;            // (N, G*H) what enters from the input; null: to compute from x
  const T* x;                  // (N, I) the input; null: gates_x is given
  Index inputs;                // I
  const T* weight_x;           // W_ih (G*H, I) packed by `pack_forward`; null without x
  const T* bias_x;             // (G*H) added to W_ih x; null: none
  const T* h0;                 // (B, H)
  const void* weight;          // W_hh (G*H, H) packed by `pack_forward`, in T or Bf16
  const T* bias;               // (G*H) added to W_hh h, after its layer norm; null: none
  const T* mask;               // (B, H) multiplies h on its way into W_hh; null: ones
  Norm<T> norm_h;              // of W_hh h, G*H columns
  Norm<T> norm_c;              // of an LSTM's c, H columns
  Zoneout<T> zone_h, zone_c;

  T* output;                   // out (N, H)
  T* h;                        // out (B, H) final h; in: what rows of length 0 end with
  T* c;                        // in/out (B, H) c before the first step, after the last; null: no c
  T* operand;                  // out (N, H) what W_hh was multiplied by; needed with a reset or a
                               // mask, else null: h is read where it stands
  T* gates;                    // out (N, G*H) activated, may be gates_x; null: not wanted
  T* memory;                   // out (N, H) c after each step; null: not wanted, or no c
  T* kept;                     // out (N, H) a GRU's share of h in the candidate; null: not wanted
  T* product;                  // out (N, G*H), or (B, G*H) if not `over_time`: W_hh h, with norm_h
                               // at mean 0 and variance 1; null only without norm_h and norm_c
  bool over_time;              // whether `product` keeps every step
  T* scale;                    // out (N) 1 / sqrt(variance + eps) of W_hh h; null: not wanted
};

template <class T>
struct Backward {
  Shape shape;
  int threads;
  const T* h0;                 // (B, H)
  const T* c0;                 // (B, H); null: no c
  const void* weight;          // W_hh packed by `pack_backward`, in T
  const T* mask;               // (B, H) or null, as forward
  Norm<T> norm_h, norm_c;      // as forward; shifts are needed for norm_c only
  Zoneout<T> zone_h, zone_c;   // as forward
  const T* output;             // (N, H) from forward
  const T* gates;              // (N, G*H) from forward
  const T* memory;             // (N, H) from forward; null: no c
  const T* kept;               // (N, H) from forward; null: not a GRU
  const T* product;            // (N, G*H) from forward; null: no norm_h
  const T* scale;              // (N) from forward; null: no norm_h

  const T* d_output;           // (N, H) gradient of output; null: zero
  const T* d_memory;           // (N, H) gradient of memory; null: zero
  const T* d_gates;            // (N, G*H) gradient of gates; null: zero
  T* d_h;                      // in: gradient of the final h, out: of h0 (B, H)
  T* d_c;                      // in: gradient of the final c, out: of c0 (B, H); null: no c
  T* d_gates_x;                // out (N, G*H) gradient of gates_x
  T* d_gates_h;                // out (N, G*H) gradient of normed W_hh h + bias; null: as d_gates_x
  T* d_product;                // out (N, G*H) gradient of W_hh h; null: no norm_h
  NormGradient<T> d_norm_h, d_norm_c;  // of norm_h and norm_c
};

}  // namespace elman
