// All kernels for one instruction set. Compiled once for each, see CMakeLists.txt.
#include "kernels.h"

#include "backward.h"
#include "forward.h"

#define ELMAN_TEXT_(x) #x
#define ELMAN_TEXT(x) ELMAN_TEXT_(x)
#define ELMAN_JOIN_(a, b) a##b
#define ELMAN_JOIN(a, b) ELMAN_JOIN_(a, b)

namespace elman {
namespace ELMAN_ISA {
namespace {

/// Call f with the number of gates as a compile-time constant.
template <class F>
void with_gates(int gates, F f) {
  if (gates == 1) f.template operator()<1>();
  if (gates == 3) f.template operator()<3>();
  if (gates == 4) f.template operator()<4>();
}

template <class T>
Index size(int gates, Index units, Index K, bool bf16) {
  return bf16 ? packed_size<T, Bf16>(units, gates, K) : packed_size<T, T>(units, gates, K);
}

template <class T>
void pack_rows(int gates, const T* weight, Index units, Index K, bool bf16, void* packed) {
  with_gates(gates, [&]<int G>() {
    if constexpr (sizeof(T) == 4)
      if (bf16) return pack<G>(weight, K, 1, units, K, static_cast<Bf16*>(packed));
    pack<G>(weight, K, 1, units, K, static_cast<T*>(packed));
  });
}

template <class T>
void pack_columns(const T* weight, Index units, Index K, T* packed) {
  pack<1>(weight, 1, units, units, K, packed);
}

template <int G, class T, class W>
void multiply_panels(const T* x, Index rows, Index K, const W* packed, const T* bias, Index units,
                     T* y) {
  constexpr int L = LANES<T>;
  const Index blocks = ceil_div(units, L);
  for (Index first = 0; first < blocks; first += PANEL<G>) {
    const int wide = int(blocks - first < PANEL<G> ? blocks - first : PANEL<G>);
    product<G>(rows, x, K, K, packed + first * G * L * packed_depth<T, W>(K), wide,
               [&](Index r, const T* sums) {
                 for (int b = 0; b < wide; ++b)
                   for (int g = 0; g < G; ++g, sums += L) {
                     const Index unit = (first + b) * L, i = g * units + unit;
                     const int n = int(units - unit < L ? units - unit : L);
                     const Vec<T> sum = load(sums);
                     store(y + r * G * units + i, bias ? sum + load(bias + i, n) : sum, n);
                   }
               });
  }
}

template <class T>
void multiply(int gates, const T* x, Index rows, Index K, const void* packed, bool bf16,
              const T* bias, Index units, T* y) {
  with_gates(gates, [&]<int G>() {
    if constexpr (sizeof(T) == 4)
      if (bf16)
        return multiply_panels<G>(x, rows, K, static_cast<const Bf16*>(packed), bias, units, y);
    multiply_panels<G>(x, rows, K, static_cast<const T*>(packed), bias, units, y);
  });
}

template <class T>
void tanh_all(const T* x, Index count, T* y) {
  each_vector<T>(count, [&](Index i, int n) { store(y + i, tanh<T>(load(x + i, n)), n); });
}

template <class T>
void sigmoid_all(const T* x, Index count, T* y) {
  each_vector<T>(count, [&](Index i, int n) { store(y + i, sigmoid<T>(load(x + i, n)), n); });
}

template <class T, class W>
void fill(void (*(&forwards)[CELLS])(const Forward<T>&)) {
  forwards[RNN_TANH] = forward<ElmanTanh<T>, T, W>;
  forwards[RNN_RELU] = forward<ElmanRelu<T>, T, W>;
  forwards[elman::LSTM] = forward<Lstm<T>, T, W>;
  forwards[elman::GRU] = forward<Gru<T>, T, W>;
}

template <class T>
Table<T> table() {
  Table<T> t{};
  fill<T, T>(t.forward);
  if constexpr (sizeof(T) == 4) fill<T, Bf16>(t.forward_bf16);
  t.backward[RNN_TANH] = backward<ElmanTanh<T>, T>;
  t.backward[RNN_RELU] = backward<ElmanRelu<T>, T>;
  t.backward[elman::LSTM] = backward<Lstm<T>, T>;
  t.backward[elman::GRU] = backward<Gru<T>, T>;
  t.packed_size = size<T>;
  t.pack = pack_rows<T>;
  t.pack_transposed = pack_columns<T>;
  t.multiply = multiply<T>;
  t.tanh = tanh_all<T>;
  t.sigmoid = sigmoid_all<T>;
  return t;
}

}  // namespace
}  // namespace ELMAN_ISA

const Kernels* ELMAN_JOIN(kernels_, ELMAN_ISA)() {
  static const Kernels kernels{ELMAN_TEXT(ELMAN_ISA), ELMAN_ISA::table<float>(),
                               ELMAN_ISA::table<double>()};
  return &kernels;
}

}  // namespace elman
