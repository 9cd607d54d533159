// What a sweep costs besides its runs.
#pragma once

#include <cstddef>
#include <string>

namespace limbflow::benchmarks {

/// A sweep of so many members, whose runs do nothing, in groups on two threads with progress and cancel asked for, into a file in a
/// directory (removed again). Answers processor time of all threads (s), that of writing alone (s), and the largest memory of the process (MiB).
std::string sweep_cost(std::size_t members, std::size_t summaries, const std::string& directory);

} // namespace limbflow::benchmarks
