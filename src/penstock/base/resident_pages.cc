#include "penstock/base/resident_pages.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace penstock {
namespace {

struct Mapping {
  uintptr_t begin = 0, end = 0;
  bool is_candidate = false;  ///< Of a file, and nobody can have written to it since it is mapped.
  int64_t resident_kilobytes = 0, anonymous_kilobytes = 0;
};

/// "7f00-7f10 r-xp 00000000 fe:00 123  /usr/lib/libx.so"
Mapping ParseHead(const std::string& line) {
  Mapping mapping;
  unsigned long begin = 0, end = 0, inode = 0;
  char permissions[5] = {};
  if (std::sscanf(line.c_str(), "%lx-%lx %4s %*x %*s %lu", &begin, &end, permissions, &inode) != 4)
    return mapping;
  mapping.begin = begin;
  mapping.end = end;
  const std::string_view may(permissions);
  mapping.is_candidate = inode != 0 && (may == "r-xp" || may == "r--p");
  return mapping;
}

int64_t Release(const Mapping& mapping) {
  // An anonymous page is one that was written: relocations, which are read-only by now but would be lost.
  if (!mapping.is_candidate || mapping.anonymous_kilobytes != 0 || mapping.resident_kilobytes == 0) return 0;
  void* begin = reinterpret_cast<void*>(mapping.begin);  // NOLINT: addresses come as numbers here.
  if (::madvise(begin, mapping.end - mapping.begin, MADV_DONTNEED) != 0) return 0;
  return mapping.resident_kilobytes * 1024;
}

}  // namespace

int64_t ReleaseStartupPages() {
  std::ifstream smaps("/proc/self/smaps");
  int64_t released = 0;
  Mapping mapping;
  for (std::string line; std::getline(smaps, line);) {
    if (line.empty()) continue;
    const bool is_head = !(line[0] >= 'A' && line[0] <= 'Z');
    if (is_head) {
      released += Release(mapping);
      mapping = ParseHead(line);
    } else if (line.starts_with("Rss:")) {
      mapping.resident_kilobytes = std::atoll(line.c_str() + 4);
    } else if (line.starts_with("Anonymous:")) {
      mapping.anonymous_kilobytes = std::atoll(line.c_str() + 10);
    }
  }
  return released + Release(mapping);
}

}  // namespace penstock
