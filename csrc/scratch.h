// Memory for one run, borrowed and given back.
#pragma once

#include <cstddef>

#include "types.h"

namespace elman {

/// At least `bytes` bytes that hold anything, aligned to a cache line; on large pages where they
/// are many. The block given back last is kept for the next to borrow, unless it is very large:
/// fresh memory costs a fault for each page. Any thread may call these.
void* borrow(std::size_t bytes);
void give_back(void* block);  // null: nothing

/// `count` values of T, not initialised, for as long as this lives.
template <class T>
class Scratch {
 public:
  explicit Scratch(Index count)
      : data_(count ? static_cast<T*>(borrow(std::size_t(count) * sizeof(T))) : nullptr) {}
  ~Scratch() { give_back(data_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* get() const { return data_; }

 private:
  T* const data_;
};

}  // namespace elman
