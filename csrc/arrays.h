// Python arrays to pointers, each checked: a kernel never sees a pointer that does not hold what
// its name promises. NumPy arrays, torch tensors and DLPack capsules will do.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <deque>
#include <string>
#include <type_traits>
#include <vector>

#include "problem.h"

namespace elman {

using Dims = std::vector<Index>;
using Kind = nanobind::dlpack::dtype;

template <class T>
Kind kind_of() {
  using enum nanobind::dlpack::dtype_code;
  const auto code = std::is_same_v<T, bool>             ? Bool
                    : std::is_same_v<T, Bf16>           ? Bfloat
                    : std::is_floating_point_v<T>       ? Float
                                                        : Int;
  return {std::uint8_t(code), std::uint8_t(sizeof(T) * 8), 1};
}

/// Where the first value stands that is NaN or infinite; -1: nowhere.
template <class T>
Index first_not_finite(const T* x, Index count);

/// The arrays of one call. Keeps them alive, and raises TypeError (not an array, dtype, device)
/// or ValueError (shape, layout), naming what was expected and what came.
class Arrays {
 public:
  /// Shape of an array with this many dimensions, none so large that sizes made of it overflow.
  Dims shape(const char* name, nanobind::handle array, std::size_t dimensions);

  /// Whether an array's values are of type T.
  template <class T>
  bool holds(const char* name, nanobind::handle array) {
    return open(name, array).data.dtype() == kind_of<T>();
  }

  /// The name of an array's dtype.
  std::string kind(const char* name, nanobind::handle array);

  /// Data to read, of exactly this shape; null for None where that is allowed.
  template <class T>
  const T* in(const char* name, nanobind::handle array, const Dims& shape, bool needed = false) {
    return static_cast<const T*>(take(name, array, kind_of<T>(), shape, needed, false));
  }

  /// Data to write, of exactly this shape; null for None where that is allowed.
  template <class T>
  T* out(const char* name, nanobind::handle array, const Dims& shape, bool needed = false) {
    return static_cast<T*>(take(name, array, kind_of<T>(), shape, needed, true));
  }

  /// Refuse an array to write that shares memory with another of the call; `same` may be one
  /// with the array that is named `as`.
  void check_overlaps(const char* same = "", const char* as = "") const;

 private:
  struct Span {
    const char* name;
    const char *begin, *end;
    bool written;
  };
  struct Array {
    PyObject* from;
    nanobind::ndarray<nanobind::ro> data;
    bool writable;
  };

  /// Each object is opened once, as a DLPack capsule can be.
  const Array& open(const char* name, nanobind::handle array);
  void* take(const char* name, nanobind::handle array, Kind kind, const Dims& shape, bool needed,
             bool writable);

  std::deque<Array> held_;  // references to its elements stay valid
  std::vector<Span> taken_;
};

}  // namespace elman
