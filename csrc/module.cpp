// The Python module elman._kernels: checks every argument, releases the GIL, runs the kernels.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "arrays.h"
#include "dispatch.h"
#include "stepper.h"

namespace elman {
namespace {

namespace nb = nanobind;
using nb::handle;
using namespace nb::literals;

template <class T>
const Table<T>& table() {
  if constexpr (sizeof(T) == 4)
    return kernels().f32;
  else
    return kernels().f64;
}

[[noreturn]] void raise_value(const std::string& m) { throw nb::value_error(m.c_str()); }

int cell_named(const std::string& name) {
  for (int cell = 0; cell < CELLS; ++cell)
    if (name == CELL_NAMES[cell]) return cell;
  raise_value("cell: expected rnn_tanh, rnn_relu, lstm or gru, got '" + name + "'");
}

int checked_gates(int gates) {
  if (gates == 1 || gates == 3 || gates == 4) return gates;
  raise_value("gates: expected 1, 3 or 4, got " + std::to_string(gates));
}

/// An OpenMP runtime ends the process when the system has no more threads to give.
int checked_threads(int threads) {
  constexpr int MOST = 1024;
  if (threads >= 1 && threads <= MOST) return threads;
  raise_value("threads: expected 1 to " + std::to_string(MOST) + ", got " +
              std::to_string(threads));
}

/// Units and inputs of a weight: no product of them and the gates may overflow.
void check_sizes(const char* name, Index units, Index inputs) {
  if (units < 0 || inputs < 0 || units > (1 << 24) || inputs > (1 << 26))
    raise_value(std::string(name) + ": expected at most 2**24 units and 2**26 inputs, got " +
                std::to_string(units) + " and " + std::to_string(inputs));
}

/// Call f<T>() with the dtype of an array, float32 or float64.
template <class F>
auto with_dtype(Arrays& arrays, const char* name, handle array, F f) {
  if (arrays.holds<float>(name, array)) return f.template operator()<float>();
  if (arrays.holds<double>(name, array)) return f.template operator()<double>();
  throw nb::type_error((std::string(name) + ": expected float32 or float64, got " +
                       arrays.kind(name, array)).c_str());
}

/// The shape of a run, from the state's and the number of packed rows. Sizes are copied to
/// `kept`: what is checked here is what the kernel walks by, whoever else writes to the array.
Shape shape_of(Arrays& arrays, handle h0, Index rows, Index steps, handle sizes, handle reset,
               std::vector<Index>& kept) {
  const Dims state = arrays.shape("h0", h0, 2);
  check_sizes("h0", state[1], 0);
  Shape s{steps, state[0], state[1], nullptr, nullptr};
  if (steps < 0) raise_value("steps: expected 0 or more, got " + std::to_string(steps));
  if (const Index* given = arrays.in<Index>("sizes", sizes, {steps})) {
    kept.assign(given, given + steps);
    s.sizes = kept.data();
  }
  Index total = 0;
  if (s.sizes) {
    for (Index t = 0, most = s.batch; t < steps; most = s.sizes[t++]) {
      if (s.sizes[t] < 0 || s.sizes[t] > most)
        raise_value("sizes: expected B=" + std::to_string(s.batch) +
                    " or less, never growing, got " + std::to_string(s.sizes[t]) + " at step " +
                    std::to_string(t));
      total += s.sizes[t];
    }
  } else if (__builtin_mul_overflow(steps, s.batch, &total)) {
    raise_value("steps: expected T * B below 2**63, too large is " + std::to_string(steps) + " * " +
                std::to_string(s.batch));
  }
  if (rows != total)
    raise_value("gates: expected " + std::to_string(total) + " packed rows, got " +
                std::to_string(rows));
  s.reset = arrays.in<bool>("reset", reset, {rows});
  return s;
}

template <class T>
Norm<T> norm_of(Arrays& arrays, const char* name, handle gain, handle shift, Index columns) {
  Norm<T> norm{arrays.in<T>(name, gain, {columns}), arrays.in<T>(name, shift, {columns})};
  if (norm.shift && !norm.gain) 
    raise_value(std::string(name) + ": expected a gain with the shift, got None; a shift needs a gain");
  return norm;
}

/// keep: (N or 1, H or 1); an axis of size 1 is the same for all.
template <class T>
Zoneout<T> zoneout_of(Arrays& arrays, const char* name, handle keep, Index rows, Index hidden) {
  if (keep.is_none()) return {nullptr, 0, 0};
  const Dims dims = arrays.shape(name, keep, 2);
  const Dims expected{dims[0] == 1 ? 1 : rows, dims[1] == 1 ? 1 : hidden};
  return {arrays.in<T>(name, keep, expected), dims[0] == 1 ? 0 : dims[1], dims[1] == 1 ? 0 : 1};
}

/// Packed weights: one dimension, of T, or of bf16 where `bf16` is given and then set.
template <class T>
const void* weight_of(Arrays& arrays, const Table<T>& t, handle weight, int gates, Index units,
                      Index K, bool* bf16) {
  check_sizes("weight", units, K);
  if (sizeof(T) == 4 && bf16 && arrays.holds<Bf16>("weight", weight)) {
    *bf16 = true;
    return arrays.in<Bf16>("weight", weight, {t.packed_size(gates, units, K, true)}, true);
  }
  return arrays.in<T>("weight", weight, {t.packed_size(gates, units, K, false)}, true);
}

Index packed_size(int gates, Index units, Index K, const std::string& dtype) {
  check_sizes("packed_size", units, K);
  checked_gates(gates);
  if (dtype == "float32") return kernels().f32.packed_size(gates, units, K, false);
  if (dtype == "bfloat16") return kernels().f32.packed_size(gates, units, K, true);
  if (dtype == "float64") return kernels().f64.packed_size(gates, units, K, false);
  raise_value("dtype: expected float32, float64 or bfloat16, got '" + dtype + "'");
}

void pack(int gates, handle weight, handle packed, int threads) {
  Arrays arrays;
  const Dims dims = arrays.shape("weight", weight, 2);
  checked_gates(gates);
  checked_threads(threads);
  if (dims[0] % gates)
    raise_value("weight: expected rows that divide into " + std::to_string(gates) +
                " gates, got " + std::to_string(dims[0]));
  const Index units = dims[0] / gates, K = dims[1];
  with_dtype(arrays, "weight", weight, [&]<class T>() {
    const auto& t = table<T>();
    check_sizes("weight", units, K);
    const T* from = arrays.in<T>("weight", weight, dims, true);
    const bool bf16 = sizeof(T) == 4 && arrays.holds<Bf16>("packed", packed);
    const Dims size{t.packed_size(gates, units, K, bf16)};
    void* to = bf16 ? static_cast<void*>(arrays.out<Bf16>("packed", packed, size, true))
                    : arrays.out<T>("packed", packed, size, true);
    arrays.check_overlaps();
    if (dims[0] == 0 || K == 0) return;
    Index wrong = -1;
    {
      nb::gil_scoped_release released;
      wrong = first_not_finite(from, dims[0] * K);
      if (wrong < 0) t.pack_threaded(threads, gates, from, units, K, bf16, to);
    }
    if (wrong >= 0)
      raise_value("weight: expected finite values, got " + std::to_string(from[wrong]) + " at (" +
                  std::to_string(wrong / K) + ", " + std::to_string(wrong % K) + ")");
  });
}

void pack_transposed(handle weight, handle packed, int threads) {
  Arrays arrays;
  const Dims dims = arrays.shape("weight", weight, 2);
  checked_threads(threads);
  with_dtype(arrays, "weight", weight, [&]<class T>() {
    const auto& t = table<T>();
    check_sizes("weight", dims[1], dims[0]);
    const T* from = arrays.in<T>("weight", weight, dims, true);
    T* to = arrays.out<T>("packed", packed, {t.packed_size(1, dims[1], dims[0], false)}, true);
    arrays.check_overlaps();
    if (dims[0] == 0 || dims[1] == 0) return;
    nb::gil_scoped_release released;
    t.pack_transposed(threads, from, dims[1], dims[0], to);
  });
}

void forward(const std::string& name, Index steps, int threads, handle gates_x, handle x,
             handle weight_x, handle bias_x, handle h0, handle weight, handle bias, handle mask, handle sizes, handle reset, handle norm_h,
             handle norm_c, handle norm_c_shift, handle zone_h, handle zone_c, handle output,
             handle h, handle c, handle operand, handle gates, handle memory, handle kept,
             handle product, handle scale) {
  Arrays arrays;
  const int cell = cell_named(name), G = CELL_GATES[cell];
  const bool has_c = cell == LSTM;
  const bool given = x.is_none();
  const char* const from = given ? "gates_x" : "x";
  const Dims entering = arrays.shape(from, given ? gates_x : x, 2);
  const Index rows = entering[0];
  std::vector<Index> kept_sizes;
  const Shape shape = shape_of(arrays, h0, rows, steps, sizes, reset, kept_sizes);
  const Index B = shape.batch, H = shape.hidden;
  with_dtype(arrays, from, given ? gates_x : x, [&]<class T>() {
    const auto& t = table<T>();
    Forward<T> p{};
    bool bf16 = false;
    p.shape = shape;
    p.threads = checked_threads(threads);
    if (given) {
      p.gates_x = arrays.in<T>("gates_x", gates_x, {rows, G * H}, true);
    } else {
      p.inputs = entering[1];
      p.x = arrays.in<T>("x", x, entering, true);
      p.weight_x = static_cast<const T*>(weight_of(arrays, t, weight_x, G, H, p.inputs, nullptr));
      p.bias_x = arrays.in<T>("bias_x", bias_x, {G * H});
    }
    p.h0 = arrays.in<T>("h0", h0, {B, H}, true);
    p.weight = weight_of(arrays, t, weight, G, H, H, &bf16);
    p.bias = arrays.in<T>("bias", bias, {G * H});
    p.mask = arrays.in<T>("mask", mask, {B, H});
    p.norm_h = norm_of<T>(arrays, "norm_h", norm_h, nb::none(), G * H);
    p.norm_c = norm_of<T>(arrays, "norm_c", norm_c, norm_c_shift, H);
    p.zone_h = zoneout_of<T>(arrays, "zone_h", zone_h, rows, H);
    p.zone_c = zoneout_of<T>(arrays, "zone_c", zone_c, rows, H);
    p.output = arrays.out<T>("output", output, {rows, H}, true);
    p.h = arrays.out<T>("h", h, {B, H}, true);
    p.c = arrays.out<T>("c", c, {B, H}, has_c);
    p.operand = arrays.out<T>("operand", operand, {rows, H}, p.mask || shape.reset);
    p.gates = arrays.out<T>("gates", gates, {rows, G * H});
    p.memory = arrays.out<T>("memory", memory, {rows, H});
    p.kept = arrays.out<T>("kept", kept, {rows, H});
    if (p.norm_c.gain && !has_c)
      raise_value("norm_c: expected None, got a gain; the cell " + name + " has no memory c");
    if (p.norm_h.gain || p.norm_c.gain) {
      p.over_time = arrays.shape("product", product, 2)[0] == rows;
      p.product = arrays.out<T>("product", product, {p.over_time ? rows : B, G * H}, true);
      p.scale = arrays.out<T>("scale", scale, {rows, 1});
    }
    arrays.check_overlaps("gates", "gates_x");
    if (rows == 0 || H == 0) return;
    nb::gil_scoped_release released;
    (bf16 ? t.forward_bf16 : t.forward)[cell](p);
  });
}

void backward(const std::string& name, Index steps, int threads, handle h0, handle c0,
              handle weight, handle mask, handle sizes, handle reset, handle norm_h, handle norm_c,
              handle norm_c_shift, handle zone_h, handle zone_c, handle output, handle gates,
              handle memory, handle kept, handle product, handle scale, handle d_output,
              handle d_memory, handle d_gates, handle d_h, handle d_c, handle d_gates_x,
              handle d_gates_h, handle d_product, handle d_norm_h, handle d_norm_c,
              handle d_norm_c_shift) {
  Arrays arrays;
  const int cell = cell_named(name), G = CELL_GATES[cell];
  const bool has_c = cell == LSTM, keeps = cell == GRU;
  const Index rows = arrays.shape("gates", gates, 2)[0];
  std::vector<Index> kept_sizes;
  const Shape shape = shape_of(arrays, h0, rows, steps, sizes, reset, kept_sizes);
  const Index B = shape.batch, H = shape.hidden;
  with_dtype(arrays, "gates", gates, [&]<class T>() {
    const auto& t = table<T>();
    Backward<T> p{};
    p.shape = shape;
    p.threads = checked_threads(threads);
    p.h0 = arrays.in<T>("h0", h0, {B, H}, true);
    p.c0 = arrays.in<T>("c0", c0, {B, H}, has_c);
    p.weight = weight_of(arrays, t, weight, 1, H, G * H, nullptr);
    p.mask = arrays.in<T>("mask", mask, {B, H});
    p.norm_h = norm_of<T>(arrays, "norm_h", norm_h, nb::none(), G * H);
    p.norm_c = norm_of<T>(arrays, "norm_c", norm_c, norm_c_shift, H);
    if (p.norm_c.gain && !has_c)
      raise_value("norm_c: expected None, got a gain; the cell " + name + " has no memory c");
    p.zone_h = zoneout_of<T>(arrays, "zone_h", zone_h, rows, H);
    p.zone_c = zoneout_of<T>(arrays, "zone_c", zone_c, rows, H);
    p.output = arrays.in<T>("output", output, {rows, H}, true);
    p.gates = arrays.in<T>("gates", gates, {rows, G * H}, true);
    p.memory = arrays.in<T>("memory", memory, {rows, H}, has_c);
    p.kept = arrays.in<T>("kept", kept, {rows, H}, keeps);
    const bool normed_h = p.norm_h.gain, normed_c = p.norm_c.gain;
    p.product = arrays.in<T>("product", product, {rows, G * H}, normed_h);
    p.scale = arrays.in<T>("scale", scale, {rows, 1}, normed_h);
    p.d_output = arrays.in<T>("d_output", d_output, {rows, H});
    p.d_memory = arrays.in<T>("d_memory", d_memory, {rows, H});
    p.d_gates = arrays.in<T>("d_gates", d_gates, {rows, G * H});
    p.d_h = arrays.out<T>("d_h", d_h, {B, H}, true);
    p.d_c = arrays.out<T>("d_c", d_c, {B, H}, has_c);
    p.d_gates_x = arrays.out<T>("d_gates_x", d_gates_x, {rows, G * H}, true);
    p.d_gates_h = keeps ? arrays.out<T>("d_gates_h", d_gates_h, {rows, G * H}, true) : nullptr;
    p.d_product =
        normed_h ? arrays.out<T>("d_product", d_product, {rows, G * H}, true) : nullptr;
    if (normed_h) p.d_norm_h.gain = arrays.out<T>("d_norm_h", d_norm_h, {G * H});
    if (normed_c) p.d_norm_c = {arrays.out<T>("d_norm_c", d_norm_c, {H}),
                                arrays.out<T>("d_norm_c_shift", d_norm_c_shift, {H})};
    arrays.check_overlaps();
    if (rows == 0 || H == 0) return;
    nb::gil_scoped_release released;
    t.backward[cell](p);
  });
}

void multiply(int gates, handle x, handle weight, handle bias, handle y, int threads) {
  Arrays arrays;
  const Dims from = arrays.shape("x", x, 2), to = arrays.shape("y", y, 2);
  checked_gates(gates);
  checked_threads(threads);
  if (to[1] % gates)
    raise_value("y: expected columns that divide into " + std::to_string(gates) +
                " gates, got " + std::to_string(to[1]));
  const Index rows = from[0], K = from[1], units = to[1] / gates;
  with_dtype(arrays, "x", x, [&]<class T>() {
    const auto& t = table<T>();
    bool bf16 = false;
    const T* a = arrays.in<T>("x", x, from, true);
    const void* packed = weight_of(arrays, t, weight, gates, units, K, &bf16);
    const T* b = arrays.in<T>("bias", bias, {to[1]});
    T* out = arrays.out<T>("y", y, {rows, to[1]}, true);
    arrays.check_overlaps();
    if (rows == 0 || units == 0) return;
    nb::gil_scoped_release released;
    t.multiply(threads, gates, a, rows, K, packed, bf16, b, units, out);
  });
}

void add_product(handle d, handle x, handle y, int threads, handle total) {
  Arrays arrays;
  const Dims left = arrays.shape("d", d, 2), right = arrays.shape("x", x, 2);
  checked_threads(threads);
  with_dtype(arrays, "d", d, [&]<class T>() {
    const T* a = arrays.in<T>("d", d, left, true);
    const T* b = arrays.in<T>("x", x, {left[0], right[1]}, true);
    T* out = arrays.out<T>("y", y, {left[1], right[1]}, true);
    T* sums = arrays.out<T>("total", total, {left[1]});
    arrays.check_overlaps();
    if (left[0] == 0 || left[1] == 0 || (right[1] == 0 && !sums)) return;
    const auto& t = table<T>();
    nb::gil_scoped_release released;
    t.add_product(threads, a, b, left[0], left[1], right[1], out, sums);
  });
}

void norm(handle x, handle gain, handle shift, handle scale, handle y, int threads) {
  Arrays arrays;
  const Dims dims = arrays.shape("x", x, 2);
  checked_threads(threads);
  with_dtype(arrays, "x", x, [&]<class T>() {
    T* rows = arrays.out<T>("x", x, dims, true);
    arrays.in<T>("gain", gain, {dims[1]}, true);
    const Norm<T> of = norm_of<T>(arrays, "gain", gain, shift, dims[1]);
    T* scales = arrays.out<T>("scale", scale, {dims[0], 1});
    T* out = arrays.out<T>("y", y, dims, true);
    const auto& t = table<T>();
    arrays.check_overlaps("y", "x");
    if (dims[0] == 0 || dims[1] == 0) return;
    nb::gil_scoped_release released;
    t.norm(threads, rows, dims[0], dims[1], of, scales, out);
  });
}

void norm_back(handle d, handle standard, handle scale, handle gain, handle d_gain, int threads) {
  Arrays arrays;
  const Dims dims = arrays.shape("d", d, 2);
  checked_threads(threads);
  with_dtype(arrays, "d", d, [&]<class T>() {
    T* rows = arrays.out<T>("d", d, dims, true);
    const T* from = arrays.in<T>("standard", standard, dims, true);
    const T* scales = arrays.in<T>("scale", scale, {dims[0], 1}, true);
    const T* gains = arrays.in<T>("gain", gain, {dims[1]}, true);
    T* sums = arrays.out<T>("d_gain", d_gain, {dims[1]});
    const auto& t = table<T>();
    arrays.check_overlaps();
    if (dims[0] == 0 || dims[1] == 0) return;
    nb::gil_scoped_release released;
    t.norm_back(threads, rows, from, scales, gains, dims[0], dims[1], sums);
  });
}

/// Asking is what `out` does.
void advise(handle x) {
  Arrays arrays;
  const Dims dims = arrays.shape("x", x, 1);
  with_dtype(arrays, "x", x, [&]<class T>() { arrays.out<T>("x", x, dims, true); });
}

template <bool SIGMOID>
void activate(handle x, handle y) {
  Arrays arrays;
  const Dims dims = arrays.shape("x", x, 1);
  with_dtype(arrays, "x", x, [&]<class T>() {
    const T* from = arrays.in<T>("x", x, dims, true);
    T* to = arrays.out<T>("y", y, dims, true);
    arrays.check_overlaps("y", "x");
    nb::gil_scoped_release released;
    (SIGMOID ? table<T>().sigmoid : table<T>().tanh)(from, dims[0], to);
  });
}

}  // namespace
}  // namespace elman

NB_MODULE(_kernels, m) {
  using namespace elman;
  const auto none = nb::none();
  m.doc() = "Compiled recurrences; what the arrays mean is written in csrc/problem.h.";

  m.def("supported", &supported, "Names of this machine's instruction sets, best first.");
  m.def("isa", [] { return std::string(kernels().isa); }, "The instruction set in use.");
  m.def("select", &elman::select, "isa"_a, "Use the kernels of one instruction set.");

  m.def("packed_size", &packed_size, "gates"_a, "units"_a, "inputs"_a, "dtype"_a,
        "Number of values of a weight (gates * units, inputs) when packed.");
  m.def("pack", &pack, "gates"_a, "weight"_a.none(), "packed"_a.none(),
        "threads"_a = 1, "Pack a weight (gates * units, inputs) for `forward`.");
  m.def("pack_transposed", &pack_transposed, "weight"_a.none(), "packed"_a.none(),
        "threads"_a = 1, "Pack a weight (inputs, units) for `backward`.");

  m.def("forward", &forward, "cell"_a, nb::kw_only(), "steps"_a, "threads"_a, "gates_x"_a = none,
        "x"_a = none, "weight_x"_a = none, "bias_x"_a = none, "h0"_a.none(), "weight"_a.none(), "bias"_a = none, "mask"_a = none, "sizes"_a = none,
        "reset"_a = none, "norm_h"_a = none, "norm_c"_a = none, "norm_c_shift"_a = none,
        "zone_h"_a = none, "zone_c"_a = none, "output"_a.none(), "h"_a.none(), "c"_a = none,
        "operand"_a = none, "gates"_a = none, "memory"_a = none, "kept"_a = none,
        "product"_a = none, "scale"_a = none, "Run a cell over time; arrays as in `Forward`.");
  m.def("backward", &backward, "cell"_a, nb::kw_only(), "steps"_a, "threads"_a, "h0"_a.none(),
        "c0"_a = none, "weight"_a.none(), "mask"_a = none, "sizes"_a = none, "reset"_a = none,
        "norm_h"_a = none, "norm_c"_a = none, "norm_c_shift"_a = none, "zone_h"_a = none,
        "zone_c"_a = none, "output"_a.none(), "gates"_a.none(), "memory"_a = none,
        "kept"_a = none, "product"_a = none, "scale"_a = none, "d_output"_a = none,
        "d_memory"_a = none,
        "d_gates"_a = none, "d_h"_a.none(), "d_c"_a = none, "d_gates_x"_a.none(),
        "d_gates_h"_a = none, "d_product"_a = none, "d_norm_h"_a = none, "d_norm_c"_a = none,
        "d_norm_c_shift"_a = none, "Gradient of `forward`; arrays as in `Backward`.");

  m.def("multiply", &multiply, "gates"_a, "x"_a.none(), "weight"_a.none(), "bias"_a.none(),
        "y"_a.none(), "threads"_a, "y = x times a weight packed by `pack`, plus bias.");
  m.def("add_product", &add_product, "d"_a.none(), "x"_a.none(), "y"_a.none(), "threads"_a,
        "total"_a = none, "y += d transposed times x; total += the sums of d's columns.");

  m.def("norm", &norm, "x"_a.none(), "gain"_a.none(), "shift"_a.none(), "scale"_a.none(),
        "y"_a.none(), "threads"_a, "y = layer norm of x, which is left without gain and shift.");
  m.def("norm_back", &norm_back, "d"_a.none(), "standard"_a.none(), "scale"_a.none(),
        "gain"_a.none(), "d_gain"_a.none(), "threads"_a,
        "From the gradient after `norm` to that before it, in place; d_gain is added to.");

  m.def("ask_for_large_pages", &advise, "x"_a.none(), "Advise large pages; x is not touched.");
  m.def("tanh", &activate<false>, "x"_a.none(), "y"_a.none(), "y = tanh(x), as in the kernels.");
  m.def("sigmoid", &activate<true>, "x"_a.none(), "y"_a.none(),
        "y = 1 / (1 + exp(-x)), as in the kernels.");

  bind_stepper(m);
}
