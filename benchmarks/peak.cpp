#include "benchmarks/peak.hpp"

#include "benchmarks/method.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace limbflow::benchmarks {

double peak() {
#ifdef __AVX512F__
  constexpr std::size_t width = 8;
#elif defined(__AVX__)
  constexpr std::size_t width = 4;
#else
  constexpr std::size_t width = 2;
#endif
  using Vector [[gnu::vector_size(width * sizeof(double))]] = double;
  constexpr std::size_t chains = 12; // more than latency times issue width of any present core, and they fit the registers
  constexpr std::size_t rounds = 4'000'000;
  constexpr int tries = 7;
  double best = 0.0;
  for (int attempt = 0; attempt < tries; ++attempt) {
    std::array<Vector, chains> sums{};
    Vector factor = Vector{} + 0.999999, addend = Vector{} + 1e-6;
    const double begin = processor_seconds();
    for (std::size_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
      for (std::size_t i = 0; i < chains; ++i)
        sums[i] = sums[i] * factor + addend;
    }
    const double seconds = processor_seconds() - begin;
    for (Vector& sum : sums)
      asm volatile("" : : "m"(sum)); // the sums are wanted
    best = std::max(best, 2.0 * width * chains * static_cast<double>(rounds) / seconds * 1e-9);
  }
  return best;
}

} // namespace limbflow::benchmarks
