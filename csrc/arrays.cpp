#include "arrays.h"

#include <cstring>
#include <string>

#include "pages.h"

namespace elman {
namespace nb = nanobind;
namespace {

std::string text(const Dims& dims) {
  std::string s = "(";
  for (std::size_t i = 0; i < dims.size(); ++i) s += (i ? ", " : "") + std::to_string(dims[i]);
  return s + (dims.size() == 1 ? ",)" : ")");
}

std::string text(Kind kind) {
  using enum nb::dlpack::dtype_code;
  if (kind.code == std::uint8_t(Bool)) return "bool";
  const char* name = kind.code == std::uint8_t(Float)    ? "float"
                     : kind.code == std::uint8_t(Bfloat) ? "bfloat"
                     : kind.code == std::uint8_t(Int)    ? "int"
                     : kind.code == std::uint8_t(nb::dlpack::dtype_code::UInt) ? "uint" : "kind ";
  return name + std::to_string(kind.bits);
}

Dims dims(const nb::ndarray<nb::ro>& a) {
  Dims found;
  for (std::size_t i = 0; i < a.ndim(); ++i) found.push_back(Index(a.shape(i)));
  return found;
}

/// Whether values stand row-major without gaps; strides of axes of size 1 mean nothing.
bool is_dense(const nb::ndarray<nb::ro>& a) {
  if (a.size() == 0) return true;
  Index expected = 1;
  for (std::size_t i = a.ndim(); i-- > 0;) {
    if (a.shape(i) != 1 && a.stride(i) != expected) return false;
    expected *= Index(a.shape(i));
  }
  return true;
}

/// What an object is that is no array for us: its type, and what it says of itself.
std::string described(nb::handle array) {
  std::string s = nb::type_name(array.type()).c_str();
  for (const char* name : {"dtype", "device"}) {
    const nb::object value = nb::getattr(array, name, nb::none());
    if (!value.is_none()) s += std::string(", ") + name + " " + nb::str(value).c_str();
  }
  return s;
}

constexpr Index MOST = Index(1) << 40;  // values along one axis

[[noreturn]] void raise_type(const std::string& message) { throw nb::type_error(message.c_str()); }
[[noreturn]] void raise_value(const std::string& m) { throw nb::value_error(m.c_str()); }

}  // namespace

const Arrays::Array& Arrays::open(const char* name, nb::handle array) {
  for (const Array& held : held_)
    if (held.from == array.ptr()) return held;
  Array found{array.ptr(), {}, true};
  nb::ndarray<> data;
  if (nb::try_cast(array, data, false)) {
    found.data = nb::ndarray<nb::ro>(data);
  } else {
    found.writable = false;
    if (!nb::try_cast(array, found.data, false))
      raise_type(std::string(name) + ": expected a dense array, got " + described(array));
  }
  if (found.data.device_type() != nb::device::cpu::value)
    raise_type(std::string(name) + ": expected an array on the CPU, got DLPack device type " +
               std::to_string(found.data.device_type()));
  return held_.emplace_back(std::move(found));
}

std::string Arrays::kind(const char* name, nb::handle array) {
  return text(open(name, array).data.dtype());
}

Dims Arrays::shape(const char* name, nb::handle array, std::size_t dimensions) {
  const Dims found = dims(open(name, array).data);
  if (found.size() != dimensions)
    raise_value(std::string(name) + ": expected " + std::to_string(dimensions) +
                " dimensions, got shape " + text(found));
  for (const Index size : found)
    if (size > MOST)
      raise_value(std::string(name) + ": expected at most 2**40 along an axis, got shape " +
                  text(found));
  return found;
}

void* Arrays::take(const char* name, nb::handle array, Kind kind, const Dims& shape, bool needed,
                   bool writable) {
  if (array.is_none()) {
    if (!needed) return nullptr;
    raise_type(std::string(name) + ": expected " + text(kind) + " " + text(shape) + ", got None");
  }
  const Array& opened = open(name, array);
  const auto& found = opened.data;
  if (writable && !opened.writable)
    raise_type(std::string(name) + ": expected a writable array, got a read-only one");
  if (found.dtype() != kind)
    raise_type(std::string(name) + ": expected " + text(kind) + ", got " + text(found.dtype()));
  if (dims(found) != shape)
    raise_value(std::string(name) + ": expected shape " + text(shape) + ", got " +
                text(dims(found)));
  if (!is_dense(found))
    raise_value(std::string(name) + ": expected a row-major array without gaps, got one of shape " +
                text(shape) + " with other strides");
  void* const data = const_cast<void*>(static_cast<const void*>(found.data()));
  const std::size_t bytes = found.nbytes();
  if (!bytes) return data;
  if (reinterpret_cast<std::uintptr_t>(data) % (kind.bits / 8))
    raise_value(std::string(name) + ": expected values aligned to their size, got an address of " +
                std::to_string(reinterpret_cast<std::uintptr_t>(data)));
  taken_.push_back({name, static_cast<char*>(data), static_cast<char*>(data) + bytes, writable});
  if (writable) ask_for_large_pages(data, bytes);
  return data;
}

void Arrays::check_overlaps(const char* same, const char* as) const {
  for (const Span& to : taken_) {
    if (!to.written) continue;
    for (const Span& other : taken_) {
      if (&to == &other || to.begin >= other.end || other.begin >= to.end) continue;
      const auto named = [&](const Span& a, const Span& b) {
        return std::strcmp(a.name, same) == 0 && std::strcmp(b.name, as) == 0;
      };
      if (to.begin == other.begin && (named(to, other) || named(other, to))) continue;
      raise_value(std::string(to.name) + ": expected memory of its own, got some of " +
                  other.name + "'s");
    }
  }
}

template <class T>
Index first_not_finite(const T* x, Index count) {
  // A value times 0 is 0, or NaN if it is not finite; sixteen bytes at a time, four in flight.
  typedef T V __attribute__((vector_size(16), aligned(sizeof(T)), may_alias));
  constexpr Index L = 16 / sizeof(T);
  V sums[4] = {};
  Index i = 0;
  for (; i + 4 * L <= count; i += 4 * L)
    for (int k = 0; k < 4; ++k) sums[k] += *reinterpret_cast<const V*>(x + i + k * L) * T(0);
  const V sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  T rest = 0;
  for (Index k = 0; k < L; ++k) rest += sum[k];
  for (; i < count; ++i) rest += x[i] * T(0);
  if (rest == T(0)) return -1;
  for (i = 0; x[i] * T(0) == T(0);) ++i;
  return i;
}

template Index first_not_finite(const float*, Index);
template Index first_not_finite(const double*, Index);

}  // namespace elman
