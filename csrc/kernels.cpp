// All kernels for one instruction set. Compiled once for each, see CMakeLists.txt.
#include "kernels.h"

#include "backward.h"
#include "forward.h"
#include "multiply.h"
#include "norm_rows.h"
#include "scratch.h"

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

/// Threads that a product of this many multiply-adds is worth.
int worth(int threads, double work) {
  constexpr double EACH = 4e5;
  return work < EACH * threads ? int(1 + work / EACH) : threads;
}

/// Threads share out the panels: pack_panels(begin, end).
template <class Pack>
void pack_parts(int threads, Index panels, double values, Pack pack_panels) {
  struct Run {
    Pack& pack_panels;
    Index panels;
    void part(int i, int n) { pack_panels(panels * i / n, panels * (i + 1) / n); }
  } run{pack_panels, panels};
  run_parts(run, worth(threads, 10 * values));
}

template <class T>
void pack_threaded(int threads, int gates, const T* weight, Index units, Index K, bool bf16,
                   void* packed) {
  with_gates(gates, [&]<int G>() {
    pack_parts(threads, panels_of<G, T>(units), double(G * units) * double(K),
               [&](Index begin, Index end) {
                 if constexpr (sizeof(T) == 4)
                   if (bf16)
                     return pack<G>(weight, units, K, static_cast<Bf16*>(packed), begin, end);
                 pack<G>(weight, units, K, static_cast<T*>(packed), begin, end);
               });
  });
}

template <class T>
void pack_alone(int gates, const T* weight, Index units, Index K, bool bf16, void* packed) {
  pack_threaded(1, gates, weight, units, K, bf16, packed);
}

template <class T>
void pack_across(int threads, const T* weight, Index units, Index K, T* packed) {
  pack_parts(threads, panels_of<1, T>(units), double(units) * double(K),
             [&](Index begin, Index end) {
               pack_transposed(weight, units, K, packed, begin, end);
             });
}

template <class T>
void multiply(int threads, int gates, const T* x, Index rows, Index K, const void* packed,
              bool bf16, const T* bias, Index units, T* y) {
  const int count = worth(threads, double(rows) * double(K) * double(gates * units));
  with_gates(gates, [&]<int G>() {
    if constexpr (sizeof(T) == 4)
      if (bf16) {
        Multiply<G, T, Bf16> run{x, rows, K, static_cast<const Bf16*>(packed), bias, units, y};
        return run_parts(run, count);
      }
    Multiply<G, T, T> run{x, rows, K, static_cast<const T*>(packed), bias, units, y};
    run_parts(run, count);
  });
}

template <class T>
void add_product(int threads, const T* d, const T* x, Index N, Index M, Index I, T* y,
                 T* total) {
  using Run = AddProduct<T>;
  const int count = worth(threads, double(N) * double(M) * double(I));
  const Scratch<T> scratch(count * Run::scratch_size(I));
  Run run{d, x, N, M, I, y, total, scratch.get()};
  run_parts(run, count);
}

template <class T>
void norm(int threads, T* x, Index rows, Index width, const Norm<T>& norm, T* scale, T* y) {
  NormRows<T> run{x, rows, width, norm, scale, y};
  run_parts(run, worth(threads, 10 * double(rows) * double(width)));
}

template <class T>
void norm_back(int threads, T* d, const T* standard, const T* scale, const T* gain, Index rows,
               Index width, T* d_gain) {
  using Run = NormRowsBack<T>;
  const Index blocks = ceil_div(rows, Run::BLOCK);
  T* const parts = d_gain ? new T[std::size_t(blocks * width)]() : nullptr;
  Run run{d, standard, scale, gain, rows, width, parts};
  run_parts(run, worth(threads, 10 * double(rows) * double(width)));
  if (parts) add_rows(parts, blocks, width, d_gain);
  delete[] parts;
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
  t.pack = pack_alone<T>;
  t.pack_threaded = pack_threaded<T>;
  t.pack_transposed = pack_across<T>;
  t.multiply = multiply<T>;
  t.add_product = add_product<T>;
  t.norm = norm<T>;
  t.norm_back = norm_back<T>;
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
