// Large pages for arrays that are about to be written for the first time.
#pragma once

#include <cstddef>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace elman {

inline constexpr std::size_t LARGE_PAGE = std::size_t(2) << 20;  // bytes

/// Advise the system to back an array with large pages, as far as it covers whole ones. Fresh
/// memory costs one fault for each page: some microseconds for 4 KB as for 2 MB.
///
/// data: neither read nor written, may be null; what stands there stays.
inline void ask_for_large_pages(void* data, std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const auto begin = reinterpret_cast<std::size_t>(data);
  const std::size_t first = (begin + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
  const std::size_t last = (begin + bytes) / LARGE_PAGE * LARGE_PAGE;
  if (data && first < last)  // only advice: a system that cannot follow it says so, to nobody
    static_cast<void>(madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE));
#else
  static_cast<void>(data);
  static_cast<void>(bytes);
#endif
}

}  // namespace elman
