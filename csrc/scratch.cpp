#include "scratch.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include "pages.h"

namespace elman {
namespace {

constexpr std::size_t LINE = 64;       // bytes before a block, which hold its size
constexpr std::size_t KEPT = 8 << 20;  // bytes of the largest block that is kept

std::atomic<char*> spare{nullptr};

std::size_t& size_of(char* whole) { return *reinterpret_cast<std::size_t*>(whole); }

}  // namespace

void* borrow(std::size_t bytes) {
  char* whole = spare.exchange(nullptr, std::memory_order_acquire);
  if (!whole || size_of(whole) < bytes + LINE) {
    std::free(whole);
    const std::size_t align = bytes < LARGE_PAGE / 2 ? LINE : LARGE_PAGE;
    const std::size_t size = (bytes + LINE + align - 1) / align * align;
    whole = static_cast<char*>(std::aligned_alloc(align, size));
    if (!whole) throw std::bad_alloc();
    ask_for_large_pages(whole, size);
    size_of(whole) = size;
  }
  return whole + LINE;
}

void give_back(void* block) {
  if (!block) return;
  char* whole = static_cast<char*>(block) - LINE;
  if (size_of(whole) <= KEPT) whole = spare.exchange(whole, std::memory_order_release);
  std::free(whole);
}

}  // namespace elman
