#include "arrays.h"

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
      raise_type(std::string(name) + ": expected a dense array, got " +
                 nb::type_name(array.type()).c_str());
  }
  if (found.data.device_type() != nb::device::cpu::value)
    raise_type(std::string(name) + ": expected an array on the CPU, got DLPack device type " +
               std::to_string(found.data.device_type()));
  return held_.emplace_back(std::move(found));
}

Dims Arrays::shape(const char* name, nb::handle array, std::size_t dimensions) {
  const Dims found = dims(open(name, array).data);
  if (found.size() != dimensions)
    raise_value(std::string(name) + ": expected " + std::to_string(dimensions) +
                " dimensions, got shape " + text(found));
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
  if (writable) ask_for_large_pages(data, found.nbytes());
  return data;
}

}  // namespace elman
