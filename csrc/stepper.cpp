// The class elman._kernels.Stepper: embedding, layers and head in one call from Python.
//
// All memory is taken at construction; a step takes none. What Python hands over is checked
// here to the last byte, but only answered with a code: `elman.runtime` finds the words.
#include "stepper.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "arrays.h"
#include "dispatch.h"
#include "pool.h"
#include "step.h"

namespace elman {
namespace {

namespace nb = nanobind;
using nb::handle;
using namespace nb::literals;

enum Code : int { DONE = 0, MISFIT = 1, BUSY = 2 };

[[noreturn]] void raise_value(const std::string& m) { throw nb::value_error(m.c_str()); }

/// Zeroed memory on a boundary of cache lines; large blocks on huge pages where the system has
/// them, because a step walks all weights and would miss the page table's cache.
class Memory {
 public:
  void* take(std::size_t bytes) {
    const std::size_t align = bytes >= HUGE ? HUGE : 64;
    const std::size_t whole = (bytes + 2 * 64 + align - 1) / align * align;
    void* block = std::aligned_alloc(align, whole);
    if (!block) throw std::bad_alloc();
    blocks_.emplace_back(block, &std::free);
#if defined(MADV_HUGEPAGE)
    if (align == HUGE) madvise(block, whole, MADV_HUGEPAGE);
#endif
    return std::memset(block, 0, whole);
  }

  template <class T>
  T* values(Index count) {
    return static_cast<T*>(take(std::size_t(count) * sizeof(T)));
  }

 private:
  static constexpr std::size_t HUGE = std::size_t(2) << 20;
  std::vector<std::unique_ptr<void, void (*)(void*)>> blocks_;
};

/// A Python buffer, dense and of the machine's own byte order, or not there.
class Buffer {
 public:
  explicit Buffer(handle array) {
    held_ = PyObject_GetBuffer(array.ptr(), &view_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) == 0;
    if (!held_) PyErr_Clear();
  }
  ~Buffer() {
    if (held_) PyBuffer_Release(&view_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  /// The data, if values are one of `kinds` with `size` bytes and the shape is this; else null.
  const char* data(const char* kinds, Py_ssize_t size, int ndim, const Index* shape) const {
    if (!held_ || view_.ndim != ndim || view_.itemsize != size) return nullptr;
    const char* format = view_.format ? view_.format : "B";
    if (!format[0] || format[1] || !std::strchr(kinds, format[0])) return nullptr;
    for (int i = 0; i < ndim; ++i)
      if (view_.shape[i] != shape[i]) return nullptr;
    return static_cast<const char*>(view_.buf);
  }

  Index size(int axis) const { return held_ && axis < view_.ndim ? view_.shape[axis] : -1; }

 private:
  Py_buffer view_{};
  bool held_;
};

struct Options {
  Index batch, inputs;
  bool bf16, softmax;
  int threads;      // at most
  Index least;      // bytes of weights that are worth a thread of their own
};

/// Those that read what `kernels` packs.
const StepKernels* steps_of(const Kernels& kernels) {
  for (const StepKernels* s : {
#if defined(ELMAN_X86)
           steps_avx512(), steps_avx2(),
#endif
           steps_baseline()})
    if (std::strcmp(s->isa, kernels.isa) == 0) return s;
  throw std::logic_error("no steps for the instruction set in use");
}

/// Refuse what is not a layer as `elman.runtime.native` makes them: a dict with these keys.
void check_layer(handle layer) {
  if (!PyDict_CheckExact(layer.ptr()))
    throw nb::type_error((std::string("layers: expected dicts, got ") +
                          nb::type_name(layer.type()).c_str()).c_str());
  for (const char* key : {"cell", "weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh",
                          "norm_ih", "norm_hh", "norm_c", "norm_c_bias", "zone_h", "zone_c"})
    if (!nb::borrow<nb::dict>(layer).contains(key))
      raise_value(std::string("layers: expected the key '") + key + "' in each, got none");
  if (!PyUnicode_Check(nb::object(nb::borrow<nb::dict>(layer)["cell"]).ptr()))
    throw nb::type_error("cell: expected a str, the name of a cell, got something else");
  for (const char* key : {"zone_h", "zone_c"})
    if (!PyFloat_Check(nb::object(nb::borrow<nb::dict>(layer)[key]).ptr()))
      throw nb::type_error((std::string(key) + ": expected a float, got something else").c_str());
}

template <class T>
class Network {
 public:
  /// layers: dicts as `elman.runtime.native` makes them; embedding (V, E) or None; weight (V, R)
  /// or None, the head's; bias (V) or None.
  Network(const Options& options, nb::sequence layers, handle embedding, handle weight,
          handle bias)
      : options_(options), B_(options.batch), kernels_(elman::kernels()) {
    steps_ = steps_of(kernels_);
    if (B_ < 1 || B_ > (1 << 20))
      raise_value("batch: expected 1 to 2**20, got " + std::to_string(B_));
    if (options.threads < 1 || options.threads > MAX_PARTS)
      raise_value("threads: expected 1 to " + std::to_string(MAX_PARTS) + ", got " +
                  std::to_string(options.threads));
    if (options.least < 0)
      raise_value("least: expected 0 or more, got " + std::to_string(options.least));
    Arrays arrays;
    inputs_ = options.inputs;
    if (!embedding.is_none()) {
      const Dims dims = arrays.shape("embedding", embedding, 2);
      vocabulary_ = dims[0];
      inputs_ = dims[1];
      T* table = memory_.values<T>(vocabulary_ * inputs_);
      std::memcpy(table, arrays.in<T>("embedding", embedding, dims, true),
                  std::size_t(vocabulary_ * inputs_) * sizeof(T));
      embedding_ = table;
    }
    if (inputs_ < 1)
      raise_value("inputs: expected at least 1, got " + std::to_string(inputs_));
    Index features = inputs_;
    for (handle layer : layers) {
      check_layer(layer);
      features = add_layer(nb::borrow<nb::dict>(layer), features);
    }
    if (layers_.empty()) raise_value("layers: expected at least one, got none");
    features_ = memory_.values<T>(B_ * features);
    for (std::size_t k = 0; k + 1 < layers_.size(); ++k) {
      layers_[k].output = layers_[k + 1].operand;
      layers_[k].output_stride = layers_[k + 1].inputs + layers_[k + 1].shown;
    }
    layers_.back().output = features_;
    layers_.back().output_stride = width_ = features;
    output_ = features_;
    if (!weight.is_none()) {
      const Index V = arrays.shape("head", weight, 2)[0];
      head_ = packed(1, arrays.in<T>("head", weight, {V, features}, true), V, features);
      head_bias_ = copied(arrays.in<T>("head bias", bias, {V}), V);
      output_ = memory_.values<T>(B_ * V);
      width_ = V;
      head_threads_ = threads_for(V * features);
      work_ += V * features;
    }
  }

  Code step(handle x) {
    Held held(busy_);
    if (!held.mine) return BUSY;
    if (!read(x)) return MISFIT;
    unlocked(1, [&] {
      advance();
      finish();
    });
    return DONE;
  }

  /// x: ids (B, T) or features (B, T, I), T >= 1.
  Code feed(handle x) {
    Held held(busy_);
    if (!held.mine) return BUSY;
    const Buffer buffer(x);
    const Index T_ = buffer.size(1);
    const Index shape[3] = {B_, T_, inputs_};
    if (T_ < 1) return MISFIT;
    if (embedding_) {
      const char* data = buffer.data("lq", 8, 2, shape);
      if (!data) return MISFIT;
      std::vector<Index> ids(std::size_t(B_ * T_));  // a copy, as nobody may change them now
      std::memcpy(ids.data(), data, ids.size() * sizeof(Index));
      for (Index id : ids)
        if (id < 0 || id >= vocabulary_) return MISFIT;
      unlocked(T_, [&] {
        for (Index t = 0; t < T_; ++t) {
          for (Index r = 0; r < B_; ++r) embed(r, ids[std::size_t(r * T_ + t)]);
          advance();
        }
        finish();
      });
    } else {
      const char* data = buffer.data(kind(), sizeof(T), 3, shape);
      if (!data) return MISFIT;
      unlocked(T_, [&] {
        for (Index t = 0; t < T_; ++t) {
          for (Index r = 0; r < B_; ++r) place(r, data + (r * T_ + t) * row_bytes());
          advance();
        }
        finish();
      });
    }
    return DONE;
  }

  /// Keep every other thread out, until `leave`.
  bool enter() { return !busy_.exchange(true, std::memory_order_acquire); }
  void leave() { busy_.store(false, std::memory_order_release); }

  nb::object output(handle owner) { return view(output_, B_, width_, width_, owner); }

  /// Each layer's h, and c where it has one, as they stand in memory.
  nb::list state(handle owner) {
    nb::list parts;
    for (const StepLayer<T>& l : layers_) {
      parts.append(view(l.operand + l.inputs, B_, l.shown, l.inputs + l.shown, owner));
      if (l.c) parts.append(view(l.c, B_, l.hidden, l.hidden, owner));
    }
    return parts;
  }

 private:
  struct Held {
    explicit Held(std::atomic<bool>& busy)
        : busy(busy), mine(!busy.exchange(true, std::memory_order_acquire)) {}
    ~Held() {
      if (mine) busy.store(false, std::memory_order_release);
    }
    std::atomic<bool>& busy;
    const bool mine;
  };

  const Table<T>& table() const {
    if constexpr (sizeof(T) == 4)
      return kernels_.f32;
    else
      return kernels_.f64;
  }
  const StepTable<T>& steps() const {
    if constexpr (sizeof(T) == 4)
      return steps_->f32;
    else
      return steps_->f64;
  }
  static const char* kind() { return sizeof(T) == 4 ? "f" : "d"; }
  Index row_bytes() const { return inputs_ * Index(sizeof(T)); }

  const void* packed(int gates, const T* weight, Index units, Index K) {
    const Index size = table().packed_size(gates, units, K, options_.bf16);
    void* to = memory_.take(std::size_t(size) * (options_.bf16 ? sizeof(Bf16) : sizeof(T)));
    table().pack(gates, weight, units, K, options_.bf16, to);
    return to;
  }

  /// How many threads are worth their while for so many weights.
  int threads_for(Index weights) const {
    const Index bytes = weights * Index(options_.bf16 ? sizeof(Bf16) : sizeof(T));
    const Index most = options_.least ? bytes / options_.least : MAX_PARTS;
    return int(std::clamp<Index>(most, 1, options_.threads));
  }

  /// A copy, zeros for null.
  const T* copied(const T* from, Index count) {
    T* to = memory_.values<T>(count);
    if (from) std::memcpy(to, from, std::size_t(count) * sizeof(T));
    return to;
  }

  Norm<T> norm(Arrays& arrays, const char* name, nb::dict& d, handle shift, Index columns) {
    const T* gain = arrays.in<T>(name, d[name], {columns});
    const T* given = arrays.in<T>(name, shift, {columns});
    return {gain ? copied(gain, columns) : nullptr, given ? copied(given, columns) : nullptr};
  }

  /// Add a layer for this many input features; return how many it puts out.
  Index add_layer(nb::dict d, Index I) {
    Arrays arrays;
    StepLayer<T> l{};
    const std::string name = nb::cast<nb::str>(d["cell"]).c_str();
    int cell = 0;
    while (cell < CELLS && name != CELL_NAMES[cell]) ++cell;
    if (cell == CELLS) 
      raise_value("cell: expected rnn_tanh, rnn_relu, lstm or gru, got '" + name + "'");
    const int G = CELL_GATES[cell];
    const Dims dims = arrays.shape("weight_hh", d["weight_hh"], 2);
    const Index H = dims[0] / G, R = dims[1];
    if (H < 1 || R < 1 || H * G != dims[0])
      raise_value("weight_hh: expected (G * H, R) with G = " + std::to_string(G) +
                  ", H and R at least 1, got (" + std::to_string(dims[0]) + ", " +
                  std::to_string(R) + ")");
    const bool projected = !nb::handle(d["weight_hr"]).is_none();
    if ((R != H) != projected || (projected && cell != LSTM))
      raise_value("weight_hr: expected (R, H) with an LSTM, or None and R = H; got " +
                  std::string(projected ? "one" : "None") + " with a " + name + ", R = " +
                  std::to_string(R) + ", H = " + std::to_string(H));
    const T* ih = arrays.in<T>("weight_ih", d["weight_ih"], {G * H, I}, true);
    const T* hh = arrays.in<T>("weight_hh", d["weight_hh"], {G * H, R}, true);
    l.batch = B_;
    l.inputs = I + (I & 1);
    l.hidden = H;
    l.shown = R;
    const Index K = l.inputs + R;
    std::vector<T> both(std::size_t(G * H * K));  // [W_ih | 0 | W_hh]
    for (Index row = 0; row < G * H; ++row) {
      std::memcpy(both.data() + row * K, ih + row * I, std::size_t(I) * sizeof(T));
      std::memcpy(both.data() + row * K + l.inputs, hh + row * R, std::size_t(R) * sizeof(T));
    }
    l.weight = packed(G, both.data(), H, K);
    l.bias_x = copied(arrays.in<T>("bias_ih", d["bias_ih"], {G * H}), G * H);
    l.bias_h = copied(arrays.in<T>("bias_hh", d["bias_hh"], {G * H}), G * H);
    l.norm_x = norm(arrays, "norm_ih", d, nb::none(), G * H);
    l.norm_h = norm(arrays, "norm_hh", d, nb::none(), G * H);
    l.norm_c = norm(arrays, "norm_c", d, d["norm_c_bias"], H);
    if (!l.norm_x.gain != !l.norm_h.gain || (l.norm_c.gain && (cell != LSTM || !l.norm_x.gain)))
      raise_value("layer norm: expected norm_ih and norm_hh or neither, norm_c only with both and "
                  "an LSTM, got others of " + name);
    l.zone_h = T(nb::cast<double>(d["zone_h"]));
    l.zone_c = T(nb::cast<double>(d["zone_c"]));
    l.operand = memory_.values<T>(B_ * K);
    if (cell == LSTM) l.c = memory_.values<T>(B_ * H);
    l.fresh = memory_.values<T>(B_ * H);
    if (projected) {
      const T* hr = arrays.in<T>("weight_hr", d["weight_hr"], {R, H}, true);
      l.projection = packed(1, hr, R, H);
      l.projected = memory_.values<T>(B_ * R);
      work_ += R * H;
    }
    l.threads = threads_for(G * H * K);
    l.sums = memory_.values<T>(
        l.norm_x.gain ? (B_ + 1) * 2 * G * H
                      : l.threads * B_ * 4 * steps_->vector_bytes / Index(sizeof(T)));
    work_ += G * H * K;
    layers_.push_back(l);
    cells_.push_back(cell);
    return R;
  }

  void place(Index row, const char* features) {
    std::memcpy(layers_[0].operand + row * (layers_[0].inputs + layers_[0].shown), features,
                std::size_t(row_bytes()));
  }
  void embed(Index row, Index id) {
    place(row, reinterpret_cast<const char*>(embedding_ + id * inputs_));
  }

  /// Take one step's input; false where it does not fit, and then nothing has changed.
  bool read(handle x) {
    if (embedding_ && B_ == 1 && PyLong_CheckExact(x.ptr())) {
      const Index id = PyLong_AsLongLong(x.ptr());
      if (id == -1 && PyErr_Occurred()) PyErr_Clear();
      if (id < 0 || id >= vocabulary_) return false;
      embed(0, id);
      return true;
    }
    const Buffer buffer(x);
    const Index shape[2] = {B_, inputs_};
    if (!embedding_) {
      const char* data = buffer.data(kind(), sizeof(T), 2, shape);
      if (!data) return false;
      for (Index r = 0; r < B_; ++r) place(r, data + r * row_bytes());
      return true;
    }
    const char* data = buffer.data("lq", 8, 1, shape);
    if (!data) return false;
    auto id = [&](Index r) {
      Index value;
      std::memcpy(&value, data + r * 8, 8);
      return value;
    };
    for (Index r = 0; r < B_; ++r)
      if (id(r) < 0 || id(r) >= vocabulary_) return false;
    for (Index r = 0; r < B_; ++r) {
      const Index value = id(r);
      if (value < 0 || value >= vocabulary_) return false;  // changed meanwhile
      embed(r, value);
    }
    return true;
  }

  void advance() {
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      (options_.bf16 ? steps().layer_bf16 : steps().layer)[cells_[k]](layers_[k]);
      layers_[k].backwards = !layers_[k].backwards;
    }
  }

  void finish() {
    if (!head_) return;
    steps().linear(features_, B_, layers_.back().shown, head_, options_.bf16, head_bias_, width_,
                   output_, head_threads_);
    if (options_.softmax) steps().softmax(output_, B_, width_);
  }

  /// Run f, letting other Python threads run where that pays.
  template <class F>
  void unlocked(Index steps, F f) {
    constexpr double WORTH = 2e5;  // multiply-adds; about 5 µs
    if (double(work_) * double(B_) * double(steps) < WORTH) return f();
    nb::gil_scoped_release released;
    f();
  }

  nb::object view(T* data, Index rows, Index width, Index stride, handle owner) {
    const std::size_t shape[2] = {std::size_t(rows), std::size_t(width)};
    const std::int64_t strides[2] = {stride, 1};
    return nb::cast(nb::ndarray<nb::numpy, T>(data, 2, shape, owner, strides),
                    nb::rv_policy::reference);
  }

  const Options options_;
  const Index B_;
  const Kernels& kernels_;
  const StepKernels* steps_;
  Memory memory_;
  std::vector<StepLayer<T>> layers_;
  std::vector<int> cells_;
  Index inputs_ = 0, vocabulary_ = 0, width_ = 0, work_ = 0;
  const T* embedding_ = nullptr;
  int head_threads_ = 1;
  const void* head_ = nullptr;
  const T* head_bias_ = nullptr;
  T* features_ = nullptr;
  T* output_ = nullptr;
  std::atomic<bool> busy_{false};
};

template <class T>
void bind(nb::module_& m, const char* name) {
  using N = Network<T>;
  nb::class_<N>(m, name, "A network that is run step by step; see elman.runtime.")
      .def(
          "__init__",
          [](N* self, nb::sequence layers, Index batch, Index inputs, bool bf16, bool softmax,
             int threads, Index least, handle embedding, handle head, handle head_bias) {
            if (bf16 && sizeof(T) != 4) raise_value("bf16: expected False, got True with float64");
            new (self) N(Options{batch, inputs, bf16, softmax, threads, least}, layers, embedding,
                         head, head_bias);
          },
          "layers"_a, nb::kw_only(), "batch"_a, "inputs"_a, "bf16"_a, "softmax"_a,
          "threads"_a, "least"_a, "embedding"_a.none(), "head"_a.none(), "head_bias"_a.none())
      .def("step", [](N& self, handle x) { return int(self.step(x)); }, "x"_a.none(),
           "One step: 0 done, 1 the input does not fit, 2 another thread is in.")
      .def("feed", [](N& self, handle x) { return int(self.feed(x)); }, "x"_a.none(),
           "Several steps; codes as for `step`.")
      .def("enter", &N::enter, "Keep other threads out; false if one is in.")
      .def("leave", &N::leave, "Let other threads in.")
      .def("output", [](nb::handle_t<N> self) { return nb::cast<N&>(self).output(self); })
      .def("state", [](nb::handle_t<N> self) { return nb::cast<N&>(self).state(self); });
}

}  // namespace

void bind_stepper(nb::module_& m) {
  bind<float>(m, "Stepper32");
  bind<double>(m, "Stepper64");
}

}  // namespace elman
