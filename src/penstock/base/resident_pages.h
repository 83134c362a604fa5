#pragma once

#include <cstdint>

namespace penstock {

/// Gives back what is mapped of programs and libraries but was touched by the start alone (relocation, static
/// initialisation): clean pages of files, which come back from the page cache by a soft fault when they are
/// used. For servers that rest. Pages that this process changed are not touched. Answers the bytes that were
/// resident there. Linux only; 0 where /proc tells nothing. Cost: some milliseconds, one read of /proc.
int64_t ReleaseStartupPages();

}  // namespace penstock
